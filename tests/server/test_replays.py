"""Forgetting retry tokens, and later the records themselves: the old ones, so many at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelkeep.server.audit import forget_records
from modelkeep.server.retry import Replays
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.sqlite.connection import SqliteConnection
from modelkeep.storage.transaction import Transaction

_HOUR = 3_600_000
_NOW = 100 * _HOUR


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[SqliteConnection]:
    """A database with ten records: at 70, 71, … 79 hours, each with a token."""
    upgrade(f"sqlite:///{tmp_path / 'modelkeep.db'}")
    opened = SqliteConnection(tmp_path / "modelkeep.db", writes=True)
    for hour in range(70, 80):
        opened.driver.execute(
            "INSERT INTO write_records (at, principal, retry_token, request_digest, answer)"
            " VALUES (?, 'a', ?, x'00', x'01')",
            (hour * _HOUR, str(hour)),
        )
    yield opened
    opened.close()


def _left(connection: SqliteConnection) -> list[str]:
    rows = connection.driver.execute("SELECT retry_token FROM write_records WHERE retry_token IS NOT NULL ORDER BY at")
    return [row[0] for row in rows]


def test_tokens_whose_time_is_over_are_forgotten_with_their_answers(connection: SqliteConnection) -> None:
    assert Replays(24, {}).forget_old(Transaction(connection), _NOW, 100) == 6
    assert _left(connection) == ["76", "77", "78", "79"]
    kept = connection.driver.execute("SELECT count(*), count(answer), count(request_digest) FROM write_records")
    assert kept.fetchone() == (10, 4, 4)


def test_no_more_are_forgotten_than_asked_for(connection: SqliteConnection) -> None:
    replays = Replays(24, {})
    counts = [replays.forget_old(Transaction(connection), _NOW, 4) for _ in range(3)]
    assert counts == [4, 2, 0]
    assert len(_left(connection)) == 4


def test_the_hours_are_a_setting(connection: SqliteConnection) -> None:
    assert Replays(1, {}).forget_old(Transaction(connection), _NOW, 100) == 10


def test_records_whose_time_is_over_are_deleted_so_many_at_a_time(connection: SqliteConnection) -> None:
    counts = [forget_records(Transaction(connection), _NOW, days=1, most=4) for _ in range(3)]
    assert counts == [4, 2, 0]
    assert _left(connection) == ["76", "77", "78", "79"]


def test_records_are_kept_for_ever_where_no_days_are_set(connection: SqliteConnection) -> None:
    assert forget_records(Transaction(connection), _NOW, days=0, most=4) == 0
    assert len(_left(connection)) == 10
