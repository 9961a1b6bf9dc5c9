"""The two engines, each with a place of its own that is gone afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from bench.postgres import own_postgres
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
    with own_postgres(_SETTINGS) as url:
        yield Postgresql(home, url)
