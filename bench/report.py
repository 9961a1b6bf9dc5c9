"""What a run found, as a person reads it: the same text on the terminal and in docs/benchmarks.md."""

from collections.abc import Iterator
from statistics import median

from bench.comparison import compared, gaps
from bench.measure import Results, Window
from bench.peers import FLOOR, MLFLOW, MODELKEEP
from bench.reading import reading
from bench.registry import CREATE
from bench.run import Report
from bench.scenarios import SCENARIOS, groups
from bench.tables import number, table


def markdown(report: Report) -> str:
    """The whole page."""
    return (
        "\n\n".join(
            [f"# Benchmarks on {report.database}" if report.course.database else "# Benchmarks", *_parts(report)]
        )
        + "\n"
    )


def _parts(report: Report) -> Iterator[str]:
    results = Results(report.windows)
    measured = {window.scenario for window in report.windows} | {gap.scenario for gap in report.unmeasured}
    yield headline(report)
    yield f"Measured on {report.date} by `{report.command}` in {report.took_seconds / 60:.1f} minutes, on:"
    yield "\n".join(f"- {line}" for line in report.machine.lines())
    if results.failures or report.unmeasured:
        yield "**This run had errors, listed below: figures that they touch do not count.**"
    yield "## Lines to reach"
    marks = {True: "reached", False: "**not reached**"}
    rows = [
        (line.what, line.wanted, line.found or "not measured", marks[line.reached] if line.found else "")
        for line in report.lines
    ]
    yield table(("", "wanted", "found", ""), rows)
    for group in groups(report.course):
        for scenario in dict.fromkeys(scenario for _, scenario in group.entries if scenario in measured):
            yield f"## {SCENARIOS[scenario].meaning}"
            yield compared(results, scenario, group.clients(report.course.clients))
            yield from gaps(report, group, scenario)
    yield "## Start and memory"
    yield _footprints(report)
    yield "## How to read this"
    yield reading(report)
    yield _generator(results, report)
    yield "## Errors"
    yield (
        "\n".join(_failure(window) for window in results.failures)
        or "None: every answer was 2xx, and what was asked for was in it."
    )


def headline(report: Report) -> str:
    """The run in one sentence."""
    results, clients = Results(report.windows), report.course.clients[-1]
    rate = results.rate(MODELKEEP, CREATE, clients)
    if rate is None:
        return "Creating versions was not measured in this run."
    said = [f"**{rate:,.0f} durable model versions a second at {clients} clients**"]
    if (floor := results.to_floor(MODELKEEP, FLOOR, CREATE, clients)) is not None:
        said.append(f"{floor:.2f} of a bare server that stores nothing")
    if (times := results.ratio((MODELKEEP, CREATE), (MLFLOW, CREATE), clients)) is not None:
        said.append(f"{times:.0f} × MLflow on {report.database}")
    return ", ".join(said) + "."


def _footprints(report: Report) -> str:
    rows = [
        (
            server,
            number(seen.started.health, 2),
            number(seen.started.first_answer, 2),
            number(seen.started.cpu, 2),
            str(seen.idle.processes),
            number(seen.idle.resident),
            number(seen.idle.proportional),
            number(seen.loaded.resident),
            number(seen.loaded.proportional),
        )
        for server, seen in report.footprints.items()
    ]
    memory = ("idle RSS MiB", "idle PSS MiB", "RSS after load", "PSS after load")
    return table(("server", "/health s", "API s", "CPU s", "processes", *memory), rows)


def _generator(results: Results, report: Report) -> str:
    scenarios = list(dict.fromkeys(window.scenario for window in report.windows if window.server == FLOOR))
    rates = [
        (rate, scenario, count)
        for scenario in scenarios
        for count in report.course.clients
        if (rate := results.rate(FLOOR, scenario, count)) is not None
    ]
    if not rates:
        return ""
    rate, scenario, count = max(rates)
    others = results.others
    return (
        f"The most that the generator sent to the floor in this run is {rate:,.0f} requests a second\n"
        f"({scenario}, {count} clients). Processes that are not measured used {median(others):.0%} of the machine's\n"
        f"processor time in the median window and {others[-1]:.0%} in the worst."
    )


def _failure(window: Window) -> str:
    outcome = window.outcome
    where = f"{window.server}, {window.scenario}, {window.clients} clients, round {window.round + 1}"
    return f"- {where}: {outcome.errors} beside {outcome.answered} answers. The first: `{outcome.sample[:300]!r}`"
