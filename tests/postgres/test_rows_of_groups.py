"""The rows of a group's writes go into each table together, and nobody sees a difference."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.postgres.door import Door
from modelkeep.storage.postgres.wire import Statement, Wire
from modelkeep.storage.postgres.writer import PostgresWriter
from modelkeep.storage.query import Query
from modelkeep.storage.schema import server_secrets, write_records
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.storage.writes import Write

_ROWS = BulkInsert(server_secrets, ("name", "value"))
_NAMES = Query(sa.select(server_secrets.c.name).order_by(server_secrets.c.name))
_FIND = Query(sa.select(server_secrets.c.name).where(server_secrets.c.name == sa.bindparam("key")))
_UPSERT = BulkInsert(
    server_secrets,
    ("name", "value"),
    lambda insert: insert.on_conflict_do_update(index_elements=["name"], set_={"value": insert.excluded.value}),
)

Work = Callable[[Transaction], Any]


def _raise(tx: Transaction, error: Exception) -> Any:
    raise error


class Group:
    """Writes that are run as one group, and the statements that this takes."""

    def __init__(self, url: str, patch: pytest.MonkeyPatch) -> None:
        upgrade(url)
        self.door = Door(url, prepare=True)
        self._writer = PostgresWriter(self.door)
        self.statements: list[str] = []
        run = Wire.run

        def watched(wire: Wire, statements: Sequence[Statement]) -> Any:
            self.statements += [statement.sql for statement in statements]
            return run(wire, statements)

        patch.setattr(Wire, "run", watched)

    def write(self, *works: Work, otherwise: Callable[[Transaction, Exception], Any] = _raise) -> list[Any]:
        """What each ends with: its result or its error."""
        loop = asyncio.new_event_loop()
        writes = [Write(work, otherwise, None, loop.create_future()) for work in works]
        loop.close()
        self.statements.clear()
        self._writer.write(writes)
        return [write.result if write.error is None else write.error for write in writes]

    def rows(self, query: Query) -> list[Row]:
        (rows,) = self.write(lambda tx: tx.all(query))
        return list(rows)


@pytest.fixture
def group(database: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Group(database, monkeypatch)
    yield made
    made.door.close()


def _row(name: str, value: Any = b"", bulk: BulkInsert = _ROWS) -> Work:
    def work(tx: Transaction) -> str:
        tx.insert(bulk, [(name, value)])
        return f"{name} is new"

    return work


def _names(group: Group) -> list[str]:
    return [name for (name,) in group.rows(_NAMES)]


def test_rows_of_many_writes_are_one_statement(group: Group) -> None:
    names = [f"{number:02}" for number in range(40)]
    assert group.write(*map(_row, names)) == [f"{name} is new" for name in names]
    assert len(group.statements) == 1
    assert _names(group) == names


def test_a_write_sees_the_rows_of_those_before_it(group: Group) -> None:
    outcomes = group.write(_row("a"), lambda tx: tx.all(_NAMES), _row("b"))
    assert outcomes == ["a is new", [("a",)], "b is new"]


@pytest.mark.parametrize("count", [1, 10])
def test_a_row_that_clashes_is_the_failure_of_who_wrote_it_alone(group: Group, count: int) -> None:
    group.write(_row("clash"))
    others = [f"{number:02}" for number in range(count)]
    outcomes = group.write(*map(_row, others), _row("clash"))
    assert outcomes[:-1] == [f"{name} is new" for name in others]
    assert isinstance(outcomes[-1], UniqueViolation)
    assert _names(group) == [*others, "clash"]


def test_what_comes_upon_the_clash_of_others_loses_none_of_their_rows(group: Group) -> None:
    group.write(_row("clash"))

    def ask(tx: Transaction) -> list[Row]:
        return tx.all(_NAMES)

    outcomes = group.write(
        _row("a"),
        _row("clash"),
        _row("b"),
        # It has changed nothing itself, and would be right the second time.
        ask,
        otherwise=lambda tx, error: (type(error), tx.one(_FIND, key="clash")),
    )
    assert outcomes[:3] == ["a is new", (UniqueViolation, ("clash",)), "b is new"]
    assert ("a",) in outcomes[3]
    assert ("b",) in outcomes[3]
    assert _names(group) == ["a", "b", "clash"]


def test_two_writes_of_one_group_that_clash_with_each_other_are_one_new_row(group: Group) -> None:
    outcomes = group.write(_row("a"), _row("b"), _row("a"), otherwise=lambda tx, error: tx.one(_FIND, key="a"))
    assert sorted(map(str, outcomes)) == ["('a',)", "a is new", "b is new"]


@pytest.mark.parametrize("value", [2**70, "\ud800"], ids=["type", "text"])
def test_a_value_that_cannot_be_sent_is_the_failure_of_who_wrote_it(group: Group, value: Any) -> None:
    others = [f"{number:02}" for number in range(10)]
    outcomes = group.write(*map(_row, others), _row("never", value))
    assert outcomes[:-1] == [f"{name} is new" for name in others]
    assert isinstance(outcomes[-1], Exception)
    assert _names(group) == others


def test_writes_that_overwrite_one_row_leave_what_the_last_of_them_wrote(group: Group) -> None:
    group.write(*(_row("same", b"%d" % number, _UPSERT) for number in range(10)))
    assert group.rows(Query(sa.select(server_secrets.c.value))) == [(b"9",)]


def test_writes_that_overwrite_different_rows_are_one_statement(group: Group) -> None:
    group.write(*(_row(f"{number}", b"", _UPSERT) for number in range(8)))
    assert len(group.statements) == 1


def test_values_of_every_kind_and_none_arrive_as_they_were(group: Group) -> None:
    columns = ("at", "platform_id", "principal", "retry_token", "answer")
    records = BulkInsert(write_records, [c.name for c in write_records.columns if c.name != "id"])
    empty = dict.fromkeys(records.columns, "") | {"workspace_id": None, "request_digest": None}
    wanted = [
        (-(2**63), None, "\u00fc\U0001f600 NULL", None, b"\0\xff"),
        (2**63 - 1, None, "", "{a,b}", None),
        (0, None, '"\\', "t", b""),
        (1, None, "' ;--", "x" * 64, b"1"),
    ]

    def put(values: tuple[Any, ...]) -> Work:
        row = empty | dict(zip(columns, values, strict=True))
        return lambda tx: tx.insert(records, [[row[column] for column in records.columns]])

    assert group.write(*map(put, wanted)) == [None] * len(wanted)
    found = group.rows(Query(sa.select(*(write_records.c[name] for name in columns)).order_by(write_records.c.id)))
    assert found == wanted


def test_text_that_is_too_long_for_its_column_is_refused_not_cut_off(group: Group) -> None:
    others = [f"{number:02}" for number in range(10)]
    outcomes = group.write(*map(_row, others), _row("n" * 1_000))
    assert outcomes[:-1] == [f"{name} is new" for name in others]
    assert isinstance(outcomes[-1], Exception)
