"""Inserts of thousands of rows, which PostgreSQL is handed by COPY: the same as fewer rows, but for the way."""

import math
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa

from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.errors import ForeignKeyViolation, UniqueViolation
from modelkeep.storage.postgres.connection import PostgresConnection
from modelkeep.storage.query import Query

_TABLE = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("a", sa.BigInteger, primary_key=True),
    sa.Column("unused", sa.BigInteger),
    sa.Column("b", sa.Text),
    sa.Column("c", sa.Double),
    sa.Column("d", sa.SmallInteger),
)
_ALL = Query(sa.select(_TABLE.c.a, _TABLE.c.b, _TABLE.c.c, _TABLE.c.d).order_by(_TABLE.c.a))
_INSERT = BulkInsert(_TABLE, ("a", "b", "c", "d"))
_IGNORE = BulkInsert(_TABLE, ("a", "b", "c", "d"), ignore_known)
_MANY = 5_000


@pytest.fixture
def connection(database: str) -> Iterator[PostgresConnection]:
    driver: psycopg.Connection[tuple[object, ...]] = psycopg.connect(database, autocommit=True)
    opened = PostgresConnection(driver, prepare=True)
    opened.control(b"CREATE TABLE things (a BIGINT PRIMARY KEY, unused BIGINT, b TEXT, c FLOAT8, d SMALLINT); BEGIN")
    yield opened
    opened.close()


def _rows(text: str) -> list[tuple[int, str, float, int]]:
    return [(number, f"{text} \t\\N\n{number}", math.inf if number == 7 else number / 3, 1) for number in range(_MANY)]


def test_every_row_is_inserted_once(connection: PostgresConnection) -> None:
    connection.insert(_INSERT, _rows("text"))
    assert connection.rows(_ALL, {}) == _rows("text")


def test_a_row_that_is_there_stays_and_a_transaction_may_copy_twice(connection: PostgresConnection) -> None:
    connection.insert(_INSERT, _rows("first")[:3])
    for _ in range(2):
        connection.insert(_IGNORE, _rows("second"))
    assert connection.rows(_ALL, {}) == _rows("first")[:3] + _rows("second")[3:]


def test_a_row_that_is_there_is_an_error_otherwise(connection: PostgresConnection) -> None:
    connection.insert(_INSERT, _rows("first")[-1:])
    with pytest.raises(UniqueViolation):
        connection.insert(_INSERT, _rows("second"))


def test_it_counts_as_a_change(connection: PostgresConnection) -> None:
    before = connection.changes
    connection.insert(_INSERT, _rows("text"))
    assert connection.changes > before


_PARTS = sa.Table("parts", sa.MetaData(), sa.Column("a", sa.BigInteger), sa.Column("owner", sa.BigInteger))
_PART_OWNERS = Query(sa.select(sa.func.count(), sa.func.count(sa.distinct(_PARTS.c.owner))))
_CHECKED = BulkInsert(_PARTS, ("a", "owner"))
_HELD = BulkInsert(_PARTS, ("a", "owner"), owners_held=True)
_OWNED_BY_NOBODY = [(number, number % 7 + 1) for number in range(_MANY)]
_MAKE_PARTS = b"CREATE TABLE parts (a BIGINT, owner BIGINT REFERENCES things)"


def test_nobody_looks_for_owners_that_the_transaction_holds(connection: PostgresConnection) -> None:
    connection.control(_MAKE_PARTS)
    connection.insert(_HELD, _OWNED_BY_NOBODY)
    assert connection.rows(_PART_OWNERS, {}) == [(_MANY, 7)]
    # What comes after in the same transaction is looked at as ever.
    with pytest.raises(ForeignKeyViolation):
        connection.insert(_CHECKED, _OWNED_BY_NOBODY)


def test_a_role_that_may_not_leave_that_out_has_every_owner_looked_for(connection: PostgresConnection) -> None:
    connection.control(_MAKE_PARTS)
    connection.control(b"CREATE ROLE modest_of_copies; GRANT ALL ON ALL TABLES IN SCHEMA public TO modest_of_copies")
    connection.insert(_INSERT, _rows("owner"))
    connection.control(b"SET LOCAL ROLE modest_of_copies")
    connection.insert(_HELD, _OWNED_BY_NOBODY)
    assert connection.rows(_PART_OWNERS, {}) == [(_MANY, 7)]
    with pytest.raises(ForeignKeyViolation):
        connection.insert(_HELD, [(number, -1) for number in range(_MANY)])
