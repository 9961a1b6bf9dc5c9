"""The measured views as a table."""

from collections.abc import Sequence

import msgspec

from bench.machine import Machine
from bench.pages.looking import Look
from bench.pages.views import View
from bench.peers import MLFLOW, MODELKEEP

MOST_MILLISECONDS = 300
MOST_BYTES = 100_000


class Report(msgspec.Struct):
    """One run of the measurement."""

    date: str
    command: str
    machine: Machine
    runs: int
    versions: int
    visits: int
    looks: list[Look]


def markdown(report: Report, views: Sequence[View]) -> str:
    """The section of the benchmarks' page."""
    found = {(seen.view, seen.server): seen for seen in report.looks}
    lines = [
        "## Web pages",
        "",
        f"{report.date}, by `{report.command}`: {report.runs:,} runs and {report.versions:,} versions each,",
        f"the same records. Chromium on the same machine, an empty cache; medians of {report.visits} visits. *Paint*",
        "is the first contentful paint, *content* is when the rows or values of the view are there, *loaded* is what",
        "came over the wire until a second later.",
        "",
        "| view | modelkeep: paint | content | loaded | requests | MLflow: paint | content | loaded | requests |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for view in views:
        cells = [*_cells(found.get((view.name, MODELKEEP))), *_cells(found.get((view.name, MLFLOW)))]
        lines.append(f"| {view.name}{' (charts)' if view.has_charts else ''} | {' | '.join(cells)} |")
    broken = problems(report, views)
    lines += ["", "Bounds: " + ("; ".join(broken) if broken else _kept())]
    return "\n".join(lines) + "\n"


def problems(report: Report, views: Sequence[View]) -> list[str]:
    """Which bounds modelkeep's pages broke."""
    charts = {view.name for view in views if view.has_charts}
    broken = []
    for seen in report.looks:
        if seen.server != MODELKEEP or seen.view in charts:
            continue
        if seen.first_paint > MOST_MILLISECONDS:
            broken.append(
                f"{seen.view}: first paint after {seen.first_paint:.0f} ms, {MOST_MILLISECONDS} ms are allowed"
            )
        if seen.transferred > MOST_BYTES:
            broken.append(f"{seen.view}: {seen.transferred:,} bytes, {MOST_BYTES:,} are allowed")
    return broken


def _kept() -> str:
    return f"each view without charts was painted within {MOST_MILLISECONDS} ms, of {MOST_BYTES // 1000} KB at most."


def _cells(seen: Look | None) -> list[str]:
    if seen is None:
        return ["–"] * 4
    content = "not seen in 30 s" if seen.content is None else f"{seen.content:,.0f} ms"
    loaded = (
        f"{seen.transferred / 1000:,.0f} KB" if seen.transferred < 1_000_000 else f"{seen.transferred / 1e6:,.1f} MB"
    )
    return [f"{seen.first_paint:,.0f} ms", content, loaded, str(seen.requests)]
