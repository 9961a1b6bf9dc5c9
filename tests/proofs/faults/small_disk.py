"""A disk that is soon full: a file system of a few MiB in memory."""

import contextlib
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support.needs import lack

_MIB = 1024 * 1024


class SmallDisk:
    """A mounted file system. `fill` leaves no room, `empty` gives it back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self, leaving: int = 0) -> None:
        """Take all room but so many bytes."""
        with self._filler.open("ab", buffering=0) as filler:
            for size in (_MIB, 4096, 1):
                with contextlib.suppress(OSError):
                    while filler.write(bytes(size)) == size:
                        pass
        if leaving:
            os.truncate(self._filler, self._filler.stat().st_size - leaving)

    def fill_with_names(self) -> None:
        """Leave room for bytes but for no more files and folders."""
        folder = self.path / "names"
        folder.mkdir()
        with contextlib.suppress(OSError):
            for number in itertools.count():
                (folder / str(number)).touch()

    def empty(self) -> None:
        self._filler.unlink(missing_ok=True)
        shutil.rmtree(self.path / "names", ignore_errors=True)


@contextlib.contextmanager
def small_disk(path: Path, mib: int, names: int = 400) -> Iterator[SmallDisk]:
    """Mount one with room for so many MiB and files; where that is not allowed there is no test."""
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}m,nr_inodes={names},mode=1777", "tmpfs", path],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        lack(f"nothing can be mounted here: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "-l", path], check=True)
