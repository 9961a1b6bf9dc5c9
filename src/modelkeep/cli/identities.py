"""What the commands on users, groups, roles, tokens and keys share."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import typer
from rich.console import Console
from rich.table import Table

from modelkeep.cli.caller import Caller
from modelkeep.cli.failure import CommandFailed

ROOT = "/api/3.0/modelkeep"


def path(*segments: str, **query: str) -> str:
    """A path below the root of identities."""
    where = "/".join((ROOT, *(quote(segment, safe="") for segment in segments)))
    given = {key: value for key, value in query.items() if value}
    return f"{where}?{urlencode(given)}" if given else where


def every(caller: Caller, kind: str) -> Iterator[dict[str, Any]]:
    """All users, groups or roles."""
    token = ""
    while True:
        answer = caller.call("GET", path(kind, page_token=token))
        yield from answer[kind]
        token = answer["next_page_token"]
        if not token:
            return


def show_one(found: dict[str, Any], as_json: bool) -> None:
    """One resource: its fields, one a line."""
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    table = Table(show_header=False)
    for key, value in found.items():
        table.add_row(key.replace("_", " "), cell(key, value))
    Console().print(table)


def show_all(found: Sequence[dict[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """Many: one a row."""
    if as_json:
        typer.echo(json.dumps(list(found), indent=2))
        return
    table = Table(*(column.replace("_", " ") for column in columns))
    for one in found:
        table.add_row(*(cell(column, one[column]) for column in columns))
    Console().print(table)


def cell(key: str, value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "never" if key in ("expires_at", "last_used_at", "last_login_at") else ""
    if key.endswith("_at"):
        return datetime.fromtimestamp(value / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(f"{item['kind']} {item['name']}" if isinstance(item, dict) else str(item) for item in value)
    return str(value)


def read_password(from_stdin: bool) -> str:
    """A new password: asked for twice at a terminal, or the first line of standard input. Never an argument, which
    every user of the machine could see in the list of processes.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandFailed("There is no terminal to ask for the password at; give it by --password-stdin.")
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def read_file(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"The file {str(file)!r} cannot be read: {error}.") from None
