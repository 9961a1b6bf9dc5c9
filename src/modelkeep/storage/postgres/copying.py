"""Inserts of thousands of rows: by COPY into a table of the transaction, and from there to their places.

Binding each value costs four times the processor time. Rows that must be new go to their places at once.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from modelkeep.storage.bulk import STAGED, BulkInsert
from modelkeep.storage.transaction import Row

FEWEST = 2_000
"""So many rows are copied, fewer are bound. No request has so many: each copy makes a table, so the catalogue grows."""

_STAGE = sql.SQL("CREATE TEMPORARY TABLE {staged} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA")
_COPY = sql.SQL("COPY {target} ({columns}) FROM STDIN (FORMAT BINARY)")
_UNSTAGE = sql.SQL("DROP TABLE {staged}")


def copy_rows(
    driver: psycopg.Connection[Row], bulk: BulkInsert, from_staged: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Insert the rows; `from_staged` is the insert's SQL that takes them from the table of the transaction."""
    names: dict[str, sql.Composable] = {"staged": sql.Identifier(STAGED), "table": sql.Identifier(bulk.table.name)}
    names["target"] = names["staged"]
    names["columns"] = sql.SQL(", ").join(map(sql.Identifier, bulk.columns))
    with driver.cursor() as cursor:
        cursor.execute(_STAGE.format(**names), prepare=False)
        _copy(cursor, bulk, names, rows)
        cursor.execute(from_staged.encode(), prepare=False)
        cursor.execute(_UNSTAGE.format(**names), prepare=False)


def copy_new_rows(driver: psycopg.Connection[Row], bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows none of which is there."""
    names: dict[str, sql.Composable] = {"target": sql.Identifier(bulk.table.name)}
    names["columns"] = sql.SQL(", ").join(map(sql.Identifier, bulk.columns))
    with driver.cursor() as cursor:
        _copy(cursor, bulk, names, rows)


def _copy(
    cursor: psycopg.Cursor[Row], bulk: BulkInsert, names: dict[str, sql.Composable], rows: Sequence[Sequence[Any]]
) -> None:
    with cursor.copy(_COPY.format(**names)) as copy:
        copy.set_types([_type_of(bulk.table.c[column]) for column in bulk.columns])
        for row in rows:
            copy.write_row(row)


def _type_of(column: sa.Column[Any]) -> str:
    if isinstance(column.type, sa.Double):
        return "float8"
    if isinstance(column.type, sa.SmallInteger):
        return "int2"
    return "int8" if isinstance(column.type, sa.Integer) else "text"
