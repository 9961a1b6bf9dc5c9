"""The log of SQLite is moved into the database beside the writes, and begins anew."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from modelkeep.storage.migrate import upgrade
from modelkeep.storage.sqlite import checkpoints
from modelkeep.storage.sqlite.checkpoints import Checkpoints
from modelkeep.storage.sqlite.connection import SqliteConnection
from modelkeep.storage.sqlite.engine import SqliteEngine
from modelkeep.storage.transaction import Transaction
from tests.storage.test_group_commit import _INSERT, _raise

_PAGE = b"\0" * 4_000


class _Log:
    """A database whose log is written to by hand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = SqliteConnection(path, writes=True)
        self.writer.driver.execute("CREATE TABLE t (x BLOB)")
        self.connection = SqliteConnection(path, writes=False)
        self.checkpoints = Checkpoints(path, self.connection)

    def commit(self, pages: int) -> None:
        self.writer.control("BEGIN IMMEDIATE")
        self.writer.driver.executemany("INSERT INTO t VALUES (?)", [(_PAGE,)] * pages)
        self.writer.control("COMMIT")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[_Log]:
    made = _Log(tmp_path / "modelkeep.db")
    yield made
    made.checkpoints.stop()
    made.connection.close()
    made.writer.close()
    made.checkpoints.close()


def test_the_length_of_the_log_is_what_sqlite_says(log: _Log) -> None:
    log.commit(50)
    pages, moved = log.checkpoints.length()
    assert moved == 0
    assert log.connection.driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone() == (0, pages, pages)
    assert log.checkpoints.length() == (pages, pages)


def test_a_short_log_is_left_alone(log: _Log) -> None:
    log.commit(100)
    log.checkpoints.after_commit()
    log.checkpoints.stop()
    assert log.checkpoints.length()[1] == 0


def test_a_long_log_is_moved_on_a_thread_and_begins_anew_with_the_write_after_the_next(log: _Log) -> None:
    log.commit(checkpoints._LONG_LOG + 100)
    log.checkpoints.after_commit()
    log.checkpoints.stop()
    pages, moved = log.checkpoints.length()
    assert moved == pages
    log.commit(1)
    assert log.checkpoints.length()[0] < 100


def _move_all_but(log: _Log, few: int) -> sqlite3.Connection:
    """A long log of which so much is left; a reader that is still there keeps it from beginning anew."""
    log.commit(checkpoints._LONG_LOG + 100)
    reader = sqlite3.connect(log.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t").fetchall()
    log.commit(few)
    log.connection.driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    return reader


def test_what_came_while_a_long_log_was_moved_is_moved_by_the_commit(log: _Log) -> None:
    _move_all_but(log, 10).close()
    pages, moved = log.checkpoints.length()
    assert moved < pages
    log.checkpoints.after_commit()
    assert log.checkpoints.length() == (pages, pages)


def test_a_reader_that_keeps_the_log_from_beginning_anew_has_not_every_commit_move_pages(
    log: _Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    real = Checkpoints._pass

    def counted(self: Checkpoints) -> None:
        passes.append(self.length())
        real(self)

    monkeypatch.setattr(Checkpoints, "_pass", counted)
    with closing(_move_all_but(log, 10)):
        for _ in range(5):
            log.commit(1)
            log.checkpoints.after_commit()
    assert len(passes) == 1


def test_an_engine_that_writes_much_moves_its_log_beside_the_writes(tmp_path: Path) -> None:
    async def run() -> None:
        engine = SqliteEngine(tmp_path, readers=1, write_group=64, max_waiting_writes=100)
        await engine.start()
        try:
            content = bytes(checkpoints._LONG_LOG * 1_024)
            for name in "abcdef":
                await engine.write(partial(_keep, name, content), _raise)
            deadline = time.monotonic() + 60
            while engine._checkpoints.length()[1] < checkpoints._LONG_LOG:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)
        finally:
            await engine.close()

    upgrade(f"sqlite:///{tmp_path / 'modelkeep.db'}")
    asyncio.run(run())


def _keep(name: str, content: bytes, tx: Transaction) -> None:
    tx.run(_INSERT, key=name, content=content)
