"""Inserts of thousands of rows: by COPY into a table of the transaction, and from there to their places.

Binding each value costs four times the processor time. Rows that must be new go to their places at once. Where the
transaction holds their owners and the role may, nobody looks for the owner of each: that is three quarters of a row.
"""

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
import sqlalchemy as sa
from psycopg import sql

from modelkeep.storage.bulk import STAGED, BulkInsert
from modelkeep.storage.transaction import Row

FEWEST = 2_000
"""So many rows are copied, fewer are bound. No request has so many: each copy makes a table, so the catalogue grows."""

_STAGE = sql.SQL("CREATE TEMPORARY TABLE {staged} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA")
_COPY = sql.SQL("COPY {target} ({columns}) FROM STDIN (FORMAT BINARY)")
_CHECK_NOTHING = "SET LOCAL session_replication_role = replica"
_CHECK_AGAIN = "SET LOCAL session_replication_role = origin"
_MAY_BE_GRANTED: LiteralString = "SELECT has_parameter_privilege('session_replication_role', 'SET')"
_IS_SUPERUSER: LiteralString = "SELECT current_setting('is_superuser') = 'on'"
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
        unchecked = bulk.owners_held and _may_leave_checks(cursor)
        if unchecked:
            cursor.execute(_CHECK_NOTHING, prepare=False)
        _copy(cursor, bulk, names, rows)
        if unchecked:
            cursor.execute(_CHECK_AGAIN, prepare=False)


def _may_leave_checks(cursor: psycopg.Cursor[Row]) -> bool:
    """Whether the role may leave out PostgreSQL's own look for the owner of each row."""
    # Before 15 only a superuser may, and nobody can be allowed to.
    grants = cursor.connection.info.server_version >= 150_000
    row = cursor.execute(_MAY_BE_GRANTED if grants else _IS_SUPERUSER, prepare=False).fetchone()
    return row is not None and bool(row[0])


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
