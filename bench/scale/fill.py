"""Fills a database with a share of the records, by the statements that an import uses: no server may run on it."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from bench.scale import models, runs
from bench.scale.volume import METRICS_A_RUN, TAGS_A_VERSION, Volume
from modelkeep.artifacts.stores import Stores
from modelkeep.core.settings import Settings
from modelkeep.importing.importer import KINDS, raise_it
from modelkeep.importing.journal import Target, find_target
from modelkeep.registry.platforms import DEFAULT_PLATFORM
from modelkeep.registry.workspaces import DEFAULT_WORKSPACE
from modelkeep.server.application import Application
from modelkeep.storage.engine import Engine

Write = Callable[..., None]
# Rows in one transaction: enough that its flush costs nothing, and few enough to be held in memory.
_ROWS_AT_ONCE = 60_000


class Records(NamedTuple):
    """One kind of record, and how many rows of the database one of them is."""

    kind: str
    make: Callable[[Volume, Volume], Iterator[Any]]
    rows: int


_RUN_ROWS = 1 + 5 + 3 + METRICS_A_RUN + 2
RECORDS = (
    Records("experiments", runs.experiments, 2),
    Records("runs", runs.runs, _RUN_ROWS),
    Records("points", runs.points, 1),
    Records("logged_models", runs.logged_models, 7),
    Records("models", models.models, 3),
    Records("versions", models.versions, 1 + TAGS_A_VERSION),
    Records("aliases", models.aliases, 1),
)


class Filled(msgspec.Struct):
    """What a filling has written, and how long each kind took."""

    records: dict[str, int] = {}
    seconds: dict[str, float] = {}

    @property
    def rows(self) -> int:
        """Rows of the database, about: some runs and models have a tag more."""
        return sum(self.records[records.kind] * records.rows for records in RECORDS if records.kind in self.records)

    @property
    def rate(self) -> float:
        return self.rows / max(sum(self.seconds.values()), 1e-9)


def fill(settings: Settings, before: Volume, now: Volume, tell: Callable[[str], None]) -> Filled:
    """Write what the larger volume has and the smaller has not."""

    async def run() -> Filled:
        application = Application(settings)
        await application.start()
        try:
            return await application.lend(partial(_fill, before, now, tell))
        finally:
            await application.stop()

    return asyncio.run(run())


async def _fill(before: Volume, now: Volume, tell: Callable[[str], None], engine: Engine, stores: Stores) -> Filled:
    target = await engine.read(lambda tx: find_target(tx, DEFAULT_PLATFORM, DEFAULT_WORKSPACE))
    if target is None:
        raise LookupError("the database has no default workspace")
    writers: dict[str, Write] = {kind.name: kind.write for kind in KINDS}
    filled = Filled()
    for records in RECORDS:
        await _fill_kind(engine, target, records, writers[records.kind], before, now, filled, tell)
    tell(f"{filled.rows:,} rows in {sum(filled.seconds.values()):.0f} s, {filled.rate:,.0f} rows/s")
    return filled


async def _fill_kind(
    engine: Engine,
    target: Target,
    records: Records,
    write: Write,
    before: Volume,
    now: Volume,
    filled: Filled,
    tell: Callable[[str], None],
) -> None:
    begun = told = time.perf_counter()
    written = 0
    for batch in _batches(records.make(before, now), max(1, _ROWS_AT_ONCE // records.rows)):
        await engine.write(lambda tx, batch=batch: write(tx, target, batch), raise_it)  # type: ignore[misc]
        written += len(batch)
        if time.perf_counter() - told > 5:
            told = time.perf_counter()
            tell(f"  {records.kind}: {written:,}, {written * records.rows / (told - begun):,.0f} rows/s")
    filled.records[records.kind] = written
    filled.seconds[records.kind] = time.perf_counter() - begun
    tell(f"  {records.kind}: {written:,} in {filled.seconds[records.kind]:.1f} s")


def _batches(records: Iterator[Any], size: int) -> Iterator[Sequence[Any]]:
    while batch := list(islice(records, size)):
        yield batch
