"""A data directory: the name of the database in it, and the lock by which one process alone serves it.

The lock is advisory; its file says how to reach the process.
"""

import fcntl
import os
import time
from pathlib import Path

import msgspec

from modelkeep.storage.errors import DataDirectoryError

DATABASE_NAME = "modelkeep.db"
_LOCK_NAME = "modelkeep.lock"
# A killed server's lock is gone with it, though not always by the time its successor starts.
_PATIENCE_SECONDS = 2.0


class Holder(msgspec.Struct):
    """Who serves a data directory: for those who find it taken."""

    pid: int
    url: str = ""
    certificate: str = ""
    secret: str = ""
    """Opens the server to the commands of whoever may read this file: the owner of the directory."""


class DirectoryLock:
    """Holds a data directory from construction to `release`; raises `DataDirectoryError` if it cannot."""

    def __init__(self, directory: Path, patience: float = _PATIENCE_SECONDS) -> None:
        self._path = directory / _LOCK_NAME
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.fchmod(self._file, 0o600)
        except OSError as error:
            raise DataDirectoryError(
                f"The data directory {str(directory)!r} cannot be written: {error.strerror}."
            ) from None
        try:
            self._take(directory, time.monotonic() + patience)
        except BaseException:
            os.close(self._file)
            raise

    def _take(self, directory: Path, deadline: float) -> None:
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = holder_of(directory)
                    who = f"process {holder.pid}" if holder else "another process"
                    raise DataDirectoryError(
                        f"The data directory {str(directory)!r} is already served by {who}."
                    ) from None
                time.sleep(0.02)
        self.announce(Holder(pid=os.getpid()))

    def announce(self, holder: Holder) -> None:
        """Write down how to reach the process that holds the directory."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, msgspec.json.encode(holder), 0)

    def release(self) -> None:
        os.close(self._file)


def holder_of(directory: Path) -> Holder | None:
    """What the lock file of this directory says, whether or not its writer still lives."""
    try:
        return msgspec.json.decode((directory / _LOCK_NAME).read_bytes(), type=Holder)
    except (OSError, msgspec.MsgspecError):
        return None
