"""The writes of a transaction count on from the first, and nobody sees a difference."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from modelkeep.storage.counter import Counter
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, registered_models
from modelkeep.storage.sqlite.connection import SqliteConnection
from tests.storage.test_put_off import _MODELS, _written

_m = registered_models.c
_NAMED = _m.name == sa.bindparam("name"), _m.platform_id == sa.bindparam("platform")
_VERSIONS = Counter(
    Query(
        sa.update(registered_models)
        .where(*_NAMED)
        .values(last_version=_m.last_version + 1, updated_at=sa.bindparam("now"))
        .returning(_m.id, _m.last_version, _m.description)
    ),
    Query(
        sa.update(registered_models)
        .where(_m.id == sa.bindparam("row"))
        .values(last_version=_m.last_version + sa.bindparam("by"), updated_at=sa.bindparam("now"))
    ),
    "platform",
    "name",
)
_STATE = Query(sa.select(_m.last_version, _m.updated_at).where(_m.name == sa.bindparam("name")))
_DESCRIBE = Query(sa.update(registered_models).values(description="new"))
_DELETE = Query(sa.delete(platforms))


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    path = tmp_path / "modelkeep.db"
    upgrade(f"sqlite:///{path}")
    connection = SqliteConnection(path, writes=True)
    connection.driver.execute("INSERT INTO platforms (key, created_at, updated_at, revision) VALUES ('p', 0, 0, 1)")
    connection.control("BEGIN IMMEDIATE")
    connection.insert(_MODELS, [(1, 1, "a", 0, 0, 0, 0, 1), (2, 1, "b", 0, 0, 7, 0, 1)])
    connection.control("COMMIT")
    connection.control("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def _count(connection: SqliteConnection, name: str = "a", now: int = 0) -> Any:
    return connection.next_number(_VERSIONS, {"platform": 1, "name": name, "now": now})


def test_each_is_given_the_next_number_and_the_row_is_raised_once_more(connection: SqliteConnection) -> None:
    assert [_count(connection, now=now)[1] for now in (1, 2, 3)] == [1, 2, 3]
    before = _written(connection)
    connection.control("COMMIT")
    assert _written(connection) == before + 1
    assert connection.rows(_STATE, {"name": "a"}) == [(3, 3)]


def test_rows_are_counted_apart(connection: SqliteConnection) -> None:
    assert [_count(connection, name)[:2] for name in "abab"] == [(1, 1), (2, 8), (1, 2), (2, 9)]
    connection.control("COMMIT")
    assert [connection.rows(_STATE, {"name": name})[0][0] for name in "ab"] == [2, 9]


def test_what_is_not_there_is_not_counted(connection: SqliteConnection) -> None:
    assert _count(connection, "c") is None
    connection.insert(_MODELS, [(3, 1, "c", 0, 0, 0, 0, 1)])
    assert _count(connection, "c")[:2] == (3, 1)


def test_who_reads_the_row_sees_what_was_counted(connection: SqliteConnection) -> None:
    _count(connection)
    _count(connection)
    assert connection.rows(_STATE, {"name": "a"})[0][0] == 2
    assert _count(connection)[1] == 3


def test_who_searches_it_does_too(connection: SqliteConnection) -> None:
    _count(connection)
    _count(connection)
    assert connection.search(sa.select(_m.last_version).where(_m.name == "a")) == [(2,)]


def test_what_else_was_returned_is_asked_again_once_it_may_have_changed(connection: SqliteConnection) -> None:
    assert _count(connection)[2] == ""
    connection.count(_DESCRIBE, {})
    assert _count(connection)[1:] == (2, "new")


def test_what_is_deleted_is_not_counted_on(connection: SqliteConnection) -> None:
    _count(connection)
    connection.count(_DELETE, {})
    assert _count(connection) is None


def test_what_was_counted_is_gone_with_its_transaction(connection: SqliteConnection) -> None:
    _count(connection)
    _count(connection)
    connection.control("ROLLBACK")
    connection.control("BEGIN IMMEDIATE")
    assert _count(connection)[1] == 1
    connection.control("COMMIT")
    assert connection.rows(_STATE, {"name": "a"})[0][0] == 1


def test_a_count_is_a_change(connection: SqliteConnection) -> None:
    _count(connection)
    before = connection.changes
    _count(connection)
    assert connection.changes != before
