"""The access log: one JSON line a request, written in batches so that no request waits for it."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from time import time as clock

import msgspec

_FLUSH_SECONDS = 0.05
_FLUSH_LINES = 512

_encode = msgspec.json.Encoder().encode


class Entry(msgspec.Struct):
    """One line. `time` is that of the answer, `ms` from the request's arrival to it."""

    method: str
    path: str
    client: str
    request_id: str = ""
    operation: str = ""
    principal: str = ""
    status: int = 0
    ms: float = 0.0
    time: str = ""
    platform: str = ""
    workspace: str = ""
    trace: str | msgspec.UnsetType = msgspec.UNSET
    """The id of its trace, where traces are made."""


class AccessLog:
    """Collects lines and writes them out together. Off, it costs one call a request."""

    def __init__(self, *, enabled: bool, target: int | None = None) -> None:
        self._enabled = enabled
        self._target = sys.stdout.fileno() if target is None and enabled else target
        self._lines: list[tuple[float, Entry]] = []
        self._flush_due: asyncio.TimerHandle | None = None

    def write(self, entry: Entry) -> None:
        """Take a finished entry."""
        if not self._enabled:
            return
        self._lines.append((clock(), entry))
        if self._flush_due is None:
            self._flush_due = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        elif len(self._lines) >= _FLUSH_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what is there."""
        if self._flush_due is not None:
            self._flush_due.cancel()
            self._flush_due = None
        lines, self._lines = self._lines, []
        if not lines or self._target is None:
            return
        text, known, stamp = bytearray(), 0, ""
        for at, entry in lines:
            second = int(at)
            if second != known:
                known, stamp = second, datetime.fromtimestamp(second, tz=UTC).isoformat()
            entry.time = f"{stamp[:-6]}.{int((at - second) * 1000):03}{stamp[-6:]}"
            entry.ms = round(entry.ms, 3)
            text += _encode(entry)
            text += b"\n"
        _write_all(self._target, text)


def _write_all(target: int, text: bytearray) -> None:
    """A reader of the log that has gone away must not take the server with it."""
    view = memoryview(text)
    try:
        while view:
            view = view[os.write(target, view) :]
    except OSError:
        return
