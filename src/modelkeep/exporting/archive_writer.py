"""Writes an archive member by member; nothing is held but what the zip's own list of contents needs."""

import hashlib
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from modelkeep import __version__
from modelkeep.core.clock import as_rfc3339, now_ms
from modelkeep.importing.archive_format import FORMAT, MANIFEST, KeptFile, Manifest, Member, fields, portable

_BUFFER = 256 * 1024
_LEVEL = 3
"""Of compression: the higher ones take twice the time for a tenth of the size."""
_encode = msgspec.json.Encoder().encode


class Lines:
    """An open member that takes records."""

    def __init__(self, member: zipfile.ZipFile, name: str) -> None:
        # Its size is not known before it is written.
        self._file = member.open(name, "w", force_zip64=True)
        self._digest = hashlib.sha256()
        self._buffer = bytearray()
        self.lines = self.records = self.bytes = 0

    def write(self, record: object, records: int = 1) -> None:
        """Write a record as one line, which counts as so many."""
        self._buffer += _encode(portable(record))
        self._buffer += b"\n"
        self.lines += 1
        self.records += records
        if len(self._buffer) > _BUFFER:
            self._flush()

    def _flush(self) -> None:
        self._digest.update(self._buffer)
        self._file.write(self._buffer)
        self.bytes += len(self._buffer)
        self._buffer.clear()

    def close(self) -> str:
        """End the member; its digest."""
        self._flush()
        self._file.close()
        return self._digest.hexdigest()


class ArchiveWriter:
    """An archive that is being written to a file, which is the caller's. `finish` makes it whole."""

    def __init__(self, file: BinaryIO, *, artifacts: bool) -> None:
        self._file = file
        self._artifacts = artifacts
        self._begin()

    def _begin(self) -> None:
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._members: list[Member] = []

    def begin_again(self) -> None:
        """Take away what is written."""
        self._zip.close()
        self._file.seek(0)
        self._file.truncate()
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # Unfinished, it would be closed when it is forgotten, and its file is closed by then.
        with suppress(OSError, ValueError):
            self._zip.close()

    @contextmanager
    def lines(self, folder: str, kind: str, platform: str = "", workspace: str = "") -> Iterator[Lines]:
        """A member for the records of one kind; `folder` is "" for what belongs to no place."""
        name = f"{folder}/{kind}.jsonl" if folder else f"{kind}.jsonl"
        lines = Lines(self._zip, name)
        try:
            yield lines
        finally:
            digest = lines.close()
        self._members.append(
            Member(
                name=name,
                kind=kind,
                platform=platform,
                workspace=workspace,
                lines=lines.lines,
                records=lines.records,
                bytes=lines.bytes,
                sha256=digest,
            )
        )

    async def add_file(self, name: str, path: str, chunks: AsyncIterator[bytes]) -> KeptFile:
        """Add an artifact as it is: most of them cannot be made smaller."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
            async for chunk in chunks:
                digest.update(chunk)
                member.write(chunk)
                size += len(chunk)
        return KeptFile(path, size, digest.hexdigest())

    def finish(self) -> None:
        """Write the manifest, and with it the end."""
        manifest = Manifest(
            format=FORMAT,
            modelkeep=__version__,
            made_at=as_rfc3339(now_ms()),
            artifacts=self._artifacts,
            fields=fields(),
            members=self._members,
        )
        self._zip.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        self._zip.close()
