"""Runs the real server as a process, the way an operator does."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self

_ANNOUNCED = re.compile(r"modelkeep serves .* at (?P<url>https?://\S+)")
_STOP_SECONDS = 20


class RunningServer:
    """`modelkeep serve` on a free port, from entering the block to leaving it."""

    def __init__(self, data: Path, *flags: str, environment: dict[str, str] | None = None) -> None:
        self.data = data
        self._flags = flags
        self._environment = {**os.environ, **(environment or {})}
        self.url = ""
        self.problems = b""
        """What it has written to standard error since it was first started."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.stop()

    def start(self, port: int = 0) -> None:
        """Start, and wait for the line that says where it serves."""
        self._launch(port)
        assert self.process.stderr is not None
        seen = b""
        for line in self.process.stderr:
            seen += line
            if match := _ANNOUNCED.search(line.decode()):
                self.url = match["url"]
                self.problems += seen
                # A pipe that nobody reads would stop the server once it is full.
                self._listener = threading.Thread(target=self._listen, args=(self.process.stderr,), daemon=True)
                self._listener.start()
                return
        raise AssertionError(f"the server did not start: {seen.decode()}")

    def start_and_kill(self, port: int, seconds: float) -> None:
        """Start, and end it as a power cut does after so long: before it serves, or as it begins to."""
        self._launch(port)
        assert self.process.stderr is not None
        self._listener = threading.Thread(target=self._listen, args=(self.process.stderr,), daemon=True)
        self._listener.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.kill()

    def _launch(self, port: int) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.log = self.data.with_name(f"{self.data.name}.log")
        command = [sys.executable, "-m", "modelkeep", "serve", "--data", str(self.data), "--port", str(port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self._flags],
                stdout=log,
                stderr=subprocess.PIPE,
                env=self._environment,
            )

    def _listen(self, problems: IO[bytes]) -> None:
        for line in problems:
            self.problems += line

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as an operator does; returns the exit code."""
        self.process.send_signal(number)
        return self._ended()

    @property
    def workers(self) -> list[int]:
        """The processes of a server that has several, without the one that watches over them."""
        return [
            int(process)
            for process in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def kill(self) -> None:
        """End it, and its workers, as a power cut does."""
        workers = self.workers if self.process.poll() is None else []
        self.process.kill()
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        self._ended()

    def _ended(self) -> int:
        code = self.process.wait(_STOP_SECONDS)
        self._listener.join(_STOP_SECONDS)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code
