"""Another program's database, opened to be read and nothing else, on one snapshot from the first read to the end."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from modelkeep.storage.errors import DatabaseUnusable
from modelkeep.storage.query import Compiled
from modelkeep.storage.transaction import Row

_READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


class ForeignDatabase:
    """A SQLite file, or a PostgreSQL database by its URL. Raises `DatabaseUnusable` for what cannot be read."""

    def __init__(self, place: Path | str) -> None:
        self._engine, self._dialect = _sqlite(place) if isinstance(place, Path) else _postgres(place)
        self._failure = self._engine.dialect.loaded_dbapi.Error
        self._names = itertools.count(1)
        self._columns: dict[str, frozenset[str]] = {}
        try:
            self._connection = self._engine.connect()
            if self._engine.dialect.name == "postgresql":
                self._connection.exec_driver_sql(_READ_ONLY)
            else:
                self._connection.exec_driver_sql("BEGIN")
            self._driver: Any = self._connection.connection.driver_connection
            self.tables = frozenset(sa.inspect(self._connection).get_table_names())
        except sa.exc.DBAPIError as error:
            self._engine.dispose()
            raise DatabaseUnusable(f"it cannot be read: {_one_line(error.orig)}.") from None

    def columns(self, table: str) -> frozenset[str]:
        """The names of a table's columns; none where there is no such table."""
        known = self._columns.get(table)
        if known is None:
            found = sa.inspect(self._connection).get_columns(table) if table in self.tables else []
            known = self._columns[table] = frozenset(column["name"] for column in found)
        return known

    def rows(self, statement: sa.Select[Any], at_once: int) -> Iterator[list[Row]]:
        """The rows of a statement, some at a time, however many they are."""
        form = Compiled(statement, self._dialect)
        try:
            # The driver's own tuples: rows that know their columns by name cost as much again as reading them.
            with closing(self._cursor()) as cursor:
                cursor.execute(form.sql, form.bind({}))
                while part := cursor.fetchmany(at_once):
                    yield part
        except self._failure as error:
            raise DatabaseUnusable(f"it cannot be read any further: {_one_line(error)}.") from None

    def _cursor(self) -> Any:
        """PostgreSQL sends all rows at once unless its cursor has a name."""
        if self._dialect.name == "postgresql":
            return self._driver.cursor(name=f"import_{next(self._names)}")
        return self._driver.cursor()

    def all(self, statement: sa.Select[Any]) -> list[Row]:
        """All rows of a statement that has few."""
        return [row for part in self.rows(statement, 1_000) for row in part]

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()


def _sqlite(path: Path) -> tuple[sa.Engine, sa.Dialect]:
    # SQLite itself then refuses every write, and makes no file where there is none.
    url = f"sqlite:///file:{quote(str(path.resolve()))}?mode=ro&uri=true"
    engine = sa.create_engine(url, connect_args={"check_same_thread": False, "timeout": 30}, poolclass=sa.NullPool)

    @sa.event.listens_for(engine, "connect")
    def _(connection: Any, record: Any) -> None:
        # Otherwise Python's driver would begin no transaction for what only reads.
        connection.isolation_level = None
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA cache_size=-65536")

    return engine, engine.dialect


def _postgres(url: str) -> tuple[sa.Engine, sa.Dialect]:
    try:
        import psycopg
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
    except ImportError:
        raise DatabaseUnusable(
            "PostgreSQL needs a driver that is not installed: pip install 'modelkeep[postgres]'."
        ) from None
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url, connect_timeout=10), poolclass=sa.NullPool
    )
    return engine, PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]


def _one_line(error: object) -> str:
    return " ".join(str(error).split()).rstrip(".")
