"""The table of one scenario: each server's figures, and modelkeep against it."""

from collections.abc import Callable, Iterator
from statistics import median

from bench.measure import Results, Window
from bench.peers import (
    ASGI_FLOOR,
    FASTTRACKML,
    FILES,
    FLOOR,
    FORGETFUL,
    LATE_FILES,
    LOG_INS,
    MLFLOW,
    MODELKEEP,
    NGINX,
    TWO_WORKERS,
)
from bench.run import Report
from bench.scenarios import SCENARIOS, Group
from bench.tables import number, table
from bench.work import Scenario

_OWN = (MODELKEEP, FORGETFUL, TWO_WORKERS, *LOG_INS)
_SERVERS = (*_OWN, FLOOR, ASGI_FLOOR, FILES, LATE_FILES, NGINX, FASTTRACKML, MLFLOW)
_FINE = 10


def compared(results: Results, name: str, clients: tuple[int, ...]) -> str:
    """Rows for each number of clients, a row a server."""
    scenario = SCENARIOS[name]
    base = scenario.beside
    watched = any(window.outcome.grew is not None for window in results.windows if window.scenario == name)
    rows = []
    for count in clients:
        for server in _SERVERS:
            shown = scenario.floor if server in (FLOOR, ASGI_FLOOR) else name
            if windows := results.of(server, shown, count):
                ratio = results.ratio((base, name), (server, shown), count) if server != base else None
                figures = _figures(windows, scenario, watched=watched)
                rows.append((str(count), server, *figures, number(ratio, 2, " ×")))
    amount = [f"{scenario.amount.unit}/s"] if scenario.amount else []
    memory = ["most MiB more"] if watched else []
    columns = [scenario.unit, *amount, "p50 ms", "p99 ms", "CPU µs", "busy", *memory, "errors"]
    return table(("clients", "server", *columns, "modelkeep is" if base == MODELKEEP else f"where {base}"), rows)


def _figures(windows: list[Window], scenario: Scenario, *, watched: bool) -> tuple[str, ...]:
    def middle(figure: Callable[[Window], float]) -> float:
        return median(map(figure, windows))

    rate = middle(lambda window: window.outcome.rate)
    amount = [number(rate * scenario.amount.count)] if scenario.amount else []
    memory = [number(max(window.outcome.grew or 0.0 for window in windows))] if watched else []
    return (
        number(rate, 0 if rate >= _FINE else 2),
        *amount,
        number(middle(lambda window: window.outcome.p50_ms), 2),
        number(middle(lambda window: window.outcome.p99_ms), 2),
        number(middle(lambda window: window.cpu_us)),
        number(middle(lambda window: window.outcome.busy), 2),
        *memory,
        number(sum(sum(window.outcome.errors.values()) for window in windows)),
    )


def gaps(report: Report, group: Group, scenario: str) -> Iterator[str]:
    """What the table has no row for, and why."""
    asked = [server for server, what in group.entries if what == scenario]
    missing = {gap.server: gap.why for gap in report.unmeasured if gap.scenario == scenario}
    lines = [f"- {server}: {report.absent[server]}" for server in asked if server in report.absent]
    lines += [f"- {server}: **could not be measured**: {missing[server]}" for server in asked if server in missing]
    if lines:
        yield "\n".join(lines)
