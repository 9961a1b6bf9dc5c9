"""The data directory and the disk under it: permissions, room, and how long it takes until bytes are there for good."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from modelkeep.core.settings import Settings
from modelkeep.server.doctor.findings import Finding, error, ok, warning

_MIB = 1024 * 1024
_LITTLE_BYTES, _LITTLE_SHARE = 1024 * _MIB, 0.05
_NO_BYTES = 100 * _MIB
_FLUSHES, _FLUSH_BYTES = 20, 4096
_SLOW_MS = 20.0
_SHARED = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "lustre")
_VOLATILE = ("tmpfs", "ramfs")
_OTHERS, _OTHERS_WRITE = 0o077, 0o022


def examine_directory(settings: Settings) -> Iterator[Finding]:
    """The data directory. One that is not there yet is made by the first start, where that may."""
    data = settings.data
    if not data.exists():
        parent = next(folder for folder in data.absolute().parents if folder.exists())
        if os.access(parent, os.W_OK):
            yield ok("data directory", f"{data} is not there yet; the first start makes it.")
        else:
            yield error(
                "data directory", f"{data} is not there and cannot be made.", f"Let this user write to {parent}."
            )
        return
    if not data.is_dir() or not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        yield error("data directory", f"{data} cannot be written.", f"chown -R {os.geteuid()} {data}")
        return
    yield _permissions(data)
    yield from _room(data)
    yield _flush(data, settings)


def _permissions(data: Path) -> Finding:
    status = data.stat()
    mode = status.st_mode & 0o777
    if mode & _OTHERS_WRITE:
        return error("data directory", f"{data} has mode {mode:04o}: others may change it.", f"chmod 700 {data}")
    open_files = [file.name for file in data.iterdir() if file.is_file() and file.stat().st_mode & _OTHERS]
    if mode & _OTHERS and open_files:
        named = ", ".join(sorted(open_files)[:3])
        return warning(
            "data directory",
            f"{data} has mode {mode:04o}: others on this machine may read {named}, with all that is kept.",
            f"chmod 700 {data}",
        )
    return ok("data directory", f"{data} belongs to user {status.st_uid}, mode {mode:04o}.")


def _room(data: Path) -> Iterator[Finding]:
    usage = shutil.disk_usage(data)
    found = f"{usage.free / _MIB:,.0f} MiB of {usage.total / _MIB:,.0f} MiB are free."
    advice = "Make room: a full disk refuses writes, and goes on by itself when there is room."
    if usage.free < _NO_BYTES:
        yield error("disk space", found, advice)
    elif usage.free < min(_LITTLE_BYTES, usage.total * _LITTLE_SHARE):
        yield warning("disk space", found, advice)
    else:
        yield ok("disk space", found)
    files = os.statvfs(data)
    if files.f_files and files.f_favail < files.f_files * _LITTLE_SHARE:
        yield warning("disk space", f"{files.f_favail:,} more files fit.", "Remove files, or use another file system.")


def _flush(data: Path, settings: Settings) -> Finding:
    """SQLite's locks are not to be trusted on a network's file system, nor is memory a disk."""
    kind = _file_system(data)
    if kind in _SHARED and not settings.database:
        return error(
            "disk",
            f"The database would be on {kind}, whose locks and flushes SQLite cannot rely on.",
            "Use a disk of this machine, or PostgreSQL.",
        )
    if kind in _VOLATILE:
        return warning("disk", f"{data} is on {kind}: all of it is gone after a restart.", "Use a disk.")
    try:
        took = _measure_flush(data)
    except OSError as problem:
        return error("disk", f"A file cannot be written and flushed: {problem.strerror}.", "Look at the disk.")
    found = f"A flush takes {took:.2f} ms (median of {_FLUSHES}, {kind or 'unknown file system'})."
    if took > _SLOW_MS:
        return warning("disk", found, "Each group of writes waits for one: a faster disk makes writes faster.")
    return ok("disk", found)


def _measure_flush(data: Path) -> float:
    """Milliseconds that it takes to have a page on the disk for good."""
    times = []
    with tempfile.TemporaryFile(dir=data) as file:
        for _ in range(_FLUSHES):
            file.write(os.urandom(_FLUSH_BYTES))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1_000)
    return statistics.median(times)


def _file_system(data: Path) -> str:
    """The kind of the file system that a folder is on, "" where that is not told."""
    folder = str(data.resolve())
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return ""
    over = [
        (point, kind) for _, point, kind, *_ in mounts if folder == point or folder.startswith(point.rstrip("/") + "/")
    ]
    return max(over, key=lambda found: len(found[0]), default=("", ""))[1]
