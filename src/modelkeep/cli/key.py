"""`modelkeep key`: API keys, by which Oracle's clients sign their requests."""

from pathlib import Path
from typing import Annotated

import typer

from modelkeep.cli.caller import open_caller
from modelkeep.cli.identities import path, read_file, show_all, show_one
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data

app = typer.Typer(help="API keys of users.", no_args_is_help=True)

User = Annotated[str, typer.Argument(help="Name of the user.")]
_COLUMNS = ("fingerprint", "key_id", "created_at", "created_by", "last_used_at")


@app.command()
def add(
    user: User,
    public_key: Annotated[Path, typer.Option(help="The public key (PEM).")],
    tenancy: Annotated[str, typer.Option(help="OCID of the tenancy in the client's profile; one is made.")] = "",
    user_ocid: Annotated[str, typer.Option(help="OCID of the user in the client's profile; one is made.")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Add a public key to a user, and print the lines for ~/.oci/config."""
    body = {"public_key": read_file(public_key), "tenancy": tenancy, "user_ocid": user_ocid}
    with open_caller(data) as caller:
        added = caller.call("POST", path("users", user, "keys"), body)
    if as_json:
        show_one(added, as_json)
        return
    typer.echo("[DEFAULT]")
    for name, value in added["profile"].items():
        typer.echo(f"{name}={value}")
    typer.echo("region=us-ashburn-1")
    typer.echo("key_file=<the private key>")


@app.command("list")
def list_(user: User, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """List a user's keys."""
    with open_caller(data) as caller:
        found = caller.call("GET", path("users", user, "keys"))
    show_all(found["api_keys"], _COLUMNS, as_json)


@app.command()
def revoke(
    user: User, fingerprint: Annotated[str, typer.Argument(help="Which key.")], data: Data = DATA_DEFAULT
) -> None:
    """Revoke a key."""
    with open_caller(data) as caller:
        caller.call("DELETE", path("users", user, "keys", fingerprint))
    typer.echo(f"Revoked {fingerprint} of {user}.")
