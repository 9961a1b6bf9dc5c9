"""`modelkeep user`: who may call."""

from typing import Annotated, Any

import typer

from modelkeep.cli.caller import open_caller
from modelkeep.cli.identities import every, path, read_password, show_all, show_one
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data

app = typer.Typer(help="Users.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the user.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
_COLUMNS = (
    "name",
    "display_name",
    "is_administrator",
    "is_disabled",
    "has_password",
    "groups",
    "roles",
    "last_login_at",
)


@app.command()
def create(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="An administrator, who may do everything.")] = False,
    password: Annotated[
        bool, typer.Option(help="Give it a password; without one it logs in by tokens, keys or an identity provider.")
    ] = True,
    password_stdin: FromStdin = False,
    display_name: Annotated[str, typer.Option(help="Name that people read.")] = "",
    email: Annotated[str, typer.Option(help="Address of mail.")] = "",
    acts_for_others: Annotated[
        bool, typer.Option("--acts-for-others", help="A gateway: it may call on behalf of other users.")
    ] = False,
    issuer: Annotated[str, typer.Option(help="Identity provider that knows the user.")] = "",
    subject: Annotated[str, typer.Option(help="What the identity provider calls the user.")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Create a user; the password is asked for."""
    body: dict[str, Any] = {
        "name": name,
        "display_name": display_name,
        "email": email,
        "is_administrator": admin,
        "acts_for_others": acts_for_others,
        "issuer": issuer,
        "subject": subject,
    }
    if password:
        body["password"] = read_password(password_stdin)
    with open_caller(data) as caller:
        created = caller.call("POST", path("users"), body)
    show_one(created["user"], as_json)


@app.command("list")
def list_(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """List users."""
    with open_caller(data) as caller:
        found = list(every(caller, "users"))
    show_all(found, _COLUMNS, as_json)


@app.command()
def show(name: Name, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Show a user."""
    with open_caller(data) as caller:
        found = caller.call("GET", path("users", name))
    show_one(found["user"], as_json)


@app.command()
def update(
    name: Name,
    admin: Annotated[bool | None, typer.Option("--admin/--no-admin", help="Whether it is an administrator.")] = None,
    acts_for_others: Annotated[
        bool | None, typer.Option("--acts-for-others/--no-acts-for-others", help="Whether it is a gateway.")
    ] = None,
    display_name: Annotated[str | None, typer.Option(help="Name that people read.")] = None,
    email: Annotated[str | None, typer.Option(help="Address of mail.")] = None,
    issuer: Annotated[str | None, typer.Option(help="Identity provider that knows the user.")] = None,
    subject: Annotated[str | None, typer.Option(help="What the identity provider calls the user.")] = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Change a user; what is not named stays."""
    given = {
        "is_administrator": admin,
        "acts_for_others": acts_for_others,
        "display_name": display_name,
        "email": email,
        "issuer": issuer,
        "subject": subject,
    }
    with open_caller(data) as caller:
        body = {key: value for key, value in given.items() if value is not None}
        changed = caller.call("PATCH", path("users", name), body)
    show_one(changed["user"], as_json)


@app.command("set-password")
def set_password(name: Name, password_stdin: FromStdin = False, data: Data = DATA_DEFAULT) -> None:
    """Set a user's password, which is asked for. Browsers that were logged in have to log in again."""
    password = read_password(password_stdin)
    with open_caller(data) as caller:
        caller.call("PUT", path("users", name, "password"), {"password": password})
    typer.echo(f"The password of {name} is set.")


@app.command()
def disable(name: Name, data: Data = DATA_DEFAULT) -> None:
    """Let a user in no longer; all that it has stays."""
    with open_caller(data) as caller:
        caller.call("PATCH", path("users", name), {"is_disabled": True})
    typer.echo(f"Disabled {name}.")


@app.command()
def enable(name: Name, data: Data = DATA_DEFAULT) -> None:
    """Let a disabled user in again."""
    with open_caller(data) as caller:
        caller.call("PATCH", path("users", name), {"is_disabled": False})
    typer.echo(f"Enabled {name}.")


@app.command()
def delete(name: Name, data: Data = DATA_DEFAULT) -> None:
    """Delete a user with its credentials, memberships and grants."""
    with open_caller(data) as caller:
        caller.call("DELETE", path("users", name))
    typer.echo(f"Deleted {name}.")
