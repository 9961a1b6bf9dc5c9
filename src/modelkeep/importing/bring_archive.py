"""Brings an archive: its platforms and workspaces, what is in each, and at the end the comparison of all."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

from modelkeep.artifacts.stores import Stores
from modelkeep.core.clock import now_ms
from modelkeep.importing import verify
from modelkeep.importing.archive import Archive
from modelkeep.importing.archive_artifacts import bring_artifacts
from modelkeep.importing.archive_places import bring_platform, bring_workspace, choose, existing
from modelkeep.importing.archive_source import ArchiveSource
from modelkeep.importing.importer import Watcher as ImportWatcher
from modelkeep.importing.importer import bring, raise_it, refuse_clashes
from modelkeep.importing.journal import Journal, Target
from modelkeep.importing.records import Platform, Workspace
from modelkeep.importing.verify import Comparison
from modelkeep.storage.engine import Engine
from modelkeep.storage.transaction import Transaction


class Moved(NamedTuple):
    """A workspace whose artifacts are looked for under another number than they were."""

    platform: str
    workspace: str
    was: int
    now: int


class Brought(NamedTuple):
    """What came of it. `files` are those that were not there; None where artifacts were left."""

    comparison: Comparison | None
    files: int | None
    bytes: int
    moved: list[Moved]


class Watcher(ImportWatcher, verify.Watcher, Protocol):
    """Is told how the import and the comparison go on."""

    def entered(self, place: str) -> None: ...


class _Part(NamedTuple):
    workspace: Workspace
    target: Target
    source: ArchiveSource
    journal: Journal


async def bring_archive(
    engine: Engine,
    stores: Stores | None,
    archive: Archive,
    platform: str,
    workspace: str,
    watcher: Watcher,
    *,
    verify: bool,
) -> Brought:
    """Bring all of an archive or one place of it; artifacts where there are `stores` for them.

    Raises `NoSuchPlace`, `TakenName` and `Clash` before anything is written.
    """
    platforms, workspaces = choose(archive, platform, workspace)
    sources = _sources(archive, workspaces)
    for place, target in await engine.read(partial(_existing, workspaces)):
        if target is not None:
            await refuse_clashes(engine, target, sources[place.number])
    targets = await engine.write(partial(_bring_places, platforms, workspaces), raise_it)
    parts = []
    sizes: list[int] = []
    for place in workspaces:
        target, source = targets[place.number], sources[place.number]
        watcher.entered(f"{place.platform}/{place.key}")
        journal = await bring(engine, target, source, watcher)
        parts.append(_Part(place, target, source, journal))
    if stores is not None:
        for part in parts:
            watcher.entered(f"{part.workspace.platform}/{part.workspace.key}")
            sizes += await bring_artifacts(engine, stores, part.target, archive, part.workspace, part.journal, watcher)
    comparison = await _compare(engine, parts, watcher) if verify else None
    for part in parts:
        # Not before: one that is stopped later need not look through those before it again.
        await engine.write(partial(_finish, part.journal), raise_it)
    moved = [
        Moved(place.platform, place.key, place.number, target.workspace)
        for place, target, *_ in parts
        if place.number != target.workspace and stores is None
    ]
    return Brought(comparison, None if stores is None else len(sizes), sum(sizes), moved)


def _sources(archive: Archive, workspaces: Sequence[Workspace]) -> dict[int, ArchiveSource]:
    """By the workspace's old number. The first of each platform brings the registry."""
    registry: set[str] = set()
    found = {}
    for place in workspaces:
        first = place.platform not in registry
        registry.add(place.platform)
        found[place.number] = ArchiveSource(archive, place.platform, place.key, registry=first)
    return found


def _existing(workspaces: Sequence[Workspace], tx: Transaction) -> list[tuple[Workspace, Target | None]]:
    return existing(tx, workspaces)


def _bring_places(platforms: Sequence[Platform], workspaces: Sequence[Workspace], tx: Transaction) -> dict[int, Target]:
    for platform in platforms:
        bring_platform(tx, platform)
    return {place.number: bring_workspace(tx, place) for place in workspaces}


async def _compare(engine: Engine, parts: Sequence[_Part], watcher: Watcher) -> Comparison:
    comparisons = [await verify.compare(engine, part.target, part.source, watcher) for part in parts]
    return verify.together(comparisons)


def _finish(journal: Journal, tx: Transaction) -> None:
    journal.finish(tx, now_ms())
