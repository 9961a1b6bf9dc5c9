"""The SQLite engine: group commit on one writer thread, readers beside it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from modelkeep.storage.errors import Overloaded, Unavailable
from modelkeep.storage.sqlite.connection import DATABASE_NAME, SqliteConnection
from modelkeep.storage.transaction import Transaction

T = TypeVar("T")


class _Write:
    """One accepted write and, once its group is committed, its outcome."""

    __slots__ = ("error", "future", "if_match", "otherwise", "result", "work")

    def __init__(
        self,
        work: Callable[[Transaction], Any],
        otherwise: Callable[[Transaction, Exception], Any],
        if_match: str | None,
        future: asyncio.Future[Any],
    ) -> None:
        self.work = work
        self.otherwise = otherwise
        self.if_match = if_match
        self.future = future
        self.result: Any = None
        self.error: Exception | None = None

    def deliver(self) -> None:
        if not self.future.done():
            if self.error is None:
                self.future.set_result(self.result)
            else:
                self.future.set_exception(self.error)


class SqliteEngine:
    """One process, one writer. `start`, `write` and `read` belong to one event loop."""

    def __init__(self, directory: Path, *, readers: int, write_group: int, max_waiting_writes: int) -> None:
        self._path = directory / DATABASE_NAME
        self._write_group = write_group
        self._max_waiting = max_waiting_writes
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._local = threading.local()
        self._connections: list[SqliteConnection] = []
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="modelkeep-reader")
        self._writer = threading.Thread(target=self._write_groups, name="modelkeep-writer", daemon=True)

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._write_connection = self._open(writes=True)
        self._near_connection = self._open(writes=False)
        self._writer.start()

    async def close(self) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()

    async def write(
        self,
        work: Callable[[Transaction], T],
        otherwise: Callable[[Transaction, Exception], T],
        if_match: str | None = None,
    ) -> T:
        if self._queue.qsize() >= self._max_waiting:
            raise Overloaded
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Write(work, otherwise, if_match, future))
        return await future

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self._loop.run_in_executor(self._readers, self._read_in_thread, work)

    def read_now(self, work: Callable[[Transaction], T]) -> T:
        return _on_snapshot(self._near_connection, work)

    def _read_in_thread(self, work: Callable[[Transaction], T]) -> T:
        connection: SqliteConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open(writes=False)
        return _on_snapshot(connection, work)

    def _open(self, *, writes: bool) -> SqliteConnection:
        connection = SqliteConnection(self._path, writes=writes)
        self._connections.append(connection)
        return connection

    def _write_groups(self) -> None:
        stopping = False
        while not stopping:
            item = self._queue.get()
            group: list[_Write] = []
            while item is not None:
                group.append(item)
                if len(group) == self._write_group:
                    break
                try:
                    item = self._queue.get_nowait()
                except Empty:
                    break
            else:
                stopping = True
            if group:
                self._commit(group)
                self._loop.call_soon_threadsafe(_deliver, group)

    def _commit(self, group: list[_Write]) -> None:
        """Commit the group together; where that cannot be, commit each of its writes alone."""
        try:
            self._run(group)
        except Exception as refusal:
            self._abandon()
            for write in group:
                if len(group) > 1:
                    self._commit([write])
                else:
                    self._commit_alone(write, refusal)

    def _run(self, group: list[_Write]) -> None:
        """Run a group in one transaction.

        A savepoint each would cost a fifth of a write, for pages are copied at each. Few writes fail, and of these
        most have changed nothing yet. For one that has, the group is undone and its writes are run once more.
        """
        connection = self._write_connection
        driver = connection.driver
        connection.control("BEGIN IMMEDIATE")
        for write in group:
            changes = driver.total_changes
            try:
                write.result, write.error = write.work(Transaction(connection, write.if_match)), None
            except Exception as error:
                if isinstance(error, Unavailable) or driver.total_changes != changes:
                    raise
                self._run_otherwise(write, error)
                if write.error is not None and driver.total_changes != changes:
                    raise write.error from error
        connection.control("COMMIT")

    def _commit_alone(self, write: _Write, refusal: Exception) -> None:
        """Commit one write that must be undone without its neighbours, or report why it cannot be."""
        control = self._write_connection.control
        try:
            control("BEGIN IMMEDIATE")
            control("SAVEPOINT one_write")
            try:
                write.result, write.error = write.work(Transaction(self._write_connection, write.if_match)), None
            except Exception as error:
                control("ROLLBACK TO one_write")
                self._run_otherwise(write, error)
                if write.error is not None:
                    control("ROLLBACK TO one_write")
            control("COMMIT")
        except Exception as final:
            self._abandon()
            write.error = final if isinstance(final, Unavailable) else refusal

    def _run_otherwise(self, write: _Write, error: Exception) -> None:
        transaction = Transaction(self._write_connection, write.if_match)
        try:
            write.result, write.error = write.otherwise(transaction, error), None
        except Exception as final:
            write.result, write.error = None, final

    def _abandon(self) -> None:
        if self._write_connection.in_transaction:
            self._write_connection.control("ROLLBACK")


def _on_snapshot(connection: SqliteConnection, work: Callable[[Transaction], T]) -> T:
    connection.control("BEGIN")
    try:
        return work(Transaction(connection))
    finally:
        connection.control("COMMIT")


def _deliver(group: list[_Write]) -> None:
    for write in group:
        write.deliver()
