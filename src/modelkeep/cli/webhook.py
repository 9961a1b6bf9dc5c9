"""`modelkeep webhook`: the webhooks of a platform, and what could not be delivered to them."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.console import Console
from rich.table import Table

from modelkeep.cli.caller import Caller, open_caller
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data, operations_path

app = typer.Typer(help="Webhooks of a platform and their dead letters.", no_args_is_help=True)

Platform = Annotated[str, typer.Argument(help="PLATFORM")]
Webhook = Annotated[str, typer.Option("--webhook", help="Only those of the webhook with this id.")]


@app.command("list")
def list_(platform: Platform = "default", data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """List the webhooks of a platform."""
    with open_caller(data) as caller:
        found = _pages(caller, platform, "webhooks", "webhooks")
    table = Table("id", "name", "status", "url", "events")
    for webhook in found:
        events = ", ".join(f"{event['entity']}.{event['action']}".lower() for event in webhook["events"])
        table.add_row(webhook["webhook_id"], webhook["name"], webhook["status"], webhook["url"], events)
    _show(found, table, as_json)


@app.command()
def dead(
    platform: Platform = "default", webhook: Webhook = "", data: Data = DATA_DEFAULT, as_json: AsJson = False
) -> None:
    """List what could not be delivered, and why."""
    with open_caller(data) as caller:
        found = _pages(caller, platform, "internal/webhook-deliveries", "deliveries", state="DEAD", webhook_id=webhook)
    table = Table("id", "webhook", "event", "happened", "attempts", "status", "what was wrong")
    for letter in found:
        happened = datetime.fromtimestamp(letter["creation_timestamp"] / 1000, tz=UTC).isoformat(timespec="seconds")
        cells = (letter["id"], letter["webhook_id"], letter["event"], happened, letter["attempts"])
        table.add_row(*map(str, (*cells, letter["last_status"] or "none", letter["last_error"])))
    _show(found, table, as_json)


@app.command()
def retry(
    platform: Platform = "default",
    webhook: Webhook = "",
    ids: Annotated[str, typer.Option(help="Only dead letters with these ids, separated by commas.")] = "",
    data: Data = DATA_DEFAULT,
) -> None:
    """Send dead letters on their way again. A server that runs does the rest."""
    named = [part.strip() for part in ids.split(",") if part.strip()]
    total, more = 0, True
    with open_caller(data) as caller:
        while more:
            path = f"{operations_path(platform)}/internal/webhook-deliveries/retry"
            answer = caller.call("POST", path, {"webhook_id": webhook, "ids": named})
            total, more = total + answer["retried"], answer["more"]
    typer.echo(f"{total} dead letters are on their way again.")


def _pages(caller: Caller, platform: str, path: str, field: str, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        asked = urlencode({**query, "max_results": "1000", **({"page_token": token} if token else {})}, quote_via=quote)
        answer = caller.call("GET", f"{operations_path(platform)}/{path}?{asked}")
        found += answer[field]
        token = answer.get("next_page_token", "")
        if not token:
            return found


def _show(found: list[dict[str, Any]], table: Table, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        Console().print(table)
