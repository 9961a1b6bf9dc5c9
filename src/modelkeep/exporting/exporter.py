"""Writes an archive: first all records, from one snapshot, then the artifacts.

In this order every artifact that the records know is there, but for those that are deleted meanwhile. Identities, their
tokens and grants, webhooks and other secrets are not written, nor the records of who wrote what.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from modelkeep.exporting import metric_series, registry_records, tracking_records
from modelkeep.exporting.archive_writer import ArchiveWriter
from modelkeep.exporting.places import Chosen, choose
from modelkeep.importing.archive_format import count, platform_folder, workspace_folder
from modelkeep.storage.transaction import Transaction

_OF_PLATFORM: dict[str, Callable[[Transaction, int, int | None], Iterator[Sequence[Any]]]] = {
    "models": registry_records.models,
    "versions": registry_records.versions,
    "aliases": registry_records.aliases,
}
_OF_WORKSPACE: dict[str, Callable[[Transaction, int], Iterator[Sequence[Any]]]] = {
    "experiments": tracking_records.experiments,
    "runs": tracking_records.runs,
    "points": metric_series.series,
    "logged_models": tracking_records.logged_models,
}


class Watcher(Protocol):
    """Is told how the export goes on."""

    def entered(self, place: str) -> None: ...
    def began(self, kind: str, done: int, expected: int | None) -> None: ...
    def wrote(self, kind: str, done: int) -> None: ...
    def ended(self, kind: str, done: int) -> None: ...


def write_records(tx: Transaction, archive: ArchiveWriter, platform: str, workspace: str, watcher: Watcher) -> Chosen:
    """Write the records of a server, a platform or a workspace; which ones these are. Raises `NoSuchPlace`."""
    chosen = choose(tx, platform, workspace)
    _write(archive, "", (), "platforms", [[record for _, record in chosen.platforms]], watcher)
    _write(archive, "", (), "workspaces", [chosen.workspaces], watcher)
    for row, record in chosen.platforms:
        watcher.entered(record.key)
        for kind, of_platform in _OF_PLATFORM.items():
            batches = of_platform(tx, row, chosen.home)
            _write(archive, platform_folder(row), (record.key,), kind, batches, watcher)
    for of in chosen.workspaces:
        watcher.entered(f"{of.platform}/{of.key}")
        for kind, of_workspace in _OF_WORKSPACE.items():
            batches = of_workspace(tx, of.number)
            _write(archive, workspace_folder(of.number), (of.platform, of.key), kind, batches, watcher)
    return chosen


def _write(
    archive: ArchiveWriter,
    folder: str,
    place: tuple[str, ...],
    kind: str,
    batches: Iterable[Sequence[Any]],
    watcher: Watcher,
) -> None:
    watcher.began(kind, 0, None)
    with archive.lines(folder, kind, *place) as lines:
        for batch in batches:
            for record in batch:
                lines.write(record, count(record))
            watcher.wrote(kind, lines.records)
    watcher.ended(kind, lines.records)
