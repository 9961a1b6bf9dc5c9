"""An archive that `modelkeep export` made, opened to be read and looked through before anything is written."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec

from modelkeep.importing.archive_format import (
    FORMAT,
    KINDS,
    MANIFEST,
    Claim,
    KeptFile,
    Manifest,
    Member,
    artifact_name,
    restored,
)
from modelkeep.importing.records import Platform, Workspace
from modelkeep.importing.source import SourceUnusable

_CHUNK = 1024 * 1024
# What a zip whose bytes are not what they were makes Python's library raise.
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError, ValueError)
_BEGINNING = b"PK\x03\x04"


class Watcher(Protocol):
    """Is told how far the archive is looked through, in bytes."""

    def began(self, kind: str, done: int, expected: int | None) -> None: ...
    def wrote(self, kind: str, done: int) -> None: ...


class Archive:
    """Raises `SourceUnusable` for what is none, is not whole, or is of a later release."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = _opened(path)
        try:
            content = self._zip.read(MANIFEST)
            claim = msgspec.json.decode(content, type=Claim)
            if claim.format > FORMAT:
                raise SourceUnusable(
                    f"{str(path)!r} is an archive of a later release, {claim.modelkeep}: its format is {claim.format}, "
                    f"this release reads {FORMAT}."
                )
            self._manifest = msgspec.json.decode(content, type=Manifest)
        except KeyError:
            self.close()
            raise SourceUnusable(f"{str(path)!r} is no archive that `modelkeep export` made.") from None
        except (*_DAMAGES, msgspec.MsgspecError):
            self.close()
            raise self._damaged(MANIFEST) from None
        except SourceUnusable:
            self.close()
            raise
        self.key = hashlib.sha256(content).hexdigest()[:32]
        """What tells it from all other archives, whatever its name."""

    @property
    def has_artifacts(self) -> bool:
        return self._manifest.artifacts

    def close(self) -> None:
        self._zip.close()

    def platforms(self) -> list[Platform]:
        """All that are in it."""
        return [record for member in self.members("platforms") for record in self.records(member, 0)]

    def workspaces(self) -> list[Workspace]:
        """The same, in the order in which they were made."""
        return [record for member in self.members("workspaces") for record in self.records(member, 0)]

    def members(self, kind: str, platform: str = "", workspace: str = "") -> list[Member]:
        """The members that have records of this kind for this place."""
        wanted = (kind, platform, workspace)
        return [
            member for member in self._manifest.members if (member.kind, member.platform, member.workspace) == wanted
        ]

    def unknown(self) -> dict[str, int]:
        """How many records there are of kinds that this release does not know."""
        found: dict[str, int] = {}
        for member in self._manifest.members:
            if member.kind not in KINDS:
                found[member.kind] = found.get(member.kind, 0) + member.records
        return found

    def records(self, member: Member, after: int) -> Iterator[Any]:
        """The records after so many lines."""
        decode = _decoder(member.kind).decode
        with self._reading(member.name) as file:
            lines = BufferedReader(cast("Any", file), _CHUNK)
            for line in islice(lines, after, None):
                yield restored(decode(line))

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member."""
        with self._reading(name) as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def check(self, *, artifacts: bool, watcher: Watcher) -> None:
        """Read all of it, with or without the artifacts, and compare sizes and digests."""
        files = [
            (workspace.number, member)
            for workspace in (self.workspaces() if artifacts else [])
            for member in self.members("files", workspace.platform, workspace.key)
        ]
        expected = sum(member.bytes for member in self._manifest.members)
        expected += sum(file.bytes for _, member in files for file in self.records(member, 0))
        watcher.began("bytes of the archive", 0, expected)
        done = 0
        for member in self._manifest.members:
            done += self._check(member.name, member.bytes, member.sha256)
            watcher.wrote("bytes of the archive", done)
        for number, member in files:
            for file in cast("Iterator[KeptFile]", self.records(member, 0)):
                done += self._check(artifact_name(number, file.path), file.bytes, file.sha256)
                watcher.wrote("bytes of the archive", done)

    def _check(self, name: str, size: int, sha256: str) -> int:
        digest, count = hashlib.sha256(), 0
        for chunk in self.chunks(name):
            digest.update(chunk)
            count += len(chunk)
        if (count, digest.hexdigest()) != (size, sha256):
            raise self._damaged(name)
        return count

    @contextmanager
    def _reading(self, name: str) -> Iterator[Any]:
        try:
            with self._zip.open(name) as file:
                yield file
        except (*_DAMAGES, msgspec.MsgspecError):
            raise self._damaged(name) from None
        except OSError as error:
            raise SourceUnusable(f"{str(self.path)!r} cannot be read: {error.strerror}.") from None

    def _damaged(self, name: str) -> SourceUnusable:
        return SourceUnusable(f"{str(self.path)!r} is damaged: {name!r} in it is not what it was.")


def _opened(path: Path) -> zipfile.ZipFile:
    if not path.is_file():
        raise SourceUnusable(f"There is no file {str(path)!r}.")
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise SourceUnusable(f"{str(path)!r} cannot be read: {error.strerror}.") from None
    except _DAMAGES:
        with path.open("rb") as file:
            begins = file.read(len(_BEGINNING)) == _BEGINNING
    if begins:
        raise SourceUnusable(f"{str(path)!r} is cut off or damaged: its list of contents, at its end, is not there.")
    raise SourceUnusable(f"{str(path)!r} is no archive that `modelkeep export` made.")


@cache
def _decoder(kind: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(KINDS[kind])
