"""`modelkeep workspace`: platforms and their workspaces, named as PLATFORM or PLATFORM/WORKSPACE."""

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from modelkeep.cli.caller import open_caller
from modelkeep.cli.places import (
    DATA_DEFAULT,
    PLATFORMS,
    AsJson,
    Data,
    all_platforms,
    all_workspaces,
    split_name,
    workspaces_path,
)

app = typer.Typer(help="Platforms and their workspaces.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="PLATFORM/WORKSPACE")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="PLATFORM, or PLATFORM/WORKSPACE")],
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Create a workspace, and its platform where that does not exist yet."""
    platform, workspace = split_name(name)
    with open_caller(data) as caller:
        if not workspace or platform not in all_platforms(caller):
            of_platform = "" if workspace else description
            created = caller.call("POST", PLATFORMS, {"id": platform, "description": of_platform})
        if workspace and workspace != "default":
            body = {"displayName": workspace, "description": description}
            created = caller.call("POST", workspaces_path(platform), body)
        elif workspace:
            created = caller.call("GET", f"{workspaces_path(platform)}/default")
    _print_one(created, as_json)


@app.command("list")
def list_(
    platform: Annotated[str, typer.Argument(help="PLATFORM; all where none is named")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List workspaces."""
    with open_caller(data) as caller:
        names = [platform] if platform else all_platforms(caller)
        found = [(name, workspace) for name in names for workspace in all_workspaces(caller, name)]
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
def show(name: Name, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Show one workspace."""
    platform, workspace = split_name(name)
    with open_caller(data) as caller:
        found = caller.call("GET", f"{workspaces_path(platform)}/{quote(workspace or 'default', safe='')}")
    _print_one(found, as_json)


@app.command()
def delete(
    name: Annotated[str, typer.Argument(help="PLATFORM/WORKSPACE, or PLATFORM with its whole registry")],
    cascade: Annotated[
        bool, typer.Option("--cascade", help="Delete a platform although it has models, with them.")
    ] = False,
    data: Data = DATA_DEFAULT,
) -> None:
    """Delete a workspace or a platform. A platform that still has models needs --cascade."""
    platform, workspace = split_name(name)
    if workspace:
        path = f"{workspaces_path(platform)}/{quote(workspace, safe='')}"
    else:
        mode = "CASCADE" if cascade else "RESTRICT"
        path = f"/api/3.0/mlflow/workspaces/{quote(platform, safe='')}?mode={mode}"
    with open_caller(data) as caller:
        caller.call("DELETE", path)
    typer.echo(f"Deleted {name}.")


def _print_one(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    table = Table(show_header=False)
    for key, value in found.items():
        table.add_row(key, str(value))
    Console().print(table)
