"""The writes of a group count on from the first, and nobody sees a difference."""

from typing import Any

import pytest
import sqlalchemy as sa

from modelkeep.registry.model_versions import _VERSIONS
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, registered_models
from modelkeep.storage.transaction import Transaction
from tests.postgres.test_rows_of_groups import Group, Work, _row

_m = registered_models.c
_LAST = Query(sa.select(_m.last_version).order_by(_m.name))
_PLATFORM = Query(sa.insert(platforms).values(id=7, key="p", created_at=0, updated_at=0, revision=1))
_MODEL = Query(
    sa.insert(registered_models).values(
        platform_id=7, name=sa.bindparam("key"), created_at=0, updated_at=0, last_version=0, is_prompt=0, revision=1
    )
)


@pytest.fixture
def models(database: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A group's writer on a database with the models `a` and `b`."""
    made = Group(database, monkeypatch)
    made.write(lambda tx: tx.run(_PLATFORM), lambda tx: tx.run(_MODEL, key="a"), lambda tx: tx.run(_MODEL, key="b"))
    yield made
    made.door.close()


def _count(name: str = "a") -> Work:
    def work(tx: Transaction) -> int | None:
        row = tx.next_number(_VERSIONS, platform=7, name=name, now=1)
        return None if row is None else int(row[1])

    return work


def _refuse(tx: Transaction) -> None:
    _count()(tx)
    raise ValueError("after it has counted")


def test_a_row_is_raised_twice_however_many_count(models: Group) -> None:
    assert models.write(*[_count()] * 20) == list(range(1, 21))
    assert len(models.statements) == 2
    assert models.rows(_LAST) == [(20,), (0,)]


def test_rows_are_counted_apart(models: Group) -> None:
    assert models.write(*map(_count, "abab")) == [1, 1, 2, 2]
    assert models.rows(_LAST) == [(2,), (2,)]


def test_the_next_group_counts_on(models: Group) -> None:
    models.write(_count(), _count())
    assert models.write(_count(), _count()) == [3, 4]


def test_what_is_not_there_is_not_counted(models: Group) -> None:
    assert models.write(_count("c"), _count()) == [None, 1]


def test_a_write_that_reads_the_row_sees_what_was_counted(models: Group) -> None:
    assert models.write(_count(), _count(), lambda tx: tx.all(_LAST), _count()) == [1, 2, [(2,), (0,)], 3]


def test_one_that_fails_takes_no_number(models: Group) -> None:
    one, refused, two = models.write(_count(), _refuse, _count())
    assert isinstance(refused, ValueError)
    assert sorted((one, two)) == [1, 2]
    assert models.rows(_LAST) == [(2,), (0,)]


def test_where_rows_clash_each_still_has_a_number_of_its_own(models: Group) -> None:
    models.write(_row("clash"))

    def count_and_clash(tx: Transaction) -> None:
        _count()(tx)
        _row("clash")(tx)

    outcomes = models.write(_count(), count_and_clash, _count(), _count())
    assert sorted(number for number in outcomes if isinstance(number, int)) == [1, 2, 3]
    assert models.rows(_LAST) == [(3,), (0,)]
