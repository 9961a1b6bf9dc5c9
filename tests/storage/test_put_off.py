"""Inserts of many writes go in together, and nobody sees a difference."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.errors import ForeignKeyViolation, UniqueViolation
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Query
from modelkeep.storage.schema import registered_model_tags as tags
from modelkeep.storage.schema import registered_models, server_secrets
from modelkeep.storage.sqlite.connection import SqliteConnection

_MODELS = BulkInsert(
    registered_models,
    [
        column.name
        for column in registered_models.columns
        if column.name not in ("description", "deployment_job_id", "user_id", "workspace_id")
    ],
)
_TAGS = BulkInsert(tags, ("model_id", "key", "value"))
_TAGS_IF_NEW = BulkInsert(tags, ("model_id", "key", "value"), ignore_known)
_SECRETS = BulkInsert(server_secrets, ("name", "value"))
_KEYS = Query(sa.select(tags.c.key).order_by(tags.c.key))
_VALUES = Query(sa.select(tags.c.value))
_RENAME_MODELS = Query(sa.update(registered_models).values(name="renamed"))
_DELETE_MODELS = Query(sa.delete(registered_models))
_TAG_ONE = Query(sa.insert(tags).values(model_id=1, key="direct", value=""))


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    path = tmp_path / "modelkeep.db"
    upgrade(f"sqlite:///{path}")
    connection = SqliteConnection(path, writes=True)
    connection.driver.execute("INSERT INTO platforms (key, created_at, updated_at, revision) VALUES ('p', 0, 0, 1)")
    connection.control("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def _model(connection: SqliteConnection, number: int = 1) -> None:
    connection.insert(_MODELS, [(number, 1, f"model {number}", 0, 0, 0, 0, 1)])


def _written(connection: SqliteConnection) -> int:
    return int(connection.driver.total_changes)


def test_an_insert_runs_when_its_transaction_is_committed(connection: SqliteConnection) -> None:
    before = _written(connection)
    connection.insert(_SECRETS, [("one", b"")])
    connection.insert(_SECRETS, [("two", b"")])
    assert _written(connection) == before
    connection.control("COMMIT")
    assert _written(connection) == before + 2


def test_who_asks_for_a_table_sees_the_rows_that_wait_for_it(connection: SqliteConnection) -> None:
    _model(connection)
    connection.insert(_TAGS, [(1, "team", "risk")])
    assert connection.rows(_KEYS, {}) == [("team",)]


def test_a_search_sees_them_as_well(connection: SqliteConnection) -> None:
    _model(connection)
    assert connection.search(sa.select(registered_models.c.name)) == [("model 1",)]


@pytest.mark.parametrize(
    "write", [_RENAME_MODELS, _DELETE_MODELS, _TAG_ONE], ids=["an update", "a delete", "an insert that refers to them"]
)
def test_a_write_that_touches_them_comes_after_them(connection: SqliteConnection, write: Query) -> None:
    _model(connection)
    assert connection.count(write, {}) == 1


def test_a_delete_takes_along_what_waits_below_it(connection: SqliteConnection) -> None:
    _model(connection)
    connection.insert(_TAGS, [(1, "team", "risk")])
    connection.count(_DELETE_MODELS, {})
    assert connection.rows(_KEYS, {}) == []


def test_a_statement_on_other_tables_leaves_them_waiting(connection: SqliteConnection) -> None:
    connection.insert(_SECRETS, [("one", b"")])
    before = _written(connection)
    connection.rows(_KEYS, {})
    assert _written(connection) == before


def test_rows_go_in_after_those_that_they_refer_to(connection: SqliteConnection) -> None:
    _model(connection)
    connection.control("COMMIT")
    connection.control("BEGIN IMMEDIATE")
    connection.insert(_TAGS, [(1, "team", "risk")])
    _model(connection, 2)
    connection.insert(_TAGS, [(2, "team", "risk")])
    connection.control("COMMIT")
    assert connection.rows(_KEYS, {}) == [("team",), ("team",)]


def test_two_inserts_into_one_table_keep_their_order(connection: SqliteConnection) -> None:
    _model(connection)
    connection.insert(_TAGS, [(1, "team", "first")])
    connection.insert(_TAGS_IF_NEW, [(1, "team", "second")])
    assert connection.rows(_VALUES, {}) == [("first",)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [([(1, "k", "v"), (1, "k", "v")], UniqueViolation), ([(7, "k", "v")], ForeignKeyViolation)],
    ids=["twice", "without what it refers to"],
)
def test_what_is_wrong_with_a_row_shows_before_the_commit(
    connection: SqliteConnection, rows: list[tuple[int, str, str]], expected: type[Exception]
) -> None:
    _model(connection)
    connection.insert(_TAGS, rows)
    with pytest.raises(expected):
        connection.control("COMMIT")
    assert connection.in_transaction


def test_rows_that_wait_are_gone_with_their_transaction(connection: SqliteConnection) -> None:
    _model(connection)
    connection.insert(_TAGS, [(1, "team", "risk")])
    connection.control("ROLLBACK")
    connection.control("BEGIN IMMEDIATE")
    connection.control("COMMIT")
    assert connection.rows(_KEYS, {}) == []


def test_rows_that_wait_count_as_changes(connection: SqliteConnection) -> None:
    before = connection.changes
    _model(connection)
    assert connection.changes > before


@pytest.mark.parametrize("count", [1, 255, 256, 257, 1_500])
def test_any_number_of_rows_goes_in_once(connection: SqliteConnection, count: int) -> None:
    _model(connection)
    connection.insert(_TAGS, [(1, f"{number:06}", "") for number in range(count)])
    assert [key for (key,) in connection.rows(_KEYS, {})] == [f"{number:06}" for number in range(count)]


def test_a_transaction_that_lost_rows_is_not_committed_though_a_neighbour_took_the_error(
    connection: SqliteConnection,
) -> None:
    connection.driver.execute("INSERT INTO server_secrets (name, value) VALUES ('one', '')")
    connection.insert(_SECRETS, [("one", b"")])
    _model(connection)
    changes = connection.changes
    with pytest.raises(UniqueViolation):
        connection.flush()
    assert connection.changes != changes, "who came upon it would think that nothing has to be undone"
    with pytest.raises(UniqueViolation):
        connection.control("COMMIT")
    connection.control("ROLLBACK")
    connection.control("BEGIN IMMEDIATE")
    connection.insert(_SECRETS, [("two", b"")])
    connection.control("COMMIT")


@pytest.mark.parametrize("value", [2**70, "\ud800"], ids=["a number of 70 bits", "half a character"])
def test_a_transaction_that_lost_rows_to_a_value_that_cannot_be_kept_is_not_committed(
    connection: SqliteConnection, value: Any
) -> None:
    connection.insert(_SECRETS, [("one", b"")])
    connection.insert(_SECRETS, [("two", value)])
    changes = connection.changes
    with pytest.raises((OverflowError, UnicodeEncodeError)) as raised:
        connection.flush()
    assert connection.changes != changes, "who came upon it would think that nothing has to be undone"
    with pytest.raises(raised.type):
        connection.control("COMMIT")
