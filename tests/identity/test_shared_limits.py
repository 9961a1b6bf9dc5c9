"""How processes tell each other what they let in, tried on one database and with clocks of the test's own."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from modelkeep.server import shared_limits
from modelkeep.server.authentication.buckets import Buckets
from modelkeep.server.shared_limits import SharedLimits


class Table:
    """Stands where an engine does: the rows of one table in memory, of which each process sees the others'."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], tuple[Any, ...]] = {}
        self.writes = 0

    def insert(self, bulk: object, rows: list[tuple[Any, ...]]) -> None:
        self.writes += len(rows)
        for process, caller, *values in rows:
            self.rows[process, caller] = tuple(values)

    def all(self, query: object, own: str, after: int) -> list[tuple[Any, ...]]:
        return [
            (process, caller, since, requests)
            for (process, caller), (since, requests, at) in self.rows.items()
            if process != own and at > after
        ]

    async def write(self, work: Callable[[Any], Any], otherwise: object) -> Any:
        return work(self)

    async def read(self, work: Callable[[Any], Any]) -> Any:
        return work(self)


class Process:
    def __init__(self, table: Any, clock: Callable[[], float]) -> None:
        self.buckets = Buckets(10, 20, clock=clock)
        self.limits = SharedLimits(table, {"user": self.buckets})

    def lets_in(self, tries: int) -> int:
        return sum(self.buckets.take("alma") == 0.0 for _ in range(tries))


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [1_000.0]
    monkeypatch.setattr(shared_limits, "now_ms", lambda: int(seconds[0] * 1000))
    return seconds


@pytest.mark.parametrize("count", [1, 2, 5])
def test_all_together_let_in_what_one_may_and_a_burst_each(now: list[float], count: int) -> None:
    async def go() -> int:
        table = Table()
        processes = [Process(table, lambda: now[0]) for _ in range(count)]
        total = 0
        for _ in range(600):
            now[0] += 0.25
            total += sum(process.lets_in(100) for process in processes)
            if now[0] % 1 == 0:
                for process in processes:
                    await process.limits.exchange()
        return total

    let_in, seconds = asyncio.run(go()), 150
    assert 10 * seconds * 0.9 <= let_in <= 10 * seconds + 30 * count


def test_one_that_starts_later_is_not_charged_for_the_past(now: list[float]) -> None:
    async def go() -> int:
        table = Table()
        first = Process(table, lambda: now[0])
        first.lets_in(20)
        await first.limits.exchange()
        now[0] += 1
        second = Process(table, lambda: now[0])
        await second.limits.exchange()
        return second.lets_in(100)

    assert asyncio.run(go()) == 20


def test_a_caller_that_sends_little_is_never_written(now: list[float]) -> None:
    async def go() -> int:
        table = Table()
        process = Process(table, lambda: now[0])
        process.limits._limits["user"] = process.buckets = Buckets(1_000, 2_000, clock=lambda: now[0])
        process.buckets.taken = {}
        for _ in range(100):
            process.lets_in(3)
            now[0] += 1
            await process.limits.exchange()
        return table.writes

    assert asyncio.run(go()) == 0
