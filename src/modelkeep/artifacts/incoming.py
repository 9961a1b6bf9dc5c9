"""Where files are written before they have their name: beside all roots, on the same file system, in no list.

A file gets its name by a rename once it is on the disk, so a crash leaves whole files and leftovers in this folder.
Leftovers are told from work of another server on the same folder by a lock that each file has while it is written.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from modelkeep.artifacts.store import below_file, is_folder
from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter, unavailable

UPLOAD_SECONDS = 24 * 60 * 60
"""How long an upload in parts may take; what is older is a leftover."""
_YOUNG_SECONDS = 60
_VIEW_SECONDS = 10
# Of the disk, or of the network before it; a file system that met such an error may be read-only from then on.
_TROUBLE = (errno.EIO, errno.EROFS, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ETIMEDOUT)
_FLUSH_BYTES = 64 * 1024 * 1024
"""Written and not yet on the disk: flushed while the next bytes arrive, rather than all at the end."""


class Incoming:
    """The folder. All of this waits for the disk, so it is called on a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def draft(self, folder: Path | None = None) -> "Draft":
        return Draft((folder or self.folder) / f"new-{secrets.token_hex(12)}")

    def view(self, path: Path) -> Path:
        """A second name of a file, which stays when the first is given to another: what is being sent stays whole.

        The HTTP server opens what it sends a moment later and does not say when, so names stay for a while.
        """
        name = self.folder / f"view-{time.time_ns():x}-{secrets.token_hex(8)}"
        try:
            os.link(path, name)
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                raise
            return path
        return name

    def drop_views(self) -> None:
        """Remove the second names that have served their time."""
        before = time.time_ns() - _VIEW_SECONDS * 1_000_000_000
        for path in self.folder.glob("view-*"):
            if int(path.name.split("-")[1], 16) < before:
                path.unlink(missing_ok=True)

    def discard(self, path: Path) -> None:
        """Take a file or folder out of its place at once, and then remove it."""
        away = self.folder / f"gone-{secrets.token_hex(12)}"
        try:
            path.rename(away)
        except (FileNotFoundError, NotADirectoryError):
            return
        sync_folder(path.parent)
        remove(away)

    def clean(self) -> None:
        """Remove what a crash has left, and uploads in parts that came to no end."""
        now = time.time()
        self.drop_views()
        self._drop("gone-", now)
        self._drop("upload-", now - UPLOAD_SECONDS)
        for path in (*self.folder.glob("new-*"), *self.folder.glob("upload-*/new-*")):
            _remove_unlocked(path, now - _YOUNG_SECONDS)

    def _drop(self, prefix: str, before: float) -> None:
        for path in self.folder.glob(f"{prefix}*"):
            with contextlib.suppress(FileNotFoundError):
                if path.lstat().st_mtime <= before:
                    remove(path)


class Draft:
    """A file without its name yet. Leaving the block without `publish` removes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unflushed = 0
        self.size = 0

    def __enter__(self) -> "Draft":
        with refusals(str(self.path)):
            self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def append(self, chunks: Iterable[bytes]) -> None:
        """Write chunks one after the other."""
        waiting = [memoryview(chunk) for chunk in chunks]
        with refusals("the upload"):
            while waiting:
                written = os.writev(self._file, waiting)
                self._count(written)
                while waiting and written >= len(waiting[0]):
                    written -= len(waiting.pop(0))
                if waiting:
                    waiting[0] = waiting[0][written:]

    def append_file(self, path: Path) -> None:
        """Write all of another file, within the kernel where it can."""
        with refusals("the upload"), path.open("rb") as source:
            while count := _copied(source.fileno(), self._file):
                self._count(count)

    def publish(self, target: Path, root: Path) -> str:
        """Give the file its name, durably: the file, then the name. Returns its etag."""
        with refusals(str(target.relative_to(root))):
            now = time.time_ns()
            # The kernel's own time of a write is that of its last tick, which two uploads can share.
            os.utime(self._file, ns=(now, now))
            os.fsync(self._file)
            make_folders(target.parent, root)
            etag = etag_of(os.fstat(self._file))
            self.path.replace(target)
            sync_folder(target.parent)
        return etag

    def close(self) -> None:
        os.close(self._file)
        self.path.unlink(missing_ok=True)

    def _count(self, written: int) -> None:
        self.size += written
        self._unflushed += written
        if self._unflushed >= _FLUSH_BYTES:
            os.fdatasync(self._file)
            self._unflushed = 0


def _copied(source: int, target: int) -> int:
    try:
        return os.copy_file_range(source, target, _FLUSH_BYTES)
    except OSError:
        return os.sendfile(target, source, None, _FLUSH_BYTES)


def etag_of(status: os.stat_result) -> str:
    """Changes with each upload: a file is never changed in place, and no two are written in one nanosecond."""
    return f'"{status.st_mtime_ns:x}-{status.st_size:x}"'


def make_folders(folder: Path, root: Path) -> None:
    """A folder and those above it, down from a root that is there; each durable before anything is put in it."""
    made = []
    while folder != root and not folder.is_dir():
        made.append(folder)
        folder = folder.parent
    for new in reversed(made):
        new.mkdir(exist_ok=True)
        sync_folder(new.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    with contextlib.suppress(FileNotFoundError):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove_unlocked(path: Path, before: float) -> None:
    with contextlib.suppress(OSError), path.open("rb") as file:
        if os.fstat(file.fileno()).st_mtime <= before:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


@contextlib.contextmanager
def refusals(path: str, *, reading: bool = False) -> Iterator[None]:
    """What the file system says, as an answer."""
    try:
        yield
    except IsADirectoryError:
        raise is_folder(path) from None
    except (NotADirectoryError, FileExistsError):
        raise below_file(path) from None
    except OSError as error:
        raise _refusal(path, error, reading) from error


def _refusal(path: str, error: OSError, reading: bool) -> ApiError | OSError:
    if error.errno == errno.ENAMETOOLONG:
        return invalid_parameter("path", f"'{path[:200]}' is longer than the file system takes.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return unavailable("The disk has no room for the artifact. Nothing was kept.")
    if error.errno in _TROUBLE and reading:
        return unavailable("The disk of the artifacts failed.")
    if error.errno in _TROUBLE:
        return unavailable("The disk of the artifacts failed. Whether this was done is not known: send it again.")
    if error.errno == errno.EFBIG:
        return ApiError(ErrorKind.PAYLOAD_TOO_LARGE, "The artifact is larger than the file system takes.")
    return error
