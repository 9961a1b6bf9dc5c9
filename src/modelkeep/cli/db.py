"""`modelkeep db`: the schema of the database."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modelkeep.cli.failure import CommandFailed
from modelkeep.cli.places import DATA_DEFAULT, AsJson, Data
from modelkeep.core.settings import InvalidSetting, Settings, load_settings
from modelkeep.storage.errors import DatabaseUnusable, DataDirectoryError

if TYPE_CHECKING:
    from modelkeep.storage.migrate import State

app = typer.Typer(help="The schema of the database.", no_args_is_help=True)

Database = Annotated[
    str | None,
    typer.Option("--database", help="postgresql://…; where none is named, SQLite in the data directory."),
]


@app.command()
def upgrade(data: Data = DATA_DEFAULT, database: Database = None) -> None:
    """Apply the migrations that the database has not seen yet, all of them or none.

    On PostgreSQL, servers of the release before may run meanwhile.
    """
    from modelkeep.server.database import upgrade_database

    state = _outcome(upgrade_database, data, database)
    typer.echo(f"The database is at revision {state.revision}.")


@app.command()
def check(data: Data = DATA_DEFAULT, database: Database = None, as_json: AsJson = False) -> None:
    """Say where the database stands. Exit code 0 where this release can run on it as it is, 1 otherwise."""
    from modelkeep.storage.migrate import HEAD

    state = _state(data, database)
    pending = not state.current and not state.later
    if as_json:
        found = {"revision": state.revision, "head": HEAD, "pending": pending, "engine": state.engine}
        typer.echo(json.dumps(found, indent=2))
    else:
        typer.echo(f"revision {state.revision or 'none'}, head {HEAD}, {'pending' if pending else 'none pending'}")
        typer.echo(state.engine)
    if not state.current:
        raise typer.Exit(1)


@app.command()
def downgrade_check(
    revision: Annotated[
        str, typer.Argument(help="The head of the release to go back to, as its `modelkeep db check` says it.")
    ],
    data: Data = DATA_DEFAULT,
    database: Database = None,
) -> None:
    """Say whether an earlier release could run on the database as it is. Exit code 0 where it could, 1 otherwise."""
    state = _state(data, database)
    if state.revision is None or state.needs is None:
        raise CommandFailed("The database has no schema yet, or one that does not say what it needs.")
    able = state.needs <= revision
    typer.echo(
        f"A release whose head is {revision} {'can' if able else 'cannot'} run on this database: "
        f"it is at revision {state.revision}, which needs {state.needs}."
    )
    if not able:
        raise typer.Exit(1)


def _state(data: Path, database: str | None) -> "State":
    from modelkeep.server.database import database_state

    return _outcome(database_state, data, database)


def _outcome(act: Callable[[Settings], "State"], data: Path, database: str | None) -> "State":
    try:
        settings, _ = load_settings({"data": data, "database": database}, os.environ)
        return act(settings)
    except (InvalidSetting, DatabaseUnusable, DataDirectoryError) as error:
        raise CommandFailed(str(error)) from None
