"""Inserts of many rows: a few statements, every row once, in order."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert

from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.query import Query
from modelkeep.storage.sqlite.connection import SqliteConnection

_TABLE = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("a", sa.Integer, primary_key=True),
    sa.Column("unused", sa.Integer),
    sa.Column("b", sa.Text),
)
_ALL = Query(sa.select(_TABLE.c.a, _TABLE.c.b).order_by(sa.literal_column("rowid")))


def _over(statement: Insert) -> Insert:
    return statement.on_conflict_do_update(index_elements=["a"], set_={"b": statement.excluded.b})


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    connection = SqliteConnection(tmp_path / "things.db", writes=True)
    connection.control("CREATE TABLE things (a INTEGER PRIMARY KEY, unused INTEGER, b TEXT)")
    yield connection
    connection.close()


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 15, 16, 100, 255, 256, 257, 519, 1_000])
def test_every_row_is_inserted_once_and_in_order(connection: SqliteConnection, count: int) -> None:
    rows = [(number, f"text {number}") for number in range(count)]
    connection.insert(BulkInsert(_TABLE, ("a", "b")), rows)
    assert connection.rows(_ALL, {}) == rows


@pytest.mark.parametrize(("count", "statements"), [(1, 1), (8, 1), (11, 2), (256, 1), (1_000, 7)])
def test_many_rows_take_few_statements(count: int, statements: int) -> None:
    parts = list(BulkInsert(_TABLE, ("a", "b")).parts([(number, "x") for number in range(count)]))
    assert len(parts) == statements
    assert sum(len(arguments) for _, arguments in parts) == 2 * count


def test_the_same_number_of_rows_is_the_same_statement_again() -> None:
    bulk = BulkInsert(_TABLE, ("a", "b"))
    first, again = (next(bulk.parts([(number, "x")]))[0] for number in range(2))
    assert first is again


def test_without_a_word_on_conflicts_a_row_that_is_there_is_an_error(connection: SqliteConnection) -> None:
    bulk = BulkInsert(_TABLE, ("a", "b"))
    connection.insert(bulk, [(1, "first")])
    connection.flush()
    connection.insert(bulk, [(0, "new"), (1, "second")])
    with pytest.raises(UniqueViolation):
        connection.flush()
    assert connection.rows(_ALL, {}) == [(1, "first")]


@pytest.mark.parametrize("count", [3, 300])
def test_a_row_that_is_there_stays_where_known_ones_are_ignored(connection: SqliteConnection, count: int) -> None:
    connection.insert(BulkInsert(_TABLE, ("a", "b"), ignore_known), [(1, "first"), (1, "twice")])
    connection.insert(BulkInsert(_TABLE, ("a", "b"), ignore_known), [(number, "second") for number in range(count)])
    assert dict(connection.rows(_ALL, {})) == {number: "first" if number == 1 else "second" for number in range(count)}


def test_a_row_that_is_there_is_changed_where_the_insert_says_so(connection: SqliteConnection) -> None:
    bulk = BulkInsert(_TABLE, ("a", "b"), _over)
    for text in ("first", "second"):
        connection.insert(bulk, [(number, text) for number in range(20)])
    assert set(connection.rows(_ALL, {})) == set(zip(range(20), itertools.repeat("second"), strict=False))


def test_columns_in_another_order_than_the_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="columns of things must be named in its own order"):
        BulkInsert(_TABLE, ("b", "a"))
