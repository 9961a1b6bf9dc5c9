"""`modelkeep gc`: removes for good what was deleted some time ago."""

import json
from typing import Annotated, Any

import typer

from modelkeep.cli.caller import Caller, open_caller
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.places import (
    DATA_DEFAULT,
    AsJson,
    Data,
    all_platforms,
    all_workspaces,
    operations_path,
    split_name,
)

_KINDS = {"run_ids": "runs", "model_ids": "logged models", "experiment_ids": "experiments"}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(gc)


def gc(
    name: Annotated[str, typer.Argument(help="PLATFORM or PLATFORM/WORKSPACE; all where none is named")] = "",
    older_than: Annotated[
        str, typer.Option(help="Only what was deleted at least so long ago, such as 30d or 1d12h30m.")
    ] = "",
    run_ids: Annotated[str, typer.Option(help="Only these deleted runs, separated by commas.")] = "",
    experiment_ids: Annotated[str, typer.Option(help="Only these deleted experiments.")] = "",
    logged_model_ids: Annotated[str, typer.Option(help="Only these deleted logged models.")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Remove deleted runs, logged models and experiments for good, with their artifacts.

    Ids are those of one workspace: that which is named, or default/default.
    """
    named = {
        "run_ids": _listed(run_ids),
        "experiment_ids": _listed(experiment_ids),
        "model_ids": _listed(logged_model_ids),
    }
    with open_caller(data) as caller:
        places = _places(caller, name or ("default/default" if any(named.values()) else ""))
        if any(named.values()) and len(places) != 1:
            raise CommandFailed("Ids need one workspace: name it as PLATFORM/WORKSPACE.")
        removed = [
            {"platform": platform, "workspace": workspace, **_collect(caller, platform, workspace, older_than, named)}
            for platform, workspace in places
        ]
        caller.remove_artifacts()
    if as_json:
        typer.echo(json.dumps(removed, indent=2))
        return
    for kind, words in _KINDS.items():
        typer.echo(f"Removed {sum(len(place[kind]) for place in removed)} {words}.")


def _listed(ids: str) -> list[str]:
    return [part.strip() for part in ids.split(",") if part.strip()]


def _places(caller: Caller, name: str) -> list[tuple[str, str]]:
    platform, workspace = split_name(name) if name else ("", "")
    if workspace:
        return [(platform, workspace)]
    platforms = [platform] if platform else all_platforms(caller)
    return [(platform, found["key"]) for platform in platforms for found in all_workspaces(caller, platform)]


def _collect(
    caller: Caller, platform: str, workspace: str, older_than: str, named: dict[str, list[str]]
) -> dict[str, list[str]]:
    """All of it, a few at a time: other writes go on in between."""
    removed: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    request: dict[str, Any] = {"older_than": older_than, **named}
    more = True
    while more:
        answer = caller.call("POST", f"{operations_path(platform, workspace)}/internal/gc", request)
        for kind in _KINDS:
            removed[kind] += answer[kind]
        more = answer["more"]
    return removed
