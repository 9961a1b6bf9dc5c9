"""A file system that fails when it is told to, under one server: a small library that is loaded before libc."""

import ctypes
import errno
import mmap
import shutil
import subprocess
from pathlib import Path

from tests.support.needs import lack

_SOURCE = Path(__file__).with_name("shim.c")


class _Control(ctypes.Structure):
    """As `struct control` of shim.c."""

    _fields_ = [
        (name, ctypes.c_int)
        for name in (
            "flushes_passed",
            "flush_failures",
            "flush_errno",
            "write_failures",
            "write_errno",
            "read_failures",
            "read_errno",
            "name_failures",
            "name_errno",
            "short_writes",
            "keep",
            "flushes_failed",
            "writes_failed",
            "reads_failed",
            "names_failed",
            "writes_shortened",
        )
    ]


class FailingFiles:
    """Files below a server whose path has `match` in it. `environment` is what the server has to be started with."""

    def __init__(self, home: Path, match: str) -> None:
        library = _compiled(home)
        path = home / "control"
        path.write_bytes(bytes(ctypes.sizeof(_Control)))
        with path.open("r+b") as file:
            self._control = _Control.from_buffer(mmap.mmap(file.fileno(), 0))
        self.environment = {"LD_PRELOAD": str(library), "FAULT_CONTROL": str(path), "FAULT_MATCH": match}

    def fail_flushes(self, count: int, error: int = errno.EIO, *, after: int = 0) -> None:
        """The next flushes fail, but for so many before them."""
        self._control.flush_errno = error
        self._control.flushes_passed = after
        self._control.flush_failures = count

    def fail_writes(self, count: int, error: int = errno.EIO) -> None:
        """The next writes fail."""
        self._control.write_errno = error
        self._control.write_failures = count

    def fail_reads(self, count: int, error: int = errno.EIO) -> None:
        """The next reads fail."""
        self._control.read_errno = error
        self._control.read_failures = count

    def fail_names(self, count: int, error: int = errno.EIO) -> None:
        """The next renames and lists of folders fail."""
        self._control.name_errno = error
        self._control.name_failures = count

    def shorten_writes(self, count: int) -> None:
        """Of the next writes only half is done."""
        self._control.short_writes = count

    def heal(self) -> None:
        """Nothing fails any more."""
        self._control.flush_failures = self._control.write_failures = self._control.short_writes = 0
        self._control.read_failures = self._control.name_failures = 0

    def keep_durable(self) -> None:
        """From now on, remember what is flushed. Call before the server makes its files."""
        self._control.keep = 1

    @property
    def injected(self) -> int:
        """How many calls have failed so far."""
        control = self._control
        failed = control.flushes_failed + control.writes_failed + control.reads_failed + control.names_failed
        return int(failed + control.writes_shortened)


def lose_what_was_not_flushed(data: Path) -> None:
    """What a power cut does at worst: every file has what its last flush found."""
    for path in data.glob("modelkeep.db*"):
        if not path.name.endswith(".durable"):
            path.unlink()
    for durable in data.glob("modelkeep.db*.durable"):
        durable.rename(durable.with_suffix(""))


def take_all_for_flushed(data: Path) -> None:
    """What stands in the files now is what a power cut leaves, until the next flush."""
    for path in data.glob("modelkeep.db*"):
        shutil.copy(path, f"{path}.durable")


def _compiled(home: Path) -> Path:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        lack("a C compiler is missing: apt-get install gcc")
    library = home / "shim.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, _SOURCE, "-ldl"], check=True
    )
    return library
