"""The imports as a page: what is wanted of them, and what each database took."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec

from bench.imports.running import POINTS, VERSIONS, Imported
from bench.machine import Machine
from bench.reach import Line
from bench.tables import number, table

LEAST_POINTS = 50_000
_MIB = 1024 * 1024


class Report(msgspec.Struct, kw_only=True):
    """All that a run found."""

    date: str
    command: str
    machine: Machine
    source_bytes: int
    counts: dict[str, int]
    """Rows of the source's tables."""
    imports: list[Imported]

    @property
    def databases(self) -> list[str]:
        return list(dict.fromkeys(one.database for one in self.imports))

    def median(self, database: str, figure: Callable[[Imported], float]) -> float:
        return median(figure(one) for one in self.imports if one.database == database)

    @property
    def lines(self) -> list[Line]:
        """The lines to reach."""
        found = {name: self.median(name, lambda one: one.rate(POINTS)) for name in self.databases}
        return [
            Line(f"Points of metrics a second into {name}", f"≥ {LEAST_POINTS:,}", number(rate), rate >= LEAST_POINTS)
            for name, rate in found.items()
        ]


def size(source: Path) -> int:
    """Bytes of a SQLite database, its log included."""
    return sum(path.stat().st_size for path in source.parent.glob(source.name + "*"))


def markdown(report: Report) -> str:
    """The page."""
    rounds = max(one.round for one in report.imports) + 1
    counts = ", ".join(f"{count:,} {table_name.replace('_', ' ')}" for table_name, count in report.counts.items())
    lines = [(line.what, line.wanted, line.found, "reached" if line.reached else "missed") for line in report.lines]
    parts = [
        "# Benchmarks of imports",
        f"`modelkeep import mlflow` from MLflow's SQLite database, on {report.date}, by `{report.command}`.\n"
        f"The schema was made by the installed MLflow. It has {counts}:\n{report.source_bytes / _MIB:,.0f} MiB.",
        "\n".join(f"- {line}" for line in report.machine.lines()),
        table(("line", "wanted", "found", ""), lines),
        "## What each took",
        f"Medians of {rounds} imports, each into a new database." if rounds > 1 else "One import into each.",
        table(("into", "points/s", "versions/s", "total s", "processor s", "peak MiB"), _totals(report)),
        "## Kind by kind",
        table(("kind", "records", *(f"{name}: s" for name in report.databases)), _kinds(report)),
        "## How to read this",
        _READING,
    ]
    return "\n\n".join(parts) + "\n"


_READING = """\
The command runs in a process of its own, and is watched from outside. *Points/s* and *versions/s* are records of one
kind over the time that this kind took, each committed with its tags; *total* is from the command's start to its end,
the comparison of source and workspace included. *Processor* and *peak* are of the command and its children:
PostgreSQL's own processes are not in them. The peak counts the resident memory of each process at its highest."""


def _totals(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            name,
            number(report.median(name, lambda one: one.rate(POINTS))),
            number(report.median(name, lambda one: one.rate(VERSIONS))),
            number(report.median(name, lambda one: one.seconds), 1),
            number(report.median(name, lambda one: one.cpu_seconds), 1),
            number(report.median(name, lambda one: one.peak_mib)),
        )
        for name in report.databases
    ]


def _kinds(report: Report) -> list[tuple[str, ...]]:
    first = report.imports[0]
    rows = []
    for kind, count in first.written.items():
        if count:
            took = [report.median(name, _took(kind)) for name in report.databases]
            rows.append((kind.replace("_", " "), f"{count:,}", *(number(seconds, 1) for seconds in took)))
    return rows


def _took(kind: str) -> Callable[[Imported], float]:
    return lambda one: one.took[kind]
