"""`modelkeep role`: users and groups that are granted something together, everywhere or on one platform."""

from typing import Annotated

import typer

from modelkeep.cli.caller import open_caller
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.identities import every, path, show_all, show_one
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data

app = typer.Typer(help="Roles of users and groups.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the role.")]
Platform = Annotated[str, typer.Option(help="The one platform that the role belongs to.")]
Member = Annotated[str, typer.Argument(help="user:NAME or group:NAME")]
_COLUMNS = ("name", "platform", "description", "members")


@app.command()
def create(
    name: Name,
    platform: Platform = "",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Create a role."""
    with open_caller(data) as caller:
        body = {"name": name, "platform": platform, "description": description}
        created = caller.call("POST", path("roles"), body)
    show_one(created["role"], as_json)


@app.command("list")
def list_(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """List roles with their members."""
    with open_caller(data) as caller:
        found = list(every(caller, "roles"))
    show_all(found, _COLUMNS, as_json)


@app.command()
def show(name: Name, platform: Platform = "", data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Show a role."""
    with open_caller(data) as caller:
        found = caller.call("GET", path("roles", name, platform=platform))
    show_one(found["role"], as_json)


@app.command("add-member")
def add_member(name: Name, member: Member, platform: Platform = "", data: Data = DATA_DEFAULT) -> None:
    """Give a role to a user or a group."""
    kind, named = _split(member)
    with open_caller(data) as caller:
        body = {"kind": kind, "member": named, "platform": platform}
        caller.call("POST", path("roles", name, "members"), body)
    typer.echo(f"{member} has the role {name}.")


@app.command("remove-member")
def remove_member(name: Name, member: Member, platform: Platform = "", data: Data = DATA_DEFAULT) -> None:
    """Take a role from a user or a group."""
    kind, named = _split(member)
    with open_caller(data) as caller:
        caller.call("DELETE", path("roles", name, "members", kind=kind, member=named, platform=platform))
    typer.echo(f"{member} no longer has the role {name}.")


@app.command()
def delete(name: Name, platform: Platform = "", data: Data = DATA_DEFAULT) -> None:
    """Delete a role with what it was granted. Its members stay."""
    with open_caller(data) as caller:
        caller.call("DELETE", path("roles", name, platform=platform))
    typer.echo(f"Deleted {name}.")


def _split(member: str) -> tuple[str, str]:
    kind, _, name = member.partition(":")
    if kind not in ("user", "group") or not name:
        raise CommandFailed(f"{member!r} is no member; user:NAME and group:NAME are.")
    return kind, name
