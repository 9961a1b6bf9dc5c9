"""`modelkeep grant`: who may do what with a platform, a workspace, a registered model or an experiment.

A resource is named as PLATFORM, PLATFORM/WORKSPACE, PLATFORM/models/NAME or PLATFORM/WORKSPACE/experiments/ID.
"""

import json
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote, urlencode

import typer

from modelkeep.cli.caller import Caller, open_caller
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.identities import show_all
from modelkeep.cli.places import DATA_DEFAULT, PLATFORMS, AsJson, Data, operations_path, workspaces_path

app = typer.Typer(help="Who may do what.", no_args_is_help=True)

Resource = Annotated[
    str,
    typer.Argument(help="PLATFORM, PLATFORM/WORKSPACE, PLATFORM/models/NAME or PLATFORM/WORKSPACE/experiments/ID"),
]
Level = Annotated[str, typer.Argument(help="READ, MANAGE or ADMIN; each includes those before it.")]
Users = Annotated[list[str] | None, typer.Option("--user", help="A user, by name.")]
GroupsOption = Annotated[list[str] | None, typer.Option("--group", help="A group, by name.")]
RolesOption = Annotated[list[str] | None, typer.Option("--role", help="A role, by name.")]
_COLUMNS = ("granteeType", "granteeName", "permission", "inherited from")


class _Place(NamedTuple):
    """Where a resource's permissions are, and how a request names what it assigns."""

    path: str
    of: str


def _place(name: str) -> _Place:
    parts = name.split("/")
    if len(parts) == 1 and parts[0]:
        return _Place(f"{PLATFORMS}/{quote(parts[0], safe='')}", "Permission")
    if len(parts) == 2 and all(parts):
        return _Place(f"{workspaces_path(parts[0])}/{quote(parts[1], safe='')}", "Permission")
    if len(parts) == 3 and parts[1] == "models" and parts[2]:
        path = f"{operations_path(parts[0])}/registered-models/{quote(parts[2], safe='')}"
        return _Place(path, "RegisteredModelPermission")
    if len(parts) == 4 and parts[2] == "experiments" and parts[3]:
        return _Place(f"{operations_path(parts[0], parts[1])}/experiments/{quote(parts[3], safe='')}", "Permission")
    raise CommandFailed(
        f"{name!r} is no resource; PLATFORM, PLATFORM/WORKSPACE, PLATFORM/models/NAME and "
        "PLATFORM/WORKSPACE/experiments/ID are."
    )


@app.command()
def add(
    resource: Resource,
    level: Level,
    user: Users = None,
    group: GroupsOption = None,
    role: RolesOption = None,
    data: Data = DATA_DEFAULT,
) -> None:
    """Grant a permission to users, groups or roles."""
    _change("assign", resource, level, {"USER": user, "GROUP": group, "ROLE": role}, data)
    typer.echo(f"Granted {level.upper()} on {resource}.")


@app.command()
def remove(
    resource: Resource,
    level: Annotated[str, typer.Argument(help="The permission to take away, with those that include it.")] = "READ",
    user: Users = None,
    group: GroupsOption = None,
    role: RolesOption = None,
    data: Data = DATA_DEFAULT,
) -> None:
    """Take a permission away from users, groups or roles: READ takes all."""
    _change("revoke", resource, level, {"USER": user, "GROUP": group, "ROLE": role}, data)
    typer.echo(f"Took {level.upper()} on {resource} away.")


@app.command("list")
def list_(resource: Resource, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """List who was granted what on a resource, there or on what it is in."""
    place = _place(resource)
    with open_caller(data) as caller:
        found = list(_every(caller, place))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    rows = [
        {
            **grant,
            "permission": ", ".join(grant["granteePermissions"]),
            "inherited from": grant["resourceName"] if grant["isInherited"] else "",
        }
        for grant in found
    ]
    show_all(rows, _COLUMNS, as_json=False)


def _change(verb: str, resource: str, level: str, targets: dict[str, list[str] | None], data: Any) -> None:
    place = _place(resource)
    if level.upper() not in ("READ", "MANAGE", "ADMIN"):
        raise CommandFailed(f"{level!r} is no permission; READ, MANAGE and ADMIN are.")
    named = {kind: names for kind, names in targets.items() if names}
    if not named:
        raise CommandFailed("Name whom: --user, --group or --role.")
    with open_caller(data) as caller:
        for kind, names in named.items():
            details = {"assignees": {"type": kind, "targets": names}, "permissions": [level.upper()]}
            caller.call("POST", f"{place.path}/actions/managePermission", {f"{verb}{place.of}Details": details})


def _every(caller: Caller, place: _Place) -> Any:
    page: str | None = ""
    while page is not None:
        query = f"?{urlencode({'page': page})}" if page else ""
        yield from caller.call("GET", f"{place.path}/permissions{query}")["items"]
        page = caller.next_page
