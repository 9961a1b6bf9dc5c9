"""`modelkeep doctor`: looks at what a server stands on, and says what to do."""

import inspect
import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from modelkeep.cli.flags import with_settings
from modelkeep.core.settings import Origin, Settings

if TYPE_CHECKING:
    from modelkeep.server.doctor.findings import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}
_AS_JSON = inspect.Parameter(
    "as_json",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[bool, typer.Option("--json", help="Print JSON.")],
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(with_settings(doctor, more=(_AS_JSON,), refuse=_refuse))


def doctor(settings: Settings, origins: list[Origin], as_json: bool = False) -> None:
    """Check configuration, database, disk, clock, artifacts and permissions, and say what to do.

    Give it the flags and variables of the server. Exit code 1 where something is an error, 0 with warnings.
    """
    from modelkeep.server.doctor.examination import examine

    _print(examine(settings, origins, os.environ), as_json)


def _refuse(problem: str, as_json: bool) -> NoReturn:
    """Settings that cannot be used are what it finds, and all that it finds."""
    from modelkeep.server.doctor.findings import error

    _print([error("configuration", problem, "A server does not start like this.")], as_json)
    raise typer.Exit(1)


def _print(findings: "Sequence[Finding]", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        console = Console(highlight=False)
        for check, state, found, advice in findings:
            colour = _COLOURS[state]
            console.print(f"[{colour}]{state:8}[/{colour}]{check}: ", end="")
            console.print(found, markup=False, soft_wrap=True)
            if advice:
                console.print(f"        → {advice}", markup=False, soft_wrap=True)
    if any(finding.state == "error" for finding in findings):
        raise typer.Exit(1)
