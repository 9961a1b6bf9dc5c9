"""A commit that is not answered: whether it is durable is found out, and what is not is done again."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from modelkeep.storage.errors import OutcomeUnknown, Unavailable, UniqueViolation
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.postgres import writer as module
from modelkeep.storage.postgres.connection import PostgresConnection
from modelkeep.storage.postgres.door import Door
from modelkeep.storage.postgres.writer import PostgresWriter
from modelkeep.storage.query import Query
from modelkeep.storage.schema import metric_keys
from modelkeep.storage.transaction import Transaction
from modelkeep.storage.writes import Write

_NAME = Query(sa.insert(metric_keys).values(name=sa.bindparam("name")))
_NAMES = Query(sa.select(metric_keys.c.name).order_by(metric_keys.c.name))


class Bench:
    """A writer, and commits that are lost as a test wants it."""

    def __init__(self, url: str, patch: pytest.MonkeyPatch) -> None:
        upgrade(url)
        self._url = url
        self.door = Door(url, prepare=True)
        self.writer = PostgresWriter(self.door)
        self._commit = PostgresConnection.commit
        self._losses: list[bool] = []
        patch.setattr(PostgresConnection, "commit", lambda connection: self._lossy(connection))

    def lose(self, *durable: bool) -> None:
        """The next commits are not answered; whether each is durable."""
        self._losses = list(durable)

    def _lossy(self, connection: PostgresConnection) -> None:
        if not self._losses:
            return self._commit(connection)
        if self._losses.pop(0):
            self._commit(connection)
        connection.close()
        raise Unavailable("lost")

    def write(self, *names: str, put: bool = False) -> list[Write]:
        return self.run(*((_insert(name, put=put), _raise) for name in names))

    def run(self, *works: tuple[Callable[[Transaction], Any], Callable[[Transaction, Exception], Any]]) -> list[Write]:
        """A group of writes, each what it does and what is done otherwise."""
        loop = asyncio.new_event_loop()
        writes = [Write(work, otherwise, None, loop.create_future()) for work, otherwise in works]
        loop.close()
        self.writer.write(writes)
        return writes

    def names(self) -> list[str]:
        with psycopg.connect(self._url) as connection:
            return [row[0] for row in connection.execute("SELECT name FROM metric_keys ORDER BY name")]


def _insert(name: str, *, put: bool) -> Callable[[Transaction], str]:
    def work(tx: Transaction) -> str:
        if put:
            tx.put(_NAME, name=name)
        else:
            tx.run(_NAME, name=name)
        return name

    return work


def _raise(tx: Transaction, error: Exception) -> Any:
    raise error


@pytest.fixture
def bench(database: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Bench(database, monkeypatch)
    yield made
    made.door.close()


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("names", ["a", "abc"])
def test_a_lost_commit_is_done_once(bench: Bench, names: str, before: int, durable: bool) -> None:
    for number in range(before):
        bench.write(f"before {number}")
    bench.lose(durable)
    assert [(write.result, write.error) for write in bench.write(*names)] == [(name, None) for name in names]
    assert bench.names() == sorted([*names, *(f"before {number}" for number in range(before))])


def test_what_cannot_be_found_out_is_said_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RESOLVE_SECONDS", 0.3)
    bench.lose(*[False] * 10)
    assert {type(write.error) for write in bench.write("a", "b")} == {OutcomeUnknown}


@pytest.mark.parametrize("put", [True, False])
def test_one_that_fails_fails_alone(bench: Bench, put: bool) -> None:
    bench.write("b")
    writes = bench.write("a", "b", "c", "d", put=put)
    assert [type(write.error) for write in writes] == [type(None), UniqueViolation, type(None), type(None)]
    assert bench.names() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("put", [True, False])
def test_many_that_fail_fail_alone(bench: Bench, put: bool) -> None:
    bench.write(*"abcdefgh")
    writes = bench.write(*"AaBbCcDdEeFfGgHh", put=put)
    assert [write.error is None for write in writes] == [True, False] * 8
    assert bench.names() == sorted("AaBbCcDdEeFfGgHh")


def test_a_row_that_cannot_be_sent_is_the_failure_of_who_wrote_it(bench: Bench) -> None:
    def ask(tx: Transaction) -> list[str]:
        return [row[0] for row in tx.all(_NAMES)]

    writes = bench.run(
        (_insert("a", put=True), _raise), (_insert("\ud800", put=True), _raise), (ask, lambda tx, error: ask(tx))
    )
    assert [type(write.error) for write in writes] == [type(None), UnicodeEncodeError, type(None)]
    assert writes[2].result == ["a"]
    assert bench.names() == ["a"]


def test_a_clash_that_is_met_at_the_last_attempt_is_answered_otherwise(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("a")
    losses = [True, True]
    control = PostgresConnection.control

    def lossy(connection: PostgresConnection, statement: bytes) -> list[bytes]:
        if losses:
            losses.pop()
            raise Unavailable("lost")
        return control(connection, statement)

    monkeypatch.setattr(PostgresConnection, "control", lossy)
    (write,) = bench.run((_insert("a", put=True), lambda tx, error: f"otherwise, for {type(error).__name__}"))
    assert (write.error, write.result) == (None, "otherwise, for UniqueViolation")
