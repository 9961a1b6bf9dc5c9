"""What every source can be asked for. Each gives its records in batches, so that memory does not grow with it."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from math import isnan
from operator import itemgetter
from typing import Generic, NamedTuple, Protocol, TypeVar

from modelkeep.importing.records import Alias, Experiment, LoggedModel, Model, Point, Run, Version, Webhook

T = TypeVar("T")

LARGE = 1e300
"""Infinity is kept as the largest number there is, of which two are too much to be added."""
LOCKED = "secrets of webhooks, which are disabled until they are given one"
"""How webhooks are counted whose secret the source does not tell."""
_SUMS_AT_ONCE = 500


class SourceUnusable(Exception):
    """The source cannot be read; the message is one line for the person who named it."""


class Batch(NamedTuple, Generic[T]):
    """Records that are written together, and where to go on after them."""

    position: str
    records: list[T]


class PointSum(NamedTuple):
    """The points of a run in numbers. Values that are too large to be added count as 0."""

    run: str
    points: int
    steps: float
    values: float


class Source(Protocol):
    """An MLflow, opened to be read. `after` is a position that it gave before, "" for the beginning."""

    name: str
    """How it is named to people, and known again when the import goes on: no password is in it."""

    def experiments(self, after: str) -> Iterator[Batch[Experiment]]: ...
    def runs(self, after: str) -> Iterator[Batch[Run]]: ...
    def points(self, after: str) -> Iterator[Batch[Point]]:
        """The history of all metrics. The points of a run come together; a position never lies within a run's."""
        ...

    def sums(self) -> Iterator[Batch[PointSum]]:
        """The points of each run that is there."""
        ...

    def logged_models(self, after: str) -> Iterator[Batch[LoggedModel]]: ...
    def models(self, after: str) -> Iterator[Batch[Model]]: ...
    def versions(self, after: str) -> Iterator[Batch[Version]]: ...
    def aliases(self, after: str) -> Iterator[Batch[Alias]]: ...
    def webhooks(self, after: str) -> Iterator[Batch[Webhook]]: ...

    def expected(self, kind: str) -> int | None:
        """How many records of a kind there are, where that costs little to know."""

    def left_out(self) -> dict[str, int]:
        """What there is besides, by kind: it is not imported."""

    def close(self) -> None: ...


def added(points: Iterable[Batch[Point]]) -> Iterator[Batch[PointSum]]:
    """The sums of points that come run by run."""
    together: list[PointSum] = []
    for run, of_run in groupby(chain.from_iterable(batch.records for batch in points), key=itemgetter(0)):
        count, steps, values = 0, 0.0, 0.0
        for _, _, _, step, value, _ in of_run:
            count += 1
            steps += step
            values += value if abs(value) < LARGE else 0.0
        together.append(PointSum(run, count, steps, values))
        if len(together) == _SUMS_AT_ONCE:
            yield Batch("", together)
            together = []
    if together:
        yield Batch("", together)


def number_of(value: float | None) -> tuple[float, int]:
    """A value as it is kept, and whether it is NaN, which some databases keep as NULL."""
    return (0.0, 1) if value is None or isnan(value) else (float(value), 0)
