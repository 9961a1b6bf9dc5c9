"""The lines that modelkeep wants to reach, each with what this run found."""

from collections.abc import Iterable, Iterator

import msgspec

from bench.measure import Results
from bench.peers import BY_SIGNATURE, BY_TOKEN, FASTTRACKML, FILES, FLOOR, MLFLOW, MODELKEEP, NOBODY, TWO_WORKERS
from bench.processes import Memory
from bench.registry import CREATE, FIRST_PAGE, GET, LAST_PAGE
from bench.scenarios import CLIENT, DOWN, HISTORY, LOG_BATCH, LOG_METRIC, LOGGED_IN, SEARCH_RUNS, UP

_MANY, _SOME = 64, 8
_PAGE_NOISE = 1.1
"""Two equal measurements differ by this much on a small machine."""
_GROWTH = 1.1
"""More than two equal measurements differ by."""


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
        *_log_ins(results),
        *_tracking(results),
        *_artifacts(results),
        Line("First request answered after exec", "≤ 1.0 s", f"{first_answer:.2f} s", first_answer <= 1.0),
        Line("Resident when idle", "≤ 120 MiB", f"{idle.resident:.0f} MiB", idle.resident <= 120),
    ]


def lines_on_postgres(results: Results) -> list[Line]:
    """All lines on PostgreSQL."""
    workers = results.ratio((TWO_WORKERS, CREATE), (MODELKEEP, CREATE), _MANY)
    both = results.ratio((TWO_WORKERS, CREATE), (MLFLOW, CREATE), _MANY)
    return [
        _at_least(f"Create, {_MANY} clients, against MLflow", 100, _against(results, MLFLOW, CREATE, _MANY), " ×"),
        _at_least(f"Create, {_MANY} clients, two workers against MLflow", 100, both, " ×"),
        _at_least(f"Create, {_MANY} clients, two workers against one", _GROWTH, workers, " ×"),
        _at_least(
            f"Log 100 metrics, {_SOME} clients, against MLflow", 30, _against(results, MLFLOW, LOG_BATCH, _SOME), " ×"
        ),
    ]


def _speed(results: Results, clients: tuple[int, ...]) -> Iterator[Line]:
    floor = results.to_floor(MODELKEEP, FLOOR, CREATE, _MANY)
    yield _at_least(f"Create, {_MANY} clients, of the floor", 0.35, floor, "")
    yield _at_least(f"Create, {_MANY} clients, against MLflow", 60, _against(results, MLFLOW, CREATE, _MANY), " ×")
    gets = [ratio for count in clients if (ratio := results.to_floor(MODELKEEP, FLOOR, GET, count))]
    counts = ", ".join(map(str, clients))
    yield _at_least(f"Get, of the floor, worst of {counts} clients", 0.5, min(gets, default=None), "")
    p50 = results.median(MODELKEEP, FIRST_PAGE, 1, lambda window: window.outcome.p50_ms)
    yield _at_most("Search of 100 out of 10,000, 1 client, p50", 5.0, p50, " ms")
    slowdown = results.slowdown(MODELKEEP, LAST_PAGE, FIRST_PAGE, 1)
    yield _at_most("Page 100 against page 1, 1 client, p50 (10 % is noise)", _PAGE_NOISE, slowdown, " ×")


def _log_ins(results: Results) -> Iterator[Line]:
    for what, server, wanted in (("an access token", BY_TOKEN, 0.9), ("signed requests", BY_SIGNATURE, 0.7)):
        found = results.ratio((server, LOGGED_IN), (NOBODY, LOGGED_IN), _MANY)
        yield _at_least(f"Create, {_MANY} clients, by {what}, of where nobody logs in", wanted, found, "")


def _tracking(results: Results) -> Iterator[Line]:
    for what, scenario, mlflow, fasttrackml in (
        ("Log 100 metrics", LOG_BATCH, 40, 8),
        ("Log one metric", LOG_METRIC, 60, 8),
        ("Search runs", SEARCH_RUNS, 20, 2),
        ("History of 100,000 points", HISTORY, 20, 3),
    ):
        for name, server, wanted in (("MLflow", MLFLOW, mlflow), ("FastTrackML", FASTTRACKML, fasttrackml)):
            found = _against(results, server, scenario, _SOME)
            yield _at_least(f"{what}, {_SOME} clients, against {name}", wanted, found, " ×")
    yield _at_least("A run of MLflow's client, against MLflow", 10, _against(results, MLFLOW, CLIENT, 1), " ×")


def _artifacts(results: Results) -> Iterator[Line]:
    for what, scenario in (("Send", UP), ("Fetch", DOWN)):
        found = _against(results, FILES, scenario, 1)
        yield _at_least(f"{what} a large artifact, of plain Granian", 0.7, found, "")
    growths = [
        window.outcome.grew
        for scenario in (UP, DOWN)
        for window in results.of(MODELKEEP, scenario, 1)
        if window.outcome.grew is not None and not window.outcome.errors
    ]
    yield _at_most("Memory that a large artifact takes, at most", 100, max(growths, default=None), " MiB")


def _against(results: Results, server: str, scenario: str, clients: int) -> float | None:
    return results.ratio((MODELKEEP, scenario), (server, scenario), clients)


def _at_least(what: str, wanted: float, found: float | None, unit: str) -> Line:
    return Line(what, f"≥ {wanted:g}{unit}", _number(found, unit), found is not None and found >= wanted)


def _at_most(what: str, wanted: float, found: float | None, unit: str) -> Line:
    return Line(what, f"≤ {wanted:g}{unit}", _number(found, unit), found is not None and found <= wanted)


def _number(found: float | None, unit: str) -> str:
    if found is None:
        return ""
    return f"{found:.0f}{unit}" if found >= 10 else f"{found:.2f}{unit}"
