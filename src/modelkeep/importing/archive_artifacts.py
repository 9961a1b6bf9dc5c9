"""Brings the artifacts of a workspace of an archive into its root here, where the records say they are."""

from collections.abc import AsyncIterator

from modelkeep.artifacts.paths import check_path
from modelkeep.artifacts.store import Store
from modelkeep.artifacts.stores import Stores
from modelkeep.core.errors import ApiError
from modelkeep.importing.archive import Archive
from modelkeep.importing.archive_format import KeptFile, artifact_name
from modelkeep.importing.importer import Watcher, raise_it
from modelkeep.importing.journal import Journal, Target
from modelkeep.importing.records import Workspace
from modelkeep.storage.engine import Engine

_KIND = "artifacts"
_NOTED_EVERY = 50


async def bring_artifacts(
    engine: Engine,
    stores: Stores,
    target: Target,
    archive: Archive,
    workspace: Workspace,
    journal: Journal,
    watcher: Watcher,
) -> list[int]:
    """Bring all files that are not there in their size; the sizes of those that were written."""
    written: list[int] = []
    if _KIND in journal.progress.done:
        return written
    done = journal.progress.written.get(_KIND, 0)
    store = stores.workspace(target.workspace)
    members = archive.members("files", workspace.platform, workspace.key)
    watcher.began(_KIND, done, sum(member.records for member in members))
    for member in members:
        for file in archive.records(member, done):
            if await _bring(store, archive, workspace.number, file):
                written.append(file.bytes)
            done += 1
            if done % _NOTED_EVERY == 0:
                await engine.write(lambda tx: journal.note(tx, _KIND, "", done), raise_it)  # noqa: B023 - awaited here
            watcher.wrote(_KIND, done)
    await engine.write(lambda tx: journal.note_end(tx, _KIND), raise_it)
    watcher.ended(_KIND, done)
    return written


async def _bring(store: Store, archive: Archive, number: int, file: KeptFile) -> bool:
    """Whether it had to be written."""
    path = check_path(file.path)
    try:
        if (await store.look(path)).size == file.bytes:
            return False
    except ApiError:
        pass
    await store.write(path, file.bytes, _chunks(archive, artifact_name(number, file.path)))
    return True


async def _chunks(archive: Archive, name: str) -> AsyncIterator[bytes]:
    for chunk in archive.chunks(name):
        yield chunk
