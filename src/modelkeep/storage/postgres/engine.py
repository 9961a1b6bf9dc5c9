"""The PostgreSQL engine: writes that arrive together share a transaction, reads run beside them.

A thread takes all writes that wait and runs them one after the other in one transaction, so that they share its
BEGIN, its COMMIT and the flush. Two such threads take turns: while one waits for its flush, the other runs what has
come meanwhile. Each thread has a connection of its own, so there is no pool: nothing ever waits for one to be free.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NoReturn, TypeVar

import sqlalchemy as sa

from modelkeep.core.clock import now_ms
from modelkeep.storage.engine import unobserved
from modelkeep.storage.errors import Unavailable
from modelkeep.storage.fair_threads import FairThreads
from modelkeep.storage.one_statement import OneStatement, SecondStatement
from modelkeep.storage.postgres.connection import PostgresConnection
from modelkeep.storage.postgres.door import Door, KeptConnection
from modelkeep.storage.postgres.replica import Replica
from modelkeep.storage.postgres.writer import PostgresWriter
from modelkeep.storage.query import Query
from modelkeep.storage.schema import commit_marks
from modelkeep.storage.transaction import Transaction
from modelkeep.storage.turns import Turns
from modelkeep.storage.writes import Write

T = TypeVar("T")

_log = logging.getLogger("modelkeep.storage")

# Searches are written in the order in which they are to be run. Were the planner to look for another, a filter of a
# hundred clauses would take it 15 s.
_BEGIN_READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL join_collapse_limit = 1"
_CARELESS = b"""
    SELECT name FROM pg_settings
    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
"""
_DAY_MS = 86_400_000
_FORGET_MARKS = Query(sa.delete(commit_marks).where(commit_marks.c.at < sa.bindparam("before")))


class PostgresEngine:
    """All methods belong to the event loop that called `start`."""

    def __init__(
        self,
        url: str,
        *,
        readers: int,
        writers: int,
        write_group: int,
        max_waiting_writes: int,
        prepare: bool,
        read_replica: str = "",
    ) -> None:
        self._door = Door(url, prepare=prepare)
        self._replica = Replica(read_replica, prepare=prepare) if read_replica else None
        self._write_group = write_group
        self._waiting: Turns[Write] = Turns(max_waiting_writes)
        self._idle_writers = [PostgresWriter(self._door) for _ in range(writers)]
        self._writing = 0
        self.on_commit: Callable[[int, float], None] = unobserved
        self._local = threading.local()
        self._write_threads = ThreadPoolExecutor(writers, thread_name_prefix="modelkeep-writer")
        self._read_threads = FairThreads(readers, "modelkeep-reader")

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def reading(self) -> int:
        return self._read_threads.reading

    @property
    def commits(self) -> int | None:
        return None

    @property
    def alone(self) -> bool:
        return False

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.write(_forget_marks, _raise)
        for setting in await self._read_threads.run(None, partial(self._read, _careless_settings)):
            _log.warning("PostgreSQL has %s = off: it may lose writes that were answered.", setting)

    async def close(self) -> None:
        while self._waiting or self._writing:
            await asyncio.sleep(0.001)
        await asyncio.to_thread(self._write_threads.shutdown)
        await asyncio.to_thread(self._read_threads.shutdown)
        self._door.close()
        if self._replica is not None:
            self._replica.close()

    async def write(
        self,
        work: Callable[[Transaction], T],
        otherwise: Callable[[Transaction, Exception], T],
        if_match: str | None = None,
        about: str = "",
        tenant: Hashable = None,
    ) -> T:
        self._door.check()
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.add(tenant, Write(work, otherwise, if_match, future, about))
        if self._idle_writers:
            # Not at once: what the loop has at hand now belongs to the same group.
            self._loop.call_soon(self._write_threads.submit, self._write_waiting, self._begin_writing())
        return await future

    async def read(self, work: Callable[[Transaction], T], tenant: Hashable = None) -> T:
        return await self._read_threads.run(tenant, partial(self._scan, work))

    async def look_up(self, work: Callable[[Transaction], T], tenant: Hashable = None) -> T:
        return await self._read_threads.run(tenant, partial(self._look_up, work))

    def _begin_writing(self) -> PostgresWriter:
        self._writing += 1
        return self._idle_writers.pop()

    def _end_writing(self, writer: PostgresWriter) -> None:
        self._writing -= 1
        self._idle_writers.append(writer)
        if self._waiting:
            self._write_threads.submit(self._write_waiting, self._begin_writing())

    def _write_waiting(self, writer: PostgresWriter) -> None:
        """On a writer's thread: write group after group until nothing waits."""
        while group := self._waiting.take(self._write_group):
            began = time.perf_counter()
            try:
                writer.write(group)
            except Exception as error:
                # Which of them are durable is not known here; they must not be answered as if all were.
                _log.exception("a group of %d writes came to no end", len(group))
                for write in group:
                    write.fail(error)
            self._loop.call_soon_threadsafe(self._deliver, group, time.perf_counter() - began)
        self._loop.call_soon_threadsafe(self._end_writing, writer)

    def _deliver(self, group: list[Write], seconds: float) -> None:
        self.on_commit(len(group), seconds)
        for write in group:
            write.deliver()

    def _look_up(self, work: Callable[[Transaction], T]) -> T:
        """Read without a transaction where `work` has one statement, and on a snapshot where it has more."""
        try:
            return self._read(lambda connection: work(Transaction(OneStatement(connection))))
        except SecondStatement:
            return self._read(partial(_on_snapshot, work))

    def _scan(self, work: Callable[[Transaction], T]) -> T:
        return self._read(partial(self._scan_through, partial(_on_snapshot, work)))

    def _scan_through(self, read: Callable[[PostgresConnection], T], primary: PostgresConnection) -> T:
        found = self._replica.read(primary, read) if self._replica is not None else None
        return read(primary) if found is None else found

    def _read(self, read: Callable[[PostgresConnection], T]) -> T:
        """Read, and once more where the connection had been lost since it was last used."""
        kept: KeptConnection | None = getattr(self._local, "kept", None)
        if kept is None:
            kept = self._local.kept = KeptConnection(self._door)
        connection = kept.get()
        try:
            return read(connection)
        except Unavailable:
            if not connection.broken:
                raise
        return read(kept.get())


def _careless_settings(connection: PostgresConnection) -> list[str]:
    return [name.decode() for name in connection.control(_CARELESS)]


def _on_snapshot(work: Callable[[Transaction], T], connection: PostgresConnection) -> T:
    connection.control(_BEGIN_READ)
    try:
        return work(Transaction(connection))
    finally:
        connection.undo()


def _forget_marks(tx: Transaction) -> None:
    """Forget the writers of servers that ended long ago."""
    tx.run(_FORGET_MARKS, before=now_ms() - _DAY_MS)


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error
