"""Copies artifacts into the workspace's own root and rewrites the locations that name them.

What has its place already is not copied again, so that an import that was stopped goes on. A file that cannot be
copied stops nothing: its owner keeps its old location, and is named at the end.
"""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from obstore.exceptions import BaseError

from modelkeep.artifacts.paths import check_path, join
from modelkeep.artifacts.store import Store, StoreFailed
from modelkeep.artifacts.stores import Stores
from modelkeep.core.errors import ApiError
from modelkeep.importing import locations
from modelkeep.importing.importer import raise_it
from modelkeep.importing.journal import Journal, Target
from modelkeep.importing.origins import Found, Origin, Origins
from modelkeep.importing.records import LoggedModel, Run, Version
from modelkeep.importing.source import Batch, Source
from modelkeep.storage.engine import Engine
from modelkeep.storage.transaction import Transaction

_PROXY = "mlflow-artifacts:/"
_AT_ONCE = 8


class Copied:
    """What came of it."""

    def __init__(self) -> None:
        self.files = 0
        self.bytes = 0
        self.left: int = 0
        self.failed: list[str] = []


class Watcher(Protocol):
    """Is told how it goes on."""

    def began(self, kind: str, done: int, expected: int | None) -> None: ...
    def wrote(self, kind: str, done: int) -> None: ...
    def ended(self, kind: str, done: int) -> None: ...


class _Kind(NamedTuple):
    name: str
    read: Callable[[Source, str], Iterator[Batch[Any]]]
    place: Callable[[Any], str]
    """Where a record's artifacts go, below the workspace's root."""
    move: Callable[[Transaction, Target, Any, str], None]


_KINDS = (
    _Kind(
        "artifacts of runs",
        lambda source, after: source.runs(after),
        lambda run: f"{run.experiment}/{run.key}/artifacts",
        locations.move_run,
    ),
    _Kind(
        "artifacts of logged models",
        lambda source, after: source.logged_models(after),
        lambda model: f"{model.experiment}/models/{model.key}/artifacts",
        locations.move_logged_model,
    ),
    # Last: most versions are of a run or a logged model, and moved with it.
    _Kind(
        "artifacts of versions",
        lambda source, after: source.versions(after),
        lambda version: f"registered-models/{quote(version.model, safe='')}/{version.number}",
        locations.move_version,
    ),
)


async def copy_artifacts(
    engine: Engine, stores: Stores, target: Target, source: Source, origins: Origins, journal: Journal, watcher: Watcher
) -> Copied:
    """Copy everything that can be opened."""
    copied = Copied()
    store = stores.workspace(target.workspace)
    for kind in _KINDS:
        if kind.name in journal.progress.done:
            continue
        done = journal.progress.written.get(kind.name, 0)
        watcher.began(kind.name, done, None)
        for batch in kind.read(source, journal.progress.positions.get(kind.name, "")):
            for record in await engine.read(partial(locations.not_moved, target, batch.records)):
                await _copy_one(engine, store, target, origins, kind, record, copied)
            done += len(batch.records)
            await engine.write(partial(_note, journal, kind.name, batch.position, done), raise_it)
            watcher.wrote(kind.name, done)
        await engine.write(partial(_note_end, journal, kind.name), raise_it)
        watcher.ended(kind.name, done)
    for experiments in source.experiments(""):
        await engine.write(partial(locations.move_experiments, target, experiments.records), raise_it)
    return copied


async def _copy_one(
    engine: Engine,
    store: Store,
    target: Target,
    origins: Origins,
    kind: _Kind,
    record: Run | LoggedModel | Version,
    copied: Copied,
) -> None:
    place = kind.place(record)
    try:
        origin = origins.open(record.location)
        if origin is None:
            copied.left += 1
            return
        files = await origin.files()
        for start in range(0, len(files), _AT_ONCE):
            part = files[start : start + _AT_ONCE]
            sizes = await asyncio.gather(*(_copy_file(store, origin, place, file) for file in part))
            copied.files += len(sizes)
            copied.bytes += sum(sizes)
    except (OSError, ApiError, StoreFailed, BaseError, ValueError) as error:
        copied.failed.append(f"{record.location}: {' '.join(str(error).split())[:200]}")
        return
    await engine.write(lambda tx: kind.move(tx, target, record, _PROXY + place), raise_it)


async def _copy_file(store: Store, origin: Origin, place: str, file: Found) -> int:
    path = join(place, check_path(file.path))
    try:
        if (await store.look(path)).size == file.size:
            return file.size
    except ApiError:
        pass
    await store.write(path, file.size, origin.read(file.path))
    return file.size


def _note(journal: Journal, kind: str, position: str, done: int, tx: Transaction) -> None:
    journal.note(tx, kind, position, done)


def _note_end(journal: Journal, kind: str, tx: Transaction) -> None:
    journal.note_end(tx, kind)
