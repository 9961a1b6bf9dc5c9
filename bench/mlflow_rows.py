"""Rows put into MLflow's own database, on SQLite or PostgreSQL: through its API they would take minutes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa

_AT_ONCE = 5_000


class Rows:
    """One transaction on the database."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, table: str, column: str, value: str) -> list[dict[str, Any]]:
        """The rows that have this value."""
        found = self._connection.execute(sa.text(f"SELECT * FROM {table} WHERE {column} = :value"), {"value": value})
        return [dict(row) for row in found.mappings()]

    def run(self, statement: str, **values: Any) -> None:
        self._connection.execute(sa.text(statement), values)

    def columns(self, table: str) -> list[str]:
        return [column["name"] for column in sa.inspect(self._connection).get_columns(table)]

    def insert(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows that all have the columns of the first."""
        source = iter(rows)
        while part := list(islice(source, _AT_ONCE)):
            names = list(part[0])
            columns, places = ", ".join(f'"{name}"' for name in names), ", ".join(f":{name}" for name in names)
            self._connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), part)


@contextmanager
def rows_of(url: str) -> Iterator[Rows]:
    """The rows of MLflow's database at the URL that MLflow has for it."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.begin() as connection:
            yield Rows(connection)
    finally:
        engine.dispose()
