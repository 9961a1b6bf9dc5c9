"""Group commit: writes that arrive together are committed together, and stand or fall each by itself."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.errors import DiskFull, OutcomeUnknown, Unavailable, UniqueViolation
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Query
from modelkeep.storage.schema import server_secrets
from modelkeep.storage.sqlite import connection
from modelkeep.storage.sqlite.engine import SqliteEngine
from modelkeep.storage.transaction import Transaction

_INSERT = Query(sa.insert(server_secrets).values(name=sa.bindparam("key"), value=sa.bindparam("content")))
_LATER = BulkInsert(server_secrets, ("name", "value"))
_NAMES = Query(sa.select(server_secrets.c.name).order_by(server_secrets.c.name))


class _Refused(Exception):
    """A rule said no after something was written."""


def _raise(tx: Transaction, error: Exception) -> Any:
    raise error


def _insert(name: str, content: bytes = b"") -> Callable[[Transaction], str]:
    def work(tx: Transaction) -> str:
        tx.run(_INSERT, key=name, content=content)
        return name

    return work


def _insert_then_refuse(tx: Transaction) -> str:
    tx.run(_INSERT, key="refused", content=b"")
    raise _Refused


async def _names(engine: SqliteEngine) -> list[str]:
    return [row[0] for row in await engine.look_up(lambda tx: tx.all(_NAMES))]


def _with_engine(directory: Path, use: Callable[[SqliteEngine], Awaitable[None]], *, write_group: int = 64) -> None:
    async def run() -> None:
        engine = SqliteEngine(directory, readers=1, write_group=write_group, max_waiting_writes=100)
        await engine.start()
        try:
            await use(engine)
        finally:
            await engine.close()

    upgrade(f"sqlite:///{directory / 'modelkeep.db'}")
    asyncio.run(run())


@pytest.mark.parametrize("write_group", [1, 2, 64])
def test_a_write_that_fails_after_a_change_is_undone_and_its_neighbours_are_kept(
    tmp_path: Path, write_group: int
) -> None:
    async def use(engine: SqliteEngine) -> None:
        works = [_insert("a"), _insert("b"), _insert_then_refuse, _insert("c")]
        outcomes = await asyncio.gather(*(engine.write(work, _raise) for work in works), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [str, str, _Refused, str]
        assert await _names(engine) == ["a", "b", "c"]

    _with_engine(tmp_path, use, write_group=write_group)


def test_a_write_sees_what_its_neighbours_wrote_before_it(tmp_path: Path) -> None:
    async def use(engine: SqliteEngine) -> None:
        writes = [engine.write(_insert("a"), _raise) for _ in range(2)]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert outcomes[0] == "a"
        assert isinstance(outcomes[1], UniqueViolation)

    _with_engine(tmp_path, use)


@pytest.mark.parametrize("write_group", [2, 64])
def test_rows_that_clash_when_a_neighbour_asks_for_them_are_the_failure_of_who_wrote_them(
    tmp_path: Path, write_group: int
) -> None:
    def insert_later(name: str) -> Callable[[Transaction], str]:
        def work(tx: Transaction) -> str:
            tx.insert(_LATER, [(name, b"")])
            return f"{name} is new"

        return work

    def ask(tx: Transaction) -> list[str]:
        return [row[0] for row in tx.all(_NAMES)]

    async def use(engine: SqliteEngine) -> None:
        await engine.write(insert_later("a"), _raise)
        outcomes: Any = await asyncio.gather(
            engine.write(insert_later("b"), _raise),
            engine.write(insert_later("a"), lambda tx, error: "a was there"),
            # It runs in the same transaction, has changed nothing, and would be right the second time.
            engine.write(ask, lambda tx, error: ask(tx)),
        )
        assert list(outcomes) == ["b is new", "a was there", ["a", "b"]]
        assert await _names(engine) == ["a", "b"]

    _with_engine(tmp_path, use, write_group=write_group)


def test_a_row_that_cannot_be_kept_is_the_failure_of_who_wrote_it(tmp_path: Path) -> None:
    def insert_later(name: str, content: Any = b"") -> Callable[[Transaction], str]:
        def work(tx: Transaction) -> str:
            tx.insert(_LATER, [(name, content)])
            return f"{name} is new"

        return work

    def ask(tx: Transaction) -> list[str]:
        return [row[0] for row in tx.all(_NAMES)]

    async def use(engine: SqliteEngine) -> None:
        outcomes: Any = await asyncio.gather(
            engine.write(insert_later("a"), _raise),
            engine.write(insert_later("b", 2**70), _raise),
            engine.write(ask, lambda tx, error: ask(tx)),
            return_exceptions=True,
        )
        assert [outcomes[0], type(outcomes[1]), outcomes[2]] == ["a is new", OverflowError, ["a"]]
        assert await _names(engine) == ["a"]

    _with_engine(tmp_path, use)


def test_where_a_full_disk_ends_the_transaction_what_comes_after_is_done_once(tmp_path: Path) -> None:
    runs: list[str] = []

    def insert_anew(tx: Transaction) -> str:
        runs.append(f"run {len(runs)}")
        tx.run(_INSERT, key=runs[-1], content=b"")
        return runs[-1]

    def refuse(tx: Transaction) -> str:
        raise _Refused

    def fill(tx: Transaction, error: Exception) -> str:
        tx.run(_INSERT, key="too large", content=b"x" * 1_000_000)
        return "filled"

    async def use(engine: SqliteEngine) -> None:
        await engine.write(_insert("before"), _raise)
        engine._write_connection.control("PRAGMA max_page_count=1")
        works = [(_insert("a"), _raise), (refuse, fill), (insert_anew, _raise)]
        outcomes = await asyncio.gather(*(engine.write(*work) for work in works), return_exceptions=True)
        assert outcomes[0] == "a"
        assert isinstance(outcomes[1], DiskFull)
        assert await _names(engine) == ["a", "before", outcomes[2]]

    _with_engine(tmp_path, use)


def test_what_a_crash_may_bring_back_is_not_said_to_be_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit fails in its flush. Run alone, one of its writes fails before its own commit, and one is refused."""
    control, runs = connection.SqliteConnection.control, {"failing": 0, "refused": 0}

    def lose_commits(self: connection.SqliteConnection, statement: str) -> None:
        if statement == "COMMIT":
            raise OutcomeUnknown("the flush failed")
        control(self, statement)

    def failing_later(name: str, error: Exception) -> Callable[[Transaction], str]:
        def work(tx: Transaction) -> str:
            runs[name] += 1
            if runs[name] > 1:
                raise error
            return _insert(name)(tx)

        return work

    async def use(engine: SqliteEngine) -> None:
        works = [failing_later("failing", Unavailable("a read failed")), failing_later("refused", _Refused())]
        monkeypatch.setattr(connection.SqliteConnection, "control", lose_commits)
        outcomes = await asyncio.gather(*(engine.write(work, _raise) for work in works), return_exceptions=True)
        monkeypatch.undo()
        assert [type(outcome) for outcome in outcomes] == [OutcomeUnknown, OutcomeUnknown]

    _with_engine(tmp_path, use)


def test_a_scan_whose_transaction_the_disk_has_ended_tells_of_the_disk(tmp_path: Path) -> None:
    def scan(tx: Transaction) -> None:
        tx._connection.control("ROLLBACK")  # type: ignore[attr-defined]
        raise Unavailable("a read failed")

    async def use(engine: SqliteEngine) -> None:
        with pytest.raises(Unavailable):
            await engine.read(scan)
        assert await engine.read(lambda tx: tx.all(_NAMES)) == []

    _with_engine(tmp_path, use)


def test_what_answers_instead_of_a_failed_write_finds_its_changes_undone(tmp_path: Path) -> None:
    async def use(engine: SqliteEngine) -> None:
        def instead(tx: Transaction, error: Exception) -> str:
            assert isinstance(error, _Refused)
            return ",".join(row[0] for row in tx.all(_NAMES))

        writes = [engine.write(_insert("a"), _raise), engine.write(_insert_then_refuse, instead)]
        assert await asyncio.gather(*writes) == ["a", "a"]

    _with_engine(tmp_path, use)


def test_a_write_is_answered_after_it_can_be_read_by_others(tmp_path: Path) -> None:
    async def use(engine: SqliteEngine) -> None:
        await engine.write(_insert("a"), _raise)
        other = sqlite3.connect(tmp_path / "modelkeep.db")
        assert other.execute("SELECT name FROM server_secrets").fetchall() == [("a",)]
        other.close()

    _with_engine(tmp_path, use)


def test_while_a_commit_can_be_read_and_is_not_answered_yet_nobody_is_told_that_nothing_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(engine: SqliteEngine) -> None:
        commit_together, seen = engine._commit_together, threading.Event()
        monkeypatch.setattr(engine, "_commit_together", lambda: commit_together() and seen.wait(30))
        assert engine.commits is not None
        writing = asyncio.create_task(engine.write(_insert("a"), _raise))
        while await _names(engine) != ["a"]:
            await asyncio.sleep(0)
        assert engine.commits is None
        seen.set()
        await writing
        assert engine.commits is not None

    _with_engine(tmp_path, use)


def test_writes_wait_while_another_process_holds_the_database_and_reads_do_not(tmp_path: Path) -> None:
    async def use(engine: SqliteEngine) -> None:
        other = sqlite3.connect(tmp_path / "modelkeep.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writes = [asyncio.create_task(engine.write(_insert(name), _raise)) for name in "abc"]
        await asyncio.sleep(0.1)
        assert await _names(engine) == []
        assert not any(write.done() for write in writes)
        other.execute("ROLLBACK")
        other.close()
        assert await asyncio.gather(*writes) == ["a", "b", "c"]

    _with_engine(tmp_path, use)


def test_a_full_disk_refuses_writes_answers_reads_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    async def use(engine: SqliteEngine) -> None:
        await engine.write(_insert("before"), _raise)
        writer = engine._write_connection
        writer.control("PRAGMA max_page_count=1")  # SQLite takes the present size: the disk has no page more
        large = _insert("too large", b"x" * 1_000_000)
        outcomes = await asyncio.gather(
            engine.write(large, _raise), engine.write(_insert("small"), _raise), return_exceptions=True
        )
        assert isinstance(outcomes[0], Unavailable)
        assert outcomes[1] == "small"
        assert await _names(engine) == ["before", "small"]
        writer.control("PRAGMA max_page_count=1000000")
        assert await engine.write(large, _raise) == "too large"

    _with_engine(tmp_path, use)


def test_scans_take_their_rows_one_at_a_time_and_look_ups_do_not_wait_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_PATIENCE_SECONDS", 60.0)

    async def use(engine: SqliteEngine) -> None:
        await engine.write(_insert("a"), _raise)
        with engine._readers_turn:
            scan = asyncio.create_task(engine.read(lambda tx: tx.all(_NAMES)))
            assert await _names(engine) == ["a"]
            assert not scan.done()
        assert await scan == [("a",)]

    _with_engine(tmp_path, use)


def test_a_scan_does_not_wait_long_for_another_that_searches_for_its_rows(tmp_path: Path) -> None:
    async def use(engine: SqliteEngine) -> None:
        await engine.write(_insert("a"), _raise)
        with engine._readers_turn:
            assert await engine.read(lambda tx: tx.all(_NAMES)) == [("a",)]

    _with_engine(tmp_path, use)


def test_a_scan_of_many_rows_has_them_all_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_ROWS_IN_TURN", 3)

    async def use(engine: SqliteEngine) -> None:
        for count in range(8):
            assert await engine.read(lambda tx: tx.all(_NAMES)) == [(name,) for name in "abcdefg"[:count]]
            await engine.write(_insert("abcdefgh"[count]), _raise)

    _with_engine(tmp_path, use)
