"""`modelkeep workspace`: platforms and their workspaces, named as PLATFORM or PLATFORM/WORKSPACE."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.console import Console
from rich.table import Table

from modelkeep.cli.caller import Caller, open_caller
from modelkeep.cli.failure import CommandFailed

app = typer.Typer(help="Platforms and their workspaces.", no_args_is_help=True)

_PLATFORMS = "/20260430/aiDataPlatforms"

Name = Annotated[str, typer.Argument(help="PLATFORM/WORKSPACE")]
Data = Annotated[Path, typer.Option("--data", envvar="MODELKEEP_DATA", help="Data directory, served or not.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_DATA = Path("modelkeep-data")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="PLATFORM, or PLATFORM/WORKSPACE")],
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    data: Data = _DATA,
    as_json: AsJson = False,
) -> None:
    """Create a workspace, and its platform where that does not exist yet."""
    platform, workspace = _split(name)
    with open_caller(data) as caller:
        if not workspace or platform not in _platforms(caller):
            of_platform = "" if workspace else description
            created = caller.call("POST", _PLATFORMS, {"id": platform, "description": of_platform})
        if workspace and workspace != "default":
            body = {"displayName": workspace, "description": description}
            created = caller.call("POST", _workspaces(platform), body)
        elif workspace:
            created = caller.call("GET", f"{_workspaces(platform)}/default")
    _print_one(created, as_json)


@app.command("list")
def list_(
    platform: Annotated[str, typer.Argument(help="PLATFORM; all where none is named")] = "",
    data: Data = _DATA,
    as_json: AsJson = False,
) -> None:
    """List workspaces."""
    with open_caller(data) as caller:
        names = [platform] if platform else _platforms(caller)
        found = [(name, workspace) for name in names for workspace in _all_workspaces(caller, name)]
    if as_json:
        typer.echo(json.dumps([{"platform": name, **workspace} for name, workspace in found], indent=2))
        return
    table = Table("platform", "workspace", "display name", "type", "created", "description")
    for name, workspace in found:
        table.add_row(
            name,
            workspace["key"],
            workspace["displayName"],
            workspace["type"],
            workspace["timeCreated"],
            workspace["description"],
        )
    Console().print(table)


@app.command()
def show(name: Name, data: Data = _DATA, as_json: AsJson = False) -> None:
    """Show one workspace."""
    platform, workspace = _split(name)
    with open_caller(data) as caller:
        found = caller.call("GET", f"{_workspaces(platform)}/{quote(workspace or 'default', safe='')}")
    _print_one(found, as_json)


@app.command()
def delete(
    name: Annotated[str, typer.Argument(help="PLATFORM/WORKSPACE, or PLATFORM with its whole registry")],
    cascade: Annotated[
        bool, typer.Option("--cascade", help="Delete a platform although it has models, with them.")
    ] = False,
    data: Data = _DATA,
) -> None:
    """Delete a workspace or a platform. A platform that still has models needs --cascade."""
    platform, workspace = _split(name)
    if workspace:
        path = f"{_workspaces(platform)}/{quote(workspace, safe='')}"
    else:
        mode = "CASCADE" if cascade else "RESTRICT"
        path = f"/api/3.0/mlflow/workspaces/{quote(platform, safe='')}?mode={mode}"
    with open_caller(data) as caller:
        caller.call("DELETE", path)
    typer.echo(f"Deleted {name}.")


def _split(name: str) -> tuple[str, str]:
    platform, _, workspace = name.partition("/")
    if not platform or "/" in workspace:
        raise CommandFailed(f"{name!r} is no name; PLATFORM or PLATFORM/WORKSPACE is.")
    return platform, workspace


def _workspaces(platform: str) -> str:
    return f"{_PLATFORMS}/{quote(platform, safe='')}/workspaces"


def _platforms(caller: Caller) -> list[str]:
    return [platform["id"] for platform in caller.call("GET", _PLATFORMS)["items"]]


def _all_workspaces(caller: Caller, platform: str) -> Iterator[dict[str, Any]]:
    page: str | None = ""
    while page is not None:
        query = f"?{urlencode({'page': page})}" if page else ""
        yield from caller.call("GET", _workspaces(platform) + query)["items"]
        page = caller.next_page


def _print_one(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    table = Table(show_header=False)
    for key, value in found.items():
        table.add_row(key, str(value))
    Console().print(table)
