"""What a run found: how each answer's time grows with the records, as a table and in words."""

from collections.abc import Iterator, Sequence

import msgspec

from bench.machine import Machine
from bench.scale.asking import Answered
from bench.scale.fill import Filled
from bench.tables import number, table

FLAT, LOGARITHMIC = 1.5, 4.0
"""A time that grew by less while records grew a hundredfold is flat, or logarithmic."""
_NOISE_MS = 0.3
"""Two measurements of one small answer differ by this much."""


class Grown(msgspec.Struct):
    """A database after it was filled up to a share."""

    engine: str
    share: float
    filled: Filled
    bytes: int


class Report(msgspec.Struct):
    """All that a run found."""

    date: str
    command: str
    took_seconds: float
    machine: Machine
    points: int
    shares: list[float]
    grown: list[Grown] = []
    answered: list[Answered] = []

    def curve(self, engine: str, group: str, name: str) -> list[float]:
        """The p50 at each share, in order; 0 where it was not measured."""
        found = {
            answered.share: 0.0 if answered.problem else answered.p50_ms
            for answered in self.answered
            if (answered.engine, answered.group, answered.name) == (engine, group, name)
        }
        return [found.get(share, 0.0) for share in self.shares]

    @property
    def engines(self) -> list[str]:
        return list(dict.fromkeys(grown.engine for grown in self.grown))

    @property
    def questions(self) -> list[tuple[str, str]]:
        return list(dict.fromkeys((answered.group, answered.name) for answered in self.answered))


def growth(curve: Sequence[float]) -> float | None:
    """The last time over the first, None where one of them is missing."""
    return curve[-1] / curve[0] if curve and curve[0] and curve[-1] else None


def shape(curve: Sequence[float]) -> str:
    """What to call a curve."""
    grown = growth(curve)
    if grown is None:
        return ""
    if grown <= FLAT or curve[-1] - curve[0] <= _NOISE_MS:
        return "flat"
    return "logarithmic" if grown <= LOGARITHMIC else "**linear**"


def markdown(report: Report) -> str:
    return "\n\n".join(_parts(report))


def _parts(report: Report) -> Iterator[str]:
    yield f"Measured on {report.date} by `{report.command}` in {report.took_seconds / 60:.0f} minutes, on:"
    yield "\n".join(f"- {line}" for line in report.machine.lines())
    yield _sizes(report)
    yield (
        "p50 and p99 in milliseconds of one client at each share of the records. *Grew* is the p50 at the largest\n"
        f"share over that at the smallest: up to {FLAT:g} is called flat, up to {LOGARITHMIC:g} logarithmic, and more\n"
        "linear. "
        f"Less than {_NOISE_MS:g} ms more is noise, and flat."
    )
    for engine in report.engines:
        yield f"**{engine}**: {_counted(report, engine)}"
        for group in dict.fromkeys(group for group, _ in report.questions):
            yield _table(report, engine, group)
            yield f"![{group} on {engine}](images/{image_name(engine, group)})"
    if problems := [answered for answered in report.answered if answered.problem]:
        yield "Not measured:"
        yield "\n".join(f"- {a.engine}, {a.share:g}, {a.group}, {a.name}: {a.problem[:200]}" for a in problems)


def image_name(engine: str, group: str) -> str:
    return f"scale-{engine}-{group.replace(',', '').replace(' ', '-')}.svg"


def _sizes(report: Report) -> str:
    rows = [
        (
            f"{grown.engine}, {grown.share:.0%}",
            number(grown.filled.records.get("versions", 0)),
            number(grown.filled.records.get("runs", 0)),
            number(grown.filled.records.get("points", 0)),
            number(grown.filled.rows),
            number(grown.filled.rate),
            number(grown.bytes / 1024**2),
        )
        for grown in report.grown
    ]
    return table(("database", "versions", "runs", "points", "rows written", "rows/s", "MiB then"), rows)


def _counted(report: Report, engine: str) -> str:
    shapes = [shape(report.curve(engine, *question)) for question in report.questions]
    words = [f"{shapes.count(word)} {word.strip('*')}" for word in ("flat", "logarithmic", "**linear**")]
    return ", ".join(words) + "."


def _table(report: Report, engine: str, group: str) -> str:
    times = {(a.engine, a.share, a.group, a.name): a for a in report.answered if not a.problem}
    rows = []
    for of, name in report.questions:
        if of != group:
            continue
        cells = []
        for share in report.shares:
            answered = times.get((engine, share, group, name))
            cells += ["", ""] if answered is None else [f"{answered.p50_ms:.2f}", f"{answered.p99_ms:.2f}"]
        curve = report.curve(engine, group, name)
        rows.append((name.replace("|", "\\|"), *cells, number(growth(curve), 1, " ×"), shape(curve)))
    head = [cell for share in report.shares for cell in (f"{share:.0%}", "p99")]
    return table((group, *head, "grew", ""), rows)
