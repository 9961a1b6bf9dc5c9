"""What a server counts: cells of memory that a request adds to, and that another process can read.

Several server processes each have a file of cells, so whichever is asked adds all of them up. A process that dies
leaves what it counted, and the one in its place goes on from there. Adding to a cell costs less than a lock would.
"""

import json
import mmap
import os
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import unpack_from
from typing import NamedTuple

_CELLS = 131_072
# The first cells take what there is no room for, and are read by nobody.
_SCRATCH = 16
_CELL_BYTES = 8

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of durations."""
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
"""Upper bounds of the buckets of groups of writes."""

REQUESTS, GROUPS, COMMITS = "requests", "groups", "commits"


class Series(NamedTuple):
    """One row of figures: for buckets, the sum and then the count of each bucket, the last without a bound."""

    name: str
    labels: tuple[str, ...]


class _Sampled(NamedTuple):
    """A number that is kept elsewhere and copied here. What a process before this one had counted is added to it."""

    cell: int
    read: Callable[[], float]
    before: float


class Figures:
    """One process's cells; in files where there are several processes. Belongs to the thread of the event loop."""

    def __init__(self, directory: Path | None = None, worker: int = 0) -> None:
        self._directory = directory
        self._worker = worker
        self._free = _SCRATCH
        self._series: dict[Series, tuple[int, int]] = {}
        self._sampled: list[_Sampled] = []
        self._by_request: dict[tuple[str, int], int] = {}
        self._cells = self._open()
        self._groups = self._slot(Series(GROUPS, ()), len(SIZES) + 2)
        self._commits = self._slot(Series(COMMITS, ()), len(SECONDS) + 2)

    def request(self, operation: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        at = self._by_request.get((operation, status))
        if at is None:
            series = Series(REQUESTS, (operation, str(status)))
            at = self._by_request[operation, status] = self._slot(series, len(SECONDS) + 2)
        cells = self._cells
        cells[at] += seconds
        cells[at + 1 + bisect_left(SECONDS, seconds)] += 1.0

    def commit(self, writes: int, seconds: float) -> None:
        """Count a group of writes that shared a commit, and how long that took."""
        cells = self._cells
        cells[self._groups] += writes
        cells[self._groups + 1 + bisect_left(SIZES, writes)] += 1.0
        cells[self._commits] += seconds
        cells[self._commits + 1 + bisect_left(SECONDS, seconds)] += 1.0

    def counter(self, name: str, read: Callable[[], float], *labels: str) -> None:
        """A number that only grows, read when somebody asks."""
        self._sample(name, read, labels, counts=True)

    def gauge(self, name: str, read: Callable[[], float], *labels: str) -> None:
        """A number as it is now."""
        self._sample(name, read, labels, counts=False)

    def sample(self) -> None:
        """Copy the numbers that are kept elsewhere. Done every second where another process may ask for them."""
        for cell, read, before in self._sampled:
            self._cells[cell] = before + read()

    @property
    def shared(self) -> bool:
        """Whether other processes read it."""
        return self._directory is not None

    def totals(self) -> dict[Series, list[float]]:
        """What all processes have counted, added up."""
        self.sample()
        if self._directory is None:
            return {series: list(self._cells[at : at + width]) for series, (at, width) in self._series.items()}
        totals: dict[Series, list[float]] = {}
        for names in sorted(self._directory.glob("*.names")):
            cells = names.with_suffix(".cells").read_bytes()
            for series, at, width in _read_names(names):
                values = unpack_from(f"{width}d", cells, at * _CELL_BYTES)
                known = totals.setdefault(series, [0.0] * width)
                totals[series] = [one + other for one, other in zip(known, values, strict=True)]
        return totals

    def processes(self) -> dict[str, int]:
        """Process ids of those that serve, by the number of the worker."""
        if self._directory is None:
            return {str(self._worker): os.getpid()}
        return {file.stem: int(file.read_text() or 0) for file in sorted(self._directory.glob("*.pid"))}

    def _open(self) -> "memoryview[float]":
        if self._directory is None:
            return memoryview(mmap.mmap(-1, _CELLS * _CELL_BYTES)).cast("d")
        stem = self._directory / str(self._worker)
        self._names = stem.with_suffix(".names")
        self._names.touch()
        for series, at, width in _read_names(self._names):
            self._series[series] = (at, width)
            self._free = max(self._free, at + width)
        stem.with_suffix(".pid").write_text(str(os.getpid()))
        with stem.with_suffix(".cells").open("a+b") as file:
            file.truncate(_CELLS * _CELL_BYTES)
            return memoryview(mmap.mmap(file.fileno(), 0)).cast("d")

    def _slot(self, series: Series, width: int) -> int:
        known = self._series.get(series)
        if known is not None:
            return known[0]
        if self._free + width > _CELLS:
            # Nobody is kept from an answer by what is only counted.
            return 0
        at, self._free = self._free, self._free + width
        self._series[series] = (at, width)
        if self._directory is not None:
            with self._names.open("a") as names:
                names.write(json.dumps([series.name, series.labels, at, width]) + "\n")
        return at

    def _sample(self, name: str, read: Callable[[], float], labels: tuple[str, ...], *, counts: bool) -> None:
        cell = self._slot(Series(name, labels), 1)
        self._sampled.append(_Sampled(cell, read, self._cells[cell] if counts else 0.0))


def _read_names(file: Path) -> Iterator[tuple[Series, int, int]]:
    for line in file.read_text().splitlines():
        try:
            name, labels, at, width = json.loads(line)
        except ValueError:
            # The last line, while it is being written.
            return
        yield Series(name, tuple(labels)), at, width
