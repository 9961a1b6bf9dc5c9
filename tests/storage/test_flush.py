"""Durability: what is answered has been flushed to the disk, and the next writes run while that lasts."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from modelkeep.storage.errors import OutcomeUnknown, Unavailable
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Query
from modelkeep.storage.schema import server_secrets
from modelkeep.storage.sqlite import engine as sqlite_engine
from modelkeep.storage.sqlite.engine import SqliteEngine
from modelkeep.storage.transaction import Transaction

_INSERT = Query(sa.insert(server_secrets).values(name=sa.bindparam("key"), value=b""))
_COUNT = Query(sa.select(sa.func.count()).select_from(server_secrets))
_SECONDS = 10


class Disk:
    """A disk whose flushes wait until they are let go, or fail."""

    def __init__(self) -> None:
        self.flushes = 0
        self.free = threading.Event()
        self.broken = False

    def flush(self, file: int) -> None:
        self.flushes += 1
        assert self.free.wait(_SECONDS)
        if self.broken:
            raise OSError(5, "Input/output error")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    slow = Disk()
    monkeypatch.setattr(sqlite_engine, "_flush_file", slow.flush)
    return slow


def _raise(tx: Transaction, error: Exception) -> Any:
    raise error


def _insert(name: str) -> Callable[[Transaction], str]:
    def work(tx: Transaction) -> str:
        tx.run(_INSERT, key=name)
        return name

    return work


def _count(tx: Transaction) -> int:
    rows = tx.all(_COUNT)
    return int(rows[0][0])


def _with_engine(directory: Path, use: Callable[[SqliteEngine], Awaitable[None]]) -> None:
    async def run() -> None:
        engine = SqliteEngine(directory, readers=1, write_group=64, max_waiting_writes=100)
        await engine.start()
        try:
            await use(engine)
        finally:
            await engine.close()

    upgrade(f"sqlite:///{directory / 'modelkeep.db'}")
    asyncio.run(run())


def _committed(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "modelkeep.db")) as other:
        return int(other.execute("SELECT count(*) FROM server_secrets").fetchone()[0])


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_SECONDS):
        while not condition():
            await asyncio.sleep(0.001)


def test_a_write_is_answered_after_its_flush(tmp_path: Path, disk: Disk) -> None:
    async def use(engine: SqliteEngine) -> None:
        write = asyncio.ensure_future(engine.write(_insert("a"), _raise))
        await _until(lambda: disk.flushes == 1)
        assert _committed(tmp_path) == 1
        assert not write.done()
        disk.free.set()
        assert await write == "a"

    _with_engine(tmp_path, use)


@pytest.mark.parametrize("how", ["look_up", "read"])
def test_what_is_not_flushed_yet_is_not_answered_to_readers_either(tmp_path: Path, disk: Disk, how: str) -> None:
    async def use(engine: SqliteEngine) -> None:
        write = asyncio.ensure_future(engine.write(_insert("a"), _raise))
        await _until(lambda: disk.flushes == 1)
        read = asyncio.ensure_future(getattr(engine, how)(_count))
        done, _ = await asyncio.wait({read}, timeout=0.05)
        assert not done
        disk.free.set()
        assert await read == 1
        assert write.done()

    _with_engine(tmp_path, use)


def test_writes_that_arrive_during_a_flush_share_the_next_commit(tmp_path: Path, disk: Disk) -> None:
    async def use(engine: SqliteEngine) -> None:
        first = asyncio.ensure_future(engine.write(_insert("a"), _raise))
        await _until(lambda: engine.commits == 1)
        others = [asyncio.ensure_future(engine.write(_insert(name), _raise)) for name in "bcd"]
        await asyncio.sleep(0.01)
        assert engine.commits == 1
        disk.free.set()
        assert await asyncio.gather(first, *others) == ["a", "b", "c", "d"]
        assert (engine.commits, disk.flushes) == (2, 2)

    _with_engine(tmp_path, use)


def test_a_flush_that_fails_leaves_its_writes_unknown_and_takes_no_more(tmp_path: Path, disk: Disk) -> None:
    async def use(engine: SqliteEngine) -> None:
        disk.broken = True
        disk.free.set()
        with pytest.raises(OutcomeUnknown):
            await engine.write(_insert("a"), _raise)
        disk.broken = False
        with pytest.raises(Unavailable, match="could not be flushed"):
            await engine.write(_insert("b"), _raise)
        assert _committed(tmp_path) == 1

    _with_engine(tmp_path, use)
