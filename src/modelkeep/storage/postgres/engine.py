"""The PostgreSQL engine: writes that arrive together share a transaction, reads run beside them.

A thread takes all writes that wait and runs them one after the other in one transaction, so that they share its
BEGIN, its COMMIT and the flush. Where one fails after a change, the transaction is undone and each runs alone. Two
such threads take turns: while one waits for its flush, the other runs what has come meanwhile.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from modelkeep.storage.errors import Busy, OutcomeUnknown, Overloaded, Unavailable
from modelkeep.storage.interned import InternedNames
from modelkeep.storage.one_statement import OneStatement, SecondStatement
from modelkeep.storage.postgres.connection import PostgresConnection
from modelkeep.storage.transaction import Transaction
from modelkeep.storage.writes import Write

T = TypeVar("T")

_log = logging.getLogger("modelkeep.storage")

# A group never waits long for what another transaction holds: its writes then run alone, and wait each for itself.
_BEGIN_GROUP = b"BEGIN; SET LOCAL lock_timeout = '200ms'; SELECT pg_current_xact_id()"
_BEGIN_ALONE = b"BEGIN; SET LOCAL lock_timeout = '10s'; SELECT pg_current_xact_id()"
_BEGIN_READ = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_ATTEMPTS = 5
_RESOLVE_SECONDS = 5.0
_RESOLVE_PAUSE = 0.1


class PostgresEngine:
    """All methods belong to the event loop that called `start`."""

    def __init__(
        self, url: str, *, readers: int, writers: int, write_group: int, max_waiting_writes: int, prepare: bool
    ) -> None:
        self._url = url
        self._prepare = prepare
        self._write_group = write_group
        self._max_waiting = max_waiting_writes
        self._waiting: deque[Write] = deque()
        self._writing = 0
        self._writers = writers
        self._local = threading.local()
        self._opened: list[PostgresConnection] = []
        self._write_threads = ThreadPoolExecutor(writers, thread_name_prefix="modelkeep-writer")
        self._read_threads = ThreadPoolExecutor(readers, thread_name_prefix="modelkeep-reader")

    @property
    def commits(self) -> int | None:
        return None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.look_up(lambda tx: None)

    async def close(self) -> None:
        while self._waiting or self._writing:
            await asyncio.sleep(0.001)
        await asyncio.to_thread(self._write_threads.shutdown)
        await asyncio.to_thread(self._read_threads.shutdown)
        for connection in self._opened:
            connection.close()

    async def write(
        self,
        work: Callable[[Transaction], T],
        otherwise: Callable[[Transaction, Exception], T],
        if_match: str | None = None,
    ) -> T:
        if len(self._waiting) >= self._max_waiting:
            raise Overloaded
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append(Write(work, otherwise, if_match, future))
        if self._writing < self._writers:
            self._writing += 1
            # Not at once: what the loop has at hand now belongs to the same group.
            self._loop.call_soon(self._write_threads.submit, self._write_waiting)
        return await future

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self._loop.run_in_executor(self._read_threads, self._read, work, False)

    async def look_up(self, work: Callable[[Transaction], T]) -> T:
        return await self._loop.run_in_executor(self._read_threads, self._read, work, True)

    def _read(self, work: Callable[[Transaction], T], one_statement: bool) -> T:
        """Read, and once more where the connection had been lost since it was last used."""
        for attempt in (1, 2):
            connection = self._connection()
            try:
                if one_statement:
                    try:
                        return work(Transaction(OneStatement(connection)))
                    except SecondStatement:
                        pass
                return _on_snapshot(connection, work)
            except Unavailable:
                if attempt == 2 or not connection.broken:
                    raise
        raise AssertionError("unreachable")

    def _connection(self) -> PostgresConnection:
        """This thread's own connection, opened where it has none that lives."""
        connection: PostgresConnection | None = getattr(self._local, "connection", None)
        if connection is None or connection.broken:
            if connection is not None:
                connection.close()
                self._opened.remove(connection)
            self._local.connection = None
            names: InternedNames = self._local.__dict__.setdefault("names", InternedNames())
            connection = PostgresConnection(self._url, names=names, prepare=self._prepare)
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    def _write_waiting(self) -> None:
        """On a writer's thread: write group after group until nothing waits."""
        while group := self._take():
            try:
                self._write_together(group)
            except Exception as error:
                # Which of them are durable is not known here; they must not be answered as if all were.
                _log.exception("a group of %d writes came to no end", len(group))
                for write in group:
                    write.result, write.error = None, error
            self._loop.call_soon_threadsafe(_deliver, group)
        self._loop.call_soon_threadsafe(self._rest)

    def _rest(self) -> None:
        self._writing -= 1
        if self._waiting and self._writing < self._writers:
            self._writing += 1
            self._write_threads.submit(self._write_waiting)

    def _take(self) -> list[Write]:
        group: list[Write] = []
        while self._waiting and len(group) < self._write_group:
            try:
                group.append(self._waiting.popleft())
            except IndexError:
                break
        return group

    def _write_together(self, group: list[Write]) -> None:
        if len(group) > 1:
            try:
                self._in_transaction(_BEGIN_GROUP, group)
                return
            except OutcomeUnknown:
                raise
            except Exception as error:
                _log.debug("a group of %d writes runs one by one: %s", len(group), error)
        for write in group:
            self._write_alone(write)

    def _write_alone(self, write: Write) -> None:
        """Run and commit one write, or report why it cannot be."""
        for attempt in range(_ATTEMPTS):
            try:
                self._in_transaction(_BEGIN_ALONE, [write])
            except OutcomeUnknown as error:
                write.result, write.error = None, error
            except Busy as error:
                write.result, write.error = None, error
                if attempt + 1 < _ATTEMPTS:
                    continue
            except Unavailable as error:
                write.result, write.error = None, error
                if attempt == 0:
                    # The connection may have been lost since it was last used, before anything was sent.
                    continue
            except Exception as error:
                self._write_otherwise(write, error)
            return

    def _write_otherwise(self, write: Write, error: Exception) -> None:
        """What is answered where the work failed: it may look at the database, and write to it."""
        connection = self._connection()
        try:
            connection.control(_BEGIN_ALONE)
            write.run_otherwise(connection, error)
            kept = write.error is None
            connection.control(b"COMMIT" if kept else b"ROLLBACK")
            self._local.names.settle(committed=kept)
        except Exception as final:
            self._undo(connection)
            write.result, write.error = None, final

    def _in_transaction(self, begin: bytes, writes: list[Write]) -> None:
        """Run writes and commit them; raise where that is not possible, with nothing done."""
        connection = self._connection()
        try:
            (transaction,) = connection.control(begin)
            for write in writes:
                write.run(connection)
        except Exception:
            self._undo(connection)
            raise
        try:
            connection.control(b"COMMIT")
        except Unavailable as error:
            if not self._was_committed(transaction, error):
                raise
        except Exception:
            self._undo(connection)
            raise
        else:
            self._local.names.settle(committed=True)

    def _was_committed(self, transaction: bytes, error: Unavailable) -> bool:
        """Whether a transaction whose commit was not answered is durable: the database knows, once it is back."""
        deadline = time.monotonic() + _RESOLVE_SECONDS
        while time.monotonic() < deadline:
            try:
                state = self._connection().control(b"SELECT pg_xact_status('" + transaction + b"')")[0]
            except Exception:
                time.sleep(_RESOLVE_PAUSE)
                continue
            if state == b"committed":
                return True
            if state == b"aborted":
                return False
            time.sleep(_RESOLVE_PAUSE)
        raise OutcomeUnknown(str(error)) from error

    def _undo(self, connection: PostgresConnection) -> None:
        """Leave no transaction open; a connection that cannot do that is closed, which ends it too."""
        self._local.names.settle(committed=False)
        try:
            if connection.in_transaction and not connection.broken:
                connection.control(b"ROLLBACK")
        except Exception:
            connection.close()


def _deliver(group: list[Write]) -> None:
    for write in group:
        write.deliver()


def _on_snapshot(connection: PostgresConnection, work: Callable[[Transaction], T]) -> T:
    connection.control(_BEGIN_READ)
    try:
        return work(Transaction(connection))
    finally:
        if not connection.broken:
            connection.control(b"COMMIT")
