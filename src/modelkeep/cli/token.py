"""`modelkeep token`: access tokens, and session tokens for Oracle's clients."""

import os
from pathlib import Path
from typing import Annotated

import typer

from modelkeep.cli.caller import open_caller
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.identities import path, read_file, show_all, show_one
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data

app = typer.Typer(help="Access tokens of users.", no_args_is_help=True)

User = Annotated[str, typer.Argument(help="Name of the user.")]
Name = Annotated[str, typer.Argument(help="Name of the token.")]
_COLUMNS = ("name", "hint", "scope", "platform", "created_at", "expires_at", "last_used_at")
_SESSION_COLUMNS = ("id", "created_at", "created_by", "expires_at")
_KEY_BITS = 2_048


@app.command()
def create(
    user: User,
    name: Name,
    scope: Annotated[str, typer.Option(help="The most that can be done with it: READ, MANAGE or ADMIN.")] = "ADMIN",
    platform: Annotated[str, typer.Option(help="The one platform that it reaches.")] = "",
    days: Annotated[int | None, typer.Option(help="How long it holds; for ever where that is not said.")] = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is printed this once."""
    with open_caller(data) as caller:
        body = {"name": name, "scope": scope, "platform": platform, "days": days}
        created = caller.call("POST", path("users", user, "tokens"), body)
    if as_json:
        show_one(created, as_json)
    else:
        typer.echo(created["token"])


@app.command("list")
def list_(user: User, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """List a user's tokens, without what they are."""
    with open_caller(data) as caller:
        found = caller.call("GET", path("users", user, "tokens"))
    show_all(found["access_tokens"], _COLUMNS, as_json)


@app.command()
def revoke(user: User, name: Name, data: Data = DATA_DEFAULT) -> None:
    """Revoke a token."""
    with open_caller(data) as caller:
        caller.call("DELETE", path("users", user, "tokens", name))
    typer.echo(f"Revoked {name} of {user}.")


@app.command()
def session(
    user: User,
    folder: Annotated[Path, typer.Argument(help="Where the key and the token are written.")],
    minutes: Annotated[int, typer.Option(help="How long it holds: 1 to 1,440.")] = 60,
    public_key: Annotated[
        Path | None, typer.Option(help="Public half of a key of your own (PEM); without it a key is made.")
    ] = None,
    data: Data = DATA_DEFAULT,
) -> None:
    """Make a session token for Oracle's clients, and print the lines of a profile that uses it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = read_file(public_key) if public_key is not None else _new_key(folder / "session_key.pem")
        with open_caller(data) as caller:
            body = {"public_key": pem, "minutes": minutes}
            made = caller.call("POST", path("users", user, "session-tokens"), body)
        _write_secret(folder / "session_token", made["token"])
    except OSError as error:
        raise CommandFailed(f"The folder {str(folder)!r} cannot be written: {error.strerror}.") from None
    typer.echo("[DEFAULT]")
    if public_key is None:
        typer.echo(f"key_file={(folder / 'session_key.pem').resolve()}")
    typer.echo(f"security_token_file={(folder / 'session_token').resolve()}")
    typer.echo("tenancy=ocid1.tenancy.modelkeep..modelkeep")
    typer.echo("fingerprint=00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00")
    typer.echo("region=us-ashburn-1")


@app.command()
def sessions(user: User, data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """List a user's session tokens that still hold."""
    with open_caller(data) as caller:
        found = caller.call("GET", path("users", user, "session-tokens"))
    show_all(found["session_tokens"], _SESSION_COLUMNS, as_json)


@app.command("revoke-session")
def revoke_session(
    user: User,
    session_id: Annotated[str, typer.Argument(help="Id of the session token, as 'sessions' lists it.")],
    data: Data = DATA_DEFAULT,
) -> None:
    """Revoke a session token."""
    with open_caller(data) as caller:
        caller.call("DELETE", path("users", user, "session-tokens", session_id))
    typer.echo(f"Revoked session token {session_id} of {user}.")


def _new_key(file: Path) -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)
    _write_secret(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _write_secret(file: Path, text: str) -> None:
    """A file that its owner alone can read, from the beginning."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        target.write(text)
