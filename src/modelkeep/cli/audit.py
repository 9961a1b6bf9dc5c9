"""`modelkeep audit`: who did what, on what, when and from where."""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from modelkeep.cli.caller import Caller, open_caller
from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.identities import show_all
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data

_PATH = "/api/3.0/modelkeep/audit"
_PAGE = 1_000
_COLUMNS = ("at", "principal", "operation", "subject_name", "platform", "refusal")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(audit)


def audit(
    since: Annotated[str, typer.Option(help="From this time on, UTC: 2026-11-25 or 2026-11-25T08:30.")] = "",
    until: Annotated[str, typer.Option(help="Before this time, UTC.")] = "",
    principal: Annotated[str, typer.Option(help="Who did it.")] = "",
    operation: Annotated[str, typer.Option(help="What was done, such as delete_registered_model.")] = "",
    subject: Annotated[str, typer.Option(help="On what: its name or id.")] = "",
    kind: Annotated[str, typer.Option(help="On what kind of thing, such as registered_model.")] = "",
    platform: Annotated[str, typer.Option(help="On this platform.")] = "",
    refused: Annotated[bool, typer.Option("--refused", help="What was refused alone.")] = False,
    done: Annotated[bool, typer.Option("--done", help="What was done alone.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many, the newest; 0 is all.")] = 100,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show the records of writes and refused attempts, the newest first."""
    if refused and done:
        raise CommandFailed("--refused and --done leave nothing.")
    asked = {
        "since": _milliseconds(since),
        "until": _milliseconds(until),
        "principal": principal,
        "operation": operation,
        "subject": subject,
        "subject_kind": kind,
        "workspace": platform,
        "outcome": "refused" if refused else "done" if done else "",
    }
    with open_caller(data) as caller:
        records = _records(caller, {name: value for name, value in asked.items() if value != ""}, limit)
        if as_csv:
            _print_csv(records)
        elif as_json:
            for record in records:
                typer.echo(json.dumps(record))
        else:
            show_all([{**record, "at": _time(record["at"])} for record in records], _COLUMNS, as_json=False)


def _records(caller: Caller, asked: dict[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    """Page by page, so that an export of any length takes no more memory than a page."""
    token, left = "", limit or sys.maxsize
    while left > 0:
        query = {**asked, "max_results": min(left, _PAGE), **({"page_token": token} if token else {})}
        answer = caller.call("GET", f"{_PATH}?{urlencode(query)}")
        yield from answer["records"]
        left -= len(answer["records"])
        token = answer.get("next_page_token", "")
        if not token:
            return


def _print_csv(records: Iterator[dict[str, Any]]) -> None:
    writer: csv.DictWriter[str] | None = None
    for record in records:
        if writer is None:
            writer = csv.DictWriter(sys.stdout, list(record))
            writer.writeheader()
        # What a spreadsheet would take for a formula is told apart by a quote before it.
        writer.writerow({key: f"'{value}" if str(value)[:1] in "=+-@" else value for key, value in record.items()})


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")


def _milliseconds(text: str) -> int | str:
    if not text:
        return ""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed(f"{text!r} is no time; 2026-11-25 and 2026-11-25T08:30 are.") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
