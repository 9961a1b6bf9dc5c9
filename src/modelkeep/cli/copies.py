"""Copies of files that can be checked: each is listed with its size and digest, one JSON line a file."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from modelkeep.cli.failure import CommandFailed

_CHUNK = 1024 * 1024


class Copied(msgspec.Struct):
    """A file of a copy: its path below the copy's root, "/" between the parts."""

    path: str
    bytes: int
    sha256: str


def copy_file(source: Path, target: Path, path: str) -> Copied:
    """Copy a file with the time of its last change, reading it once. What stands in its place is replaced."""
    digest, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as read, target.open("wb") as written:
        while chunk := read.read(_CHUNK):
            digest.update(chunk)
            written.write(chunk)
            size += len(chunk)
        status = os.fstat(read.fileno())
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    return Copied(path, size, digest.hexdigest())


def is_copied(source: Path, target: Path) -> bool:
    """Whether a file's copy has its size and time."""
    try:
        copy = target.stat()
    except FileNotFoundError:
        return False
    status = source.stat()
    return (copy.st_size, copy.st_mtime_ns) == (status.st_size, status.st_mtime_ns)


def list_file(target: Path, path: str) -> Copied:
    """The line of a file that stands in a copy already."""
    with target.open("rb") as read:
        digest = hashlib.file_digest(read, "sha256")
    return Copied(path, target.stat().st_size, digest.hexdigest())


def files_below(folder: Path) -> Iterator[str]:
    """The files of a folder and of those in it; names that begin with a dot, and links, are left out."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from (f"{entry.name}/{below}" for below in files_below(Path(entry.path)))
        elif entry.is_file(follow_symlinks=False):
            yield entry.name


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to work in, given the name `target` once all of it is there; nothing is left where it fails."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CommandFailed(f"{str(target)!r} is not empty; name a folder that is new.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.mkdir(parents=True)
    except FileExistsError:
        raise CommandFailed(f"{str(partial)!r} is there, left of a copy that was killed; remove it.") from None
    except OSError as error:
        raise CommandFailed(f"{str(partial)!r} cannot be made: {error.strerror}.") from None
    try:
        yield partial
        os.sync()
        partial.replace(target)
        os.sync()
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """A file to write, given the name `target` once all of it is there; nothing is left where it fails."""
    if target.exists():
        raise CommandFailed(f"{str(target)!r} is there already; name a file that is new.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        with partial.open("xb"):
            pass
    except FileExistsError:
        raise CommandFailed(f"{str(partial)!r} is there, left of a command that was killed; remove it.") from None
    except OSError as error:
        raise CommandFailed(f"{str(partial)!r} cannot be made: {error.strerror}.") from None
    try:
        yield partial
        os.sync()
        partial.replace(target)
        os.sync()
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
