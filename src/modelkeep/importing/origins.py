"""Where the artifacts of a source are, opened to be read: folders, clouds, and the server that hands out its own."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from modelkeep.artifacts.paths import join
from modelkeep.importing.rest import Rest
from modelkeep.importing.server_source import ServerSource
from modelkeep.importing.source import Source, SourceUnusable

_CLOUDS = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
_CHUNK = 1024 * 1024


class Found(NamedTuple):
    """A file below a location."""

    path: str
    size: int


class Origin(Protocol):
    """One location, such as that of a run."""

    async def files(self) -> list[Found]:
        """All files in it; none where nothing was ever kept there."""

    def read(self, path: str) -> AsyncIterator[bytes]:
        """The bytes of one of them."""


class Origins:
    """Opens locations of a source. `proxied` is where its server keeps what is at `mlflow-artifacts:`."""

    def __init__(self, source: Source, proxied: str) -> None:
        self._rest = source.rest if isinstance(source, ServerSource) else None
        self._proxied = proxied.rstrip("/")

    def open(self, location: str) -> Origin | None:
        """None where this kind of place is not known here: its artifacts stay."""
        url = urlsplit(location)
        if url.scheme == "mlflow-artifacts":
            path = unquote(url.path).strip("/")
            if self._proxied:
                return self.open(f"{self._proxied}/{path}")
            if self._rest is None:
                raise SourceUnusable(
                    f"Artifacts are at {location}, in the keeping of the old server: name by --artifacts-from where it "
                    "has them (its --artifacts-destination), or import from the server itself."
                )
            return _ServerFiles(self._rest, path)
        if url.scheme in _CLOUDS:
            return _CloudFiles(location)
        if url.scheme in ("", "file"):
            return _LocalFiles(Path(unquote(url.path) if url.scheme else location))
        return None


class _LocalFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def files(self) -> list[Found]:
        return await asyncio.to_thread(self._files)

    def _files(self) -> list[Found]:
        found = []
        # A run that kept nothing has no folder, but its experiment has; else they are on another machine.
        around = (self._folder, *self._folder.parents[:3])
        if not any(folder.is_dir() for folder in around if folder != Path(folder.anchor)):
            raise FileNotFoundError("there is no such folder on this machine")
        for parent, _, names in os.walk(self._folder):
            for name in names:
                path = Path(parent, name)
                if not path.is_symlink():
                    found.append(Found(path.relative_to(self._folder).as_posix(), path.stat().st_size))
        return sorted(found)

    async def read(self, path: str) -> AsyncIterator[bytes]:
        with (self._folder / path).open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk


_SILENT_SECONDS = 60


class _CloudFiles:
    def __init__(self, location: str) -> None:
        from modelkeep.artifacts.cloud import open_bucket

        self._bucket, self._prefix = open_bucket(location, dict(os.environ), _SILENT_SECONDS)

    async def files(self) -> list[Found]:
        import obstore

        found = []
        cut = len(self._prefix) + 1 if self._prefix else 0
        async for metas in obstore.list(self._bucket, self._prefix or None, chunk_size=1_000):
            found += [Found(meta["path"][cut:], meta["size"]) for meta in metas]
        return sorted(found)

    async def read(self, path: str) -> AsyncIterator[bytes]:
        import obstore

        found = await obstore.get_async(self._bucket, join(self._prefix, path))
        async for chunk in found.stream(min_chunk_size=_CHUNK):
            yield bytes(chunk)


class _ServerFiles:
    def __init__(self, rest: Rest, folder: str) -> None:
        self._rest = rest
        self._folder = folder

    async def files(self) -> list[Found]:
        return await asyncio.to_thread(lambda: sorted(self._below("")))

    def _below(self, path: str) -> Iterator[Found]:
        for item in self._rest.get("mlflow-artifacts/artifacts", path=join(self._folder, path)).get("files", []):
            inner = join(path, item["path"].rpartition("/")[2])
            if item.get("is_dir"):
                yield from self._below(inner)
            else:
                yield Found(inner, int(item.get("file_size", 0)))

    async def read(self, path: str) -> AsyncIterator[bytes]:
        chunks = self._rest.file(join(self._folder, path))
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk
