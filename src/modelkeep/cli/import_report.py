"""What `modelkeep import` shows: progress as bars or as plain lines, and the comparison at the end."""

import json
import time
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from modelkeep.importing.verify import Comparison

_LINE_EVERY_SECONDS = 5.0


class Shown:
    """Watches an import. Bars are for terminals; elsewhere a line at times, so that logs stay short."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._said = 0.0
        self._place = ""
        self._began = 0.0
        self.written: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        """How long each kind took in this run of the command."""
        self.went_on = False

    def __enter__(self) -> "Shown":
        self._bars.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._bars.stop()

    def resumed(self) -> None:
        if self.went_on:
            return
        self.went_on = True
        self._say("An earlier import from this source was stopped; it goes on where it was.")

    def entered(self, place: str) -> None:
        """What comes now is of this platform or workspace; what it has nothing of is not told."""
        self._place = place

    def began(self, kind: str, done: int, expected: int | None) -> None:
        self._task = self._bars.add_task(self._words(kind), total=expected, completed=done)
        self._said = self._began = time.monotonic()

    def wrote(self, kind: str, done: int) -> None:
        if self._task is not None:
            self._bars.update(self._task, completed=done)
        if time.monotonic() - self._said > _LINE_EVERY_SECONDS:
            self._line(f"{self._words(kind)}: {done:,} so far")

    def ended(self, kind: str, done: int) -> None:
        self.written[kind] = self.written.get(kind, 0) + done
        # What was at its end before the import went on has not begun here.
        took = time.monotonic() - self._began if self._task is not None else 0.0
        self.seconds[kind] = round(self.seconds.get(kind, 0.0) + took, 3)
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=done, visible=not self._is_nothing(done))
        if not self._is_nothing(done):
            self._line(f"{self._words(kind)}: {done:,}")
        self._task = None

    def comparing(self, kind: str) -> None:
        self._task = self._bars.add_task(f"comparing {kind}", total=None)

    def _is_nothing(self, done: int) -> bool:
        return bool(self._place) and not done

    def _words(self, kind: str) -> str:
        words = kind.replace("_", " ").replace("points", "points of metrics")
        return f"{self._place} {words}" if self._place else words

    def _line(self, text: str) -> None:
        if not self._console.is_terminal:
            self._say(text)
        self._said = time.monotonic()

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


def print_report(report: dict[str, Any], comparison: Comparison | None, *, as_json: bool) -> None:
    """The comparison, and what was left out."""
    if as_json:
        if comparison is not None:
            report["compared"] = {line.what: [line.source, line.target] for line in comparison.counted}
            report["differing"] = comparison.differing[:100]
        typer.echo(json.dumps(report, indent=2))
        return
    if comparison is not None:
        table = Table("", "source", "workspace", "")
        for line in comparison.counted:
            table.add_row(line.what, _number(line.source), _number(line.target), "" if line.same else "differs")
        Console().print(table)
        for name in comparison.differing[:10]:
            typer.echo(f"Differs: {name}")
    if copied := report.get("artifacts"):
        typer.echo(f"Artifacts: {copied['files']:,} files, {copied['bytes']:,} bytes")
        if copied["left"]:
            typer.echo(f"Left where they are: the artifacts of {copied['left']:,}")
    for move in report.get("moved", []):
        typer.echo(
            f"The artifacts of {move['platform']}/{move['workspace']} were under workspaces/{move['was']} and are "
            f"looked for under workspaces/{move['now']}."
        )
    for kind, count in report["left_out"].items():
        typer.echo(f"Left out: {count:,} {kind}")


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:,.6g}"
