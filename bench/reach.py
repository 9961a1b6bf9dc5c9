"""The lines that modelkeep wants to reach, each with what this run found."""

from collections.abc import Iterable, Iterator

import msgspec

from bench.measure import Results
from bench.peers import FLOOR, MLFLOW, MODELKEEP
from bench.processes import Memory
from bench.scenarios import CREATE, FIRST_PAGE, GET, LAST_PAGE

_MANY = 64
_PAGE_NOISE = 1.1
"""Two equal measurements differ by this much on a small machine."""


class Line(msgspec.Struct):
    """One line; `found` is empty where this run did not measure it."""

    what: str
    wanted: str
    found: str
    reached: bool


def lines(results: Results, clients: Iterable[int], first_answer: float, idle: Memory) -> list[Line]:
    """All lines."""
    return [
        *_speed(results, tuple(clients)),
        Line("First request answered after exec", "≤ 1.0 s", f"{first_answer:.2f} s", first_answer <= 1.0),
        Line("Resident when idle", "≤ 120 MiB", f"{idle.resident:.0f} MiB", idle.resident <= 120),
    ]


def _speed(results: Results, clients: tuple[int, ...]) -> Iterator[Line]:
    floor = results.to_floor(MODELKEEP, FLOOR, CREATE, _MANY)
    yield _at_least(f"Create, {_MANY} clients, of the floor", 0.35, floor, "")
    yield _at_least(f"Create, {_MANY} clients, against MLflow", 60, _against_mlflow(results, CREATE, _MANY), " ×")
    gets = [ratio for count in clients if (ratio := results.to_floor(MODELKEEP, FLOOR, GET, count))]
    counts = ", ".join(map(str, clients))
    yield _at_least(f"Get, of the floor, worst of {counts} clients", 0.5, min(gets, default=None), "")
    p50 = results.median(MODELKEEP, FIRST_PAGE, 1, lambda window: window.outcome.p50_ms)
    yield _at_most("Search of 100 out of 10,000, 1 client, p50", 5.0, p50, " ms")
    slowdown = results.slowdown(MODELKEEP, LAST_PAGE, FIRST_PAGE, 1)
    yield _at_most("Page 100 against page 1, 1 client, p50 (10 % is noise)", _PAGE_NOISE, slowdown, " ×")


def _against_mlflow(results: Results, scenario: str, clients: int) -> float | None:
    return results.ratio((MODELKEEP, scenario), (MLFLOW, scenario), clients)


def _at_least(what: str, wanted: float, found: float | None, unit: str) -> Line:
    return Line(what, f"≥ {wanted:g}{unit}", _number(found, unit), found is not None and found >= wanted)


def _at_most(what: str, wanted: float, found: float | None, unit: str) -> Line:
    return Line(what, f"≤ {wanted:g}{unit}", _number(found, unit), found is not None and found <= wanted)


def _number(found: float | None, unit: str) -> str:
    if found is None:
        return ""
    return f"{found:.0f}{unit}" if found >= 10 else f"{found:.2f}{unit}"
