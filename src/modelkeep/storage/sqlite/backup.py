"""A copy of the database while it is served: all of one moment, in one file."""

import contextlib
import sqlite3
from pathlib import Path

from modelkeep.storage.errors import Unavailable
from modelkeep.storage.sqlite.lock import DATABASE_NAME


def copy_database(directory: Path, target: Path) -> None:
    """Write the database of a data directory to a new file. Raises `Unavailable` where there is none that is whole."""
    source = directory / DATABASE_NAME
    if not source.is_file():
        raise Unavailable(f"There is no database in {str(directory)!r}.")
    try:
        with (
            contextlib.closing(sqlite3.connect(source, timeout=30)) as opened,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            opened.execute("PRAGMA query_only=ON")
            # In one step: a step later, another commit would have it begin again.
            opened.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            problem = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise Unavailable(f"The database of {str(directory)!r} cannot be copied: {error}.") from None
    if problem != "ok":
        raise Unavailable(f"The database of {str(directory)!r} is damaged: {problem}.")
