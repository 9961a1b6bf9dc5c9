"""Names of metrics as numbers: one number a name, and none remembered that was not committed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from modelkeep.storage import interned
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Query
from modelkeep.storage.schema import metric_keys
from modelkeep.storage.sqlite.connection import SqliteConnection
from modelkeep.storage.sqlite.lock import DATABASE_NAME

_NAMES = Query(sa.select(metric_keys.c.name, metric_keys.c.id))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[SqliteConnection]:
    """A connection that writes to an empty database."""
    upgrade(f"sqlite:///{tmp_path / DATABASE_NAME}")
    connection = SqliteConnection(tmp_path / DATABASE_NAME, writes=True)
    yield connection
    connection.close()


def _in_transaction(connection: SqliteConnection, names: list[str], end: str = "COMMIT") -> list[int]:
    connection.control("BEGIN IMMEDIATE")
    ids = connection.metric_key_ids(names)
    connection.control(end)
    return ids


def _stored(connection: SqliteConnection) -> dict[str, int]:
    return dict(connection.rows(_NAMES, {}))


def test_each_name_has_a_number_of_its_own_in_the_order_asked_for(connection: SqliteConnection) -> None:
    first, second, again = _in_transaction(connection, ["loss", "acc", "loss"])
    assert first == again != second
    assert _in_transaction(connection, ["acc", "new", "loss"])[::2] == [second, first]
    assert _stored(connection).keys() == {"loss", "acc", "new"}


def test_a_name_keeps_its_number_on_another_connection(connection: SqliteConnection, tmp_path: Path) -> None:
    ids = _in_transaction(connection, ["loss", "acc"])
    other = SqliteConnection(tmp_path / DATABASE_NAME, writes=True)
    assert _in_transaction(other, ["loss", "acc"]) == ids
    other.close()


def test_a_number_that_was_undone_is_forgotten(connection: SqliteConnection) -> None:
    _in_transaction(connection, ["loss"])
    _in_transaction(connection, ["undone", "undone too"], "ROLLBACK")
    assert _stored(connection).keys() == {"loss"}
    others = _in_transaction(connection, ["other", "undone", "loss"])
    assert _stored(connection) == dict(zip(["other", "undone", "loss"], others, strict=True))


def test_a_name_is_known_within_the_transaction_that_writes_it(connection: SqliteConnection) -> None:
    connection.control("BEGIN IMMEDIATE")
    ids = [connection.metric_key_ids(["loss"]) for _ in range(3)]
    connection.control("COMMIT")
    assert ids[0] == ids[1] == ids[2] == [_stored(connection)["loss"]]


def test_names_are_told_apart_by_case(connection: SqliteConnection) -> None:
    assert len(set(_in_transaction(connection, ["loss", "Loss", "loss "]))) == 3


def test_numbers_stay_the_same_where_too_many_are_remembered(
    connection: SqliteConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interned, "_MOST_REMEMBERED", 3)
    for number in range(20):
        _in_transaction(connection, [f"m{number}", f"n{number}"])
    stored = _stored(connection)
    names = sorted(stored)
    assert _in_transaction(connection, names) == [stored[name] for name in names]
    assert len(names) == 40
