"""One workspace of an archive as a source, and with the first of a platform its registry. A position is a line."""

from collections.abc import Iterator
from typing import Any, TypeVar

from modelkeep.importing.archive import Archive
from modelkeep.importing.archive_format import Series, count
from modelkeep.importing.records import Alias, Experiment, LoggedModel, Model, Point, Run, Version, Webhook
from modelkeep.importing.source import Batch, PointSum, added, number_of

T = TypeVar("T")

_AT_ONCE = {
    "experiments": 1_000,
    "runs": 200,
    "logged_models": 200,
    "models": 1_000,
    "versions": 1_000,
    "aliases": 1_000,
}
_POINTS_AT_ONCE = 20_000


class ArchiveSource:
    """The archive was looked through before, and stays the caller's to close."""

    def __init__(self, archive: Archive, platform: str, workspace: str, *, registry: bool) -> None:
        self.name = f"archive:{archive.key}"
        self._archive = archive
        self._platform = platform
        self._workspace = workspace
        self._registry = registry

    def experiments(self, after: str) -> Iterator[Batch[Experiment]]:
        return self._batches("experiments", after)

    def runs(self, after: str) -> Iterator[Batch[Run]]:
        return self._batches("runs", after)

    def points(self, after: str) -> Iterator[Batch[Point]]:
        for lines, found in self._together("points", after, _POINTS_AT_ONCE):
            yield Batch(str(lines), [point for series in found for point in _points(series)])

    def sums(self) -> Iterator[Batch[PointSum]]:
        return added(self.points(""))

    def logged_models(self, after: str) -> Iterator[Batch[LoggedModel]]:
        return self._batches("logged_models", after)

    def models(self, after: str) -> Iterator[Batch[Model]]:
        return self._batches("models", after)

    def versions(self, after: str) -> Iterator[Batch[Version]]:
        return self._batches("versions", after)

    def aliases(self, after: str) -> Iterator[Batch[Alias]]:
        return self._batches("aliases", after)

    def webhooks(self, after: str) -> Iterator[Batch[Webhook]]:
        """An archive has no secrets, and so none of them."""
        return iter(())

    def expected(self, kind: str) -> int | None:
        if kind == "webhooks":
            return 0
        return sum(member.records for member in self._archive.members(kind, *self._place(kind)))

    def left_out(self) -> dict[str, int]:
        return {}

    def close(self) -> None:
        return

    def _place(self, kind: str) -> tuple[str, str]:
        if kind in ("models", "versions", "aliases"):
            # No platform has this name, so where the registry is another's to bring, there are no members of it.
            return (self._platform, "") if self._registry else ("", "")
        return self._platform, self._workspace

    def _batches(self, kind: str, after: str) -> Iterator[Batch[Any]]:
        for lines, found in self._together(kind, after, _AT_ONCE[kind]):
            yield Batch(str(lines), found)

    def _together(self, kind: str, after: str, at_once: int) -> Iterator[tuple[int, list[Any]]]:
        """Records that together count about so many, and how many lines there are until after them."""
        position = int(after or 0)
        together: list[Any] = []
        counted = 0
        for member in self._archive.members(kind, *self._place(kind)):
            for record in self._archive.records(member, position):
                together.append(record)
                counted += count(record)
                if counted >= at_once:
                    position += len(together)
                    yield position, together
                    together, counted = [], 0
        if together:
            yield position + len(together), together


def _points(series: Series) -> Iterator[Point]:
    run, key, timestamps, steps, values = series
    for timestamp, step, value in zip(timestamps, steps, values, strict=True):
        yield run, key, timestamp, step, *number_of(float(value))
