"""`modelkeep group`: users that are granted something together."""

from typing import Annotated

import typer

from modelkeep.cli.caller import open_caller
from modelkeep.cli.identities import every, path, show_all, show_one
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data

app = typer.Typer(help="Groups of users.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the group.")]
_COLUMNS = ("name", "description", "members")


@app.command()
def create(
    name: Name,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Create a group."""
    with open_caller(data) as caller:
        created = caller.call("POST", path("groups"), {"name": name, "description": description})
    show_one(created["group"], as_json)


@app.command("list")
def list_(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """List groups with their members."""
    with open_caller(data) as caller:
        found = list(every(caller, "groups"))
    show_all(found, _COLUMNS, as_json)


@app.command()
def show(name: Name, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Show a group."""
    with open_caller(data) as caller:
        found = caller.call("GET", path("groups", name))
    show_one(found["group"], as_json)


@app.command("add-member")
def add_member(
    name: Name, user: Annotated[str, typer.Argument(help="Name of the user.")], data: Data = DATA_DEFAULT
) -> None:
    """Add a user to a group."""
    with open_caller(data) as caller:
        caller.call("POST", path("groups", name, "members"), {"kind": "user", "member": user})
    typer.echo(f"{user} is in {name}.")


@app.command("remove-member")
def remove_member(
    name: Name, user: Annotated[str, typer.Argument(help="Name of the user.")], data: Data = DATA_DEFAULT
) -> None:
    """Take a user out of a group."""
    with open_caller(data) as caller:
        caller.call("DELETE", path("groups", name, "members", kind="user", member=user))
    typer.echo(f"{user} is no longer in {name}.")


@app.command()
def delete(name: Name, data: Data = DATA_DEFAULT) -> None:
    """Delete a group with what it was granted. Its users stay."""
    with open_caller(data) as caller:
        caller.call("DELETE", path("groups", name))
    typer.echo(f"Deleted {name}.")
