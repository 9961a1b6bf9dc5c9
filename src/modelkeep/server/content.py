"""Sends an answer of bytes through RSGI, and holds no more of it in memory than a few chunks.

Granian's own streams take all that they are given and keep what the client has not read yet: a slow client would have
this server hold a whole artifact. Its sending of files does not, so what comes from a cloud is sent as the file that
it is at the end of a pipe with a name.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from modelkeep.core.exchange import Content, FileSpan

_PIPE_BYTES = 1024 * 1024
_OPENING_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.0005
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", None)


async def send_content(protocol: Any, content: Content, request_id: str) -> None:
    """Send status, headers and bytes; returns when the last byte is handed over."""
    headers = [("opc-request-id", request_id), *content.headers]
    body = content.body
    if body is None or body == b"":
        protocol.response_empty(content.status, headers)
    elif isinstance(body, bytes):
        protocol.response_bytes(content.status, headers, body)
    elif isinstance(body, FileSpan):
        if content.status == 206:
            protocol.response_file_range(content.status, headers, str(body.path), body.start, body.stop)
        else:
            protocol.response_file(content.status, headers, str(body.path))
    else:
        await _send_chunks(protocol, content.status, headers, body)


async def _send_chunks(
    protocol: Any, status: int, headers: list[tuple[str, str]], chunks: AsyncIterator[bytes]
) -> None:
    with tempfile.TemporaryDirectory(prefix="modelkeep-") as folder:
        pipe = Path(folder) / "content"
        os.mkfifo(pipe, 0o600)
        protocol.response_file(status, headers, str(pipe))
        end = await _opened(pipe)
    if end is None:
        return
    try:
        if _SET_PIPE_SIZE is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(end, _SET_PIPE_SIZE, _PIPE_BYTES)
        async with contextlib.aclosing(chunks) as source:  # type: ignore[type-var]
            async for chunk in source:
                await _write(end, chunk)
    except BrokenPipeError:
        # The client is gone.
        return
    finally:
        os.close(end)


async def _opened(pipe: Path) -> int | None:
    """The end to write to, once Granian has opened the other; None where it never does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _OPENING_SECONDS
    while loop.time() < deadline:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    return None


async def _write(end: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        try:
            rest = rest[os.write(end, rest) :]
        except BlockingIOError:
            await _writable(end)


async def _writable(end: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(end, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_writer(end)
