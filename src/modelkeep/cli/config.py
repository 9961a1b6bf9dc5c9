"""`modelkeep config`."""

import json

import typer
from rich.console import Console
from rich.table import Table

from modelkeep.cli.flags import with_settings
from modelkeep.core.settings import Origin, Settings, shown_value


def add_to(app: typer.Typer) -> None:
    app.command("config")(with_settings(config))


def config(settings: Settings, origins: list[Origin]) -> None:
    """Print the settings in force and where each came from; as JSON where the output is no terminal."""
    console = Console()
    if not console.is_terminal:
        shown = {origin.name: {"value": shown_value(origin), "from": origin.source} for origin in origins}
        typer.echo(json.dumps(shown, indent=2))
        return
    table = Table("setting", "value", "from", "meaning")
    for origin in origins:
        table.add_row(origin.name, str(shown_value(origin)), origin.source, origin.meaning)
    console.print(table)
