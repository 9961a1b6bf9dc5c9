"""Writes the artifacts of a workspace to an archive, as its store has them."""

from collections.abc import AsyncIterator

from modelkeep.artifacts.paths import join
from modelkeep.artifacts.store import Replaced, Store
from modelkeep.artifacts.stores import Stores
from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.exchange import FileSpan
from modelkeep.exporting.archive_writer import ArchiveWriter
from modelkeep.exporting.exporter import Watcher
from modelkeep.importing.archive_format import KeptFile, artifact_name, workspace_folder
from modelkeep.importing.records import Workspace

_CHUNK = 1024 * 1024
_TRIES = 5


async def write_artifacts(stores: Stores, archive: ArchiveWriter, workspace: Workspace, watcher: Watcher) -> int:
    """Write all artifacts of a workspace and their list; how many bytes they have."""
    store = stores.workspace(workspace.number)
    watcher.entered(f"{workspace.platform}/{workspace.key}")
    watcher.began("artifacts", 0, None)
    kept: list[KeptFile] = []
    async for path in _files(store, ""):
        written = await _write_file(store, archive, workspace.number, path)
        if written is not None:
            kept.append(written)
            watcher.wrote("artifacts", len(kept))
    # Only now: a zip takes one member after the other.
    with archive.lines(workspace_folder(workspace.number), "files", workspace.platform, workspace.key) as lines:
        for file in kept:
            lines.write(file)
    watcher.ended("artifacts", len(kept))
    return sum(file.bytes for file in kept)


async def _files(store: Store, folder: str) -> AsyncIterator[str]:
    for found in await store.children(folder):
        path = join(folder, found.name)
        if found.size is not None:
            yield path
            continue
        async for below in _files(store, path):
            yield below


async def _write_file(store: Store, archive: ArchiveWriter, workspace: int, path: str) -> KeptFile | None:
    """None where it was deleted since it was listed."""
    for _ in range(_TRIES):
        try:
            held = await store.look(path)
            body = await store.read(path, held, 0, held.size)
        except Replaced:
            continue
        except ApiError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        return await archive.add_file(artifact_name(workspace, path), path, _chunks(body))
    raise Replaced


async def _chunks(body: bytes | FileSpan | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
    elif isinstance(body, FileSpan):
        with body.path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    else:
        async for chunk in body:
            yield chunk
