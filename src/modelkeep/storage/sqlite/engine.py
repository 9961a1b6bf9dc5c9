"""The SQLite engine: group commit through one connection, readers beside it.

A write is run where it arrives, on the event loop, in a transaction that is open until the loop has run all that came
with it, and what is about to come (`gathering.py`); then the transaction is committed on a thread, and the next writes
wait for that. A thread that ran the writes as well was measured: it and the loop took Python's lock from each other at
every statement, which cost as much as SQLite itself. What may wait for the disk, the flush of a commit, never stops the
loop.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from modelkeep.storage.engine import unobserved
from modelkeep.storage.errors import Busy, OutcomeUnknown, Unavailable
from modelkeep.storage.fair_threads import FairThreads
from modelkeep.storage.one_statement import OneStatement, SecondStatement
from modelkeep.storage.sqlite.checkpoints import Checkpoints
from modelkeep.storage.sqlite.connection import SqliteConnection
from modelkeep.storage.sqlite.gathering import LONGEST_WAIT_SECONDS, Gathering
from modelkeep.storage.sqlite.lock import DATABASE_NAME
from modelkeep.storage.transaction import Transaction
from modelkeep.storage.turns import Turns
from modelkeep.storage.writes import Write

T = TypeVar("T")

_log = logging.getLogger("modelkeep.storage")

# Another process may hold the database for a moment, such as a backup that begins.
_PATIENCE_SECONDS = 10.0
_RETRY_SECONDS = 0.01


class SqliteEngine:
    """One process, one connection that writes. All methods belong to the event loop that called `start`."""

    def __init__(self, directory: Path, *, readers: int, write_group: int, max_waiting_writes: int) -> None:
        self._path = directory / DATABASE_NAME
        self._write_group = write_group
        self._waiting: Turns[Write] = Turns(max_waiting_writes)
        # The writes of the open transaction. Where `_broken`, it has to be undone and each of them run alone.
        self._group: list[Write] = []
        self._broken = False
        self._gathering = Gathering(write_group)
        self._wait: asyncio.TimerHandle | None = None
        self._committing = False
        self._commits = 0
        self._began = 0.0
        self.on_commit: Callable[[int, float], None] = unobserved
        # The failed commit of this group, which a crash may bring back as long as no other was written over it.
        self._in_doubt: OutcomeUnknown | None = None
        self._local = threading.local()
        self._connections: list[SqliteConnection] = []
        self._readers_turn = threading.Lock()
        self._readers = FairThreads(readers, "modelkeep-reader")
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="modelkeep-commit")

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def reading(self) -> int:
        return self._readers.reading

    @property
    def commits(self) -> int | None:
        return None if self._committing else self._commits

    @property
    def alone(self) -> bool:
        return True

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._write_connection = self._open(writes=True)
        self._near_connection = self._open(writes=False)
        self._checkpoints = Checkpoints(self._path, self._open(writes=False))

    async def close(self) -> None:
        while self._group or self._waiting:
            await asyncio.sleep(0.001)
        await asyncio.to_thread(self._committer.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._checkpoints.stop)
        for connection in self._connections:
            connection.close()
        self._checkpoints.close()

    async def write(
        self,
        work: Callable[[Transaction], T],
        otherwise: Callable[[Transaction, Exception], T],
        if_match: str | None = None,
        about: str = "",
        tenant: Hashable = None,
    ) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        write = Write(work, otherwise, if_match, future)
        if self._committing:
            self._waiting.add(tenant, write)
        else:
            self._run(write)
        return await future

    async def read(self, work: Callable[[Transaction], T], tenant: Hashable = None) -> T:
        return await self._readers.run(tenant, partial(self._read_in_thread, work))

    async def look_up(self, work: Callable[[Transaction], T], tenant: Hashable = None) -> T:
        """Run `work` at once; where it has a second statement, once more and on a snapshot.

        Most look-ups are one statement, which is a snapshot by itself. BEGIN and COMMIT around it would let go of
        Python's lock twice more, and getting that back costs more than SQLite does.
        """
        try:
            return work(Transaction(OneStatement(self._near_connection)))
        except SecondStatement:
            return _on_snapshot(self._near_connection, work)

    def _read_in_thread(self, work: Callable[[Transaction], T]) -> T:
        connection: SqliteConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open(writes=False, turn=self._readers_turn)
        return _on_snapshot(connection, work)

    def _open(self, *, writes: bool, turn: "threading.Lock | None" = None) -> SqliteConnection:
        connection = SqliteConnection(self._path, writes=writes, turn=turn)
        self._connections.append(connection)
        return connection

    def _run(self, write: Write) -> None:
        """Run a write in the open transaction, or open one, which ends when the loop has run what it has now or later.

        A savepoint each would cost a fifth of a write, for pages are copied at each. Few writes fail, and of these
        most have changed nothing yet. For one that has, the transaction is undone and its writes are run alone.
        """
        self._group.append(write)
        try:
            if len(self._group) == 1:
                self._loop.call_soon(self._commit_or_wait)
                self._write_connection.control("BEGIN IMMEDIATE")
            if not self._broken:
                write.run(self._write_connection)
                # SQLite ends a transaction by itself where the disk or memory fails a statement. What came after would
                # each be kept at once, and then be done again with its group.
                self._broken = not self._write_connection.in_transaction
        except Exception:
            self._broken = True
        size = len(self._group)
        if size == self._write_group or (
            self._wait is not None and (self._broken or self._gathering.is_complete(size))
        ):
            self._commit()

    def _commit_or_wait(self) -> None:
        """Commit what the loop has run, unless others are about to come."""
        if self._group and not self._committing:
            if not self._broken and self._gathering.is_worth_waiting(len(self._group)):
                self._wait = self._loop.call_later(LONGEST_WAIT_SECONDS, self._stop_waiting)
            else:
                self._commit()

    def _stop_waiting(self) -> None:
        self._gathering.missed()
        self._commit()

    def _commit(self) -> None:
        if self._wait is not None:
            self._wait.cancel()
            self._wait = None
        if self._group and not self._committing:
            self._committing = True
            self._began = time.perf_counter()
            self._flush()
            self._committer.submit(self._commit_group)

    def _flush(self) -> None:
        """Run the inserts that were put off, here rather than on the thread: it would have to get Python's lock back
        after each of them, from a loop that is busy with the next requests.
        """
        try:
            if not self._broken:
                self._write_connection.flush()
        except Exception:
            self._broken = True

    def _commit_group(self) -> None:
        try:
            if not self._commit_together():
                for write in self._group:
                    self._commit_alone(write)
                self._in_doubt = None
        except Exception as error:
            # Which of them are durable is not known here; they must not be answered as if all were.
            _log.exception("a group of %d writes came to no end", len(self._group))
            for write in self._group:
                write.fail(error)
        self._checkpoints.after_commit()
        self._loop.call_soon_threadsafe(self._committed)

    def _commit_together(self) -> bool:
        try:
            if not self._broken:
                self._write_connection.control("COMMIT")
                return True
        except Exception as error:
            _log.warning("a group of %d writes could not be committed together: %s", len(self._group), error)
            self._in_doubt = error if isinstance(error, OutcomeUnknown) else None
        self._undo()
        return False

    def _commit_alone(self, write: Write) -> None:
        """Run and commit one write that must be undone without its neighbours, or report why it cannot be."""
        was_done = write.error is None
        try:
            self._begin_patiently()
            before = self._write_connection.changes
            try:
                write.run(self._write_connection)
                self._write_connection.flush()
            except Exception as error:
                self._undo()
                self._begin_patiently()
                before = self._write_connection.changes
                write.run_otherwise(self._write_connection, error)
                if write.error is not None:
                    self._undo()
            # Where there is no transaction left, COMMIT says that nothing was kept.
            if write.error is None or self._write_connection.in_transaction:
                self._write_connection.control("COMMIT")
                if self._write_connection.changes != before:
                    # It stands in the log where the one that failed did.
                    self._in_doubt = None
        except Exception as error:
            self._undo()
            write.fail(error)
        if self._in_doubt is not None and was_done and write.error is not None:
            # What failed now was done in the commit that a crash may bring back.
            write.fail(self._in_doubt)

    def _begin_patiently(self) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return self._write_connection.control("BEGIN IMMEDIATE")
            except Busy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)

    def _undo(self) -> None:
        """Leave no transaction open, if need be with another connection."""
        try:
            if self._write_connection.in_transaction:
                self._write_connection.control("ROLLBACK")
        except Exception:
            _log.exception("a transaction could not be rolled back; the database is opened again")
            self._write_connection.close()
            with contextlib.suppress(Unavailable):
                self._write_connection = self._open(writes=True)

    def _committed(self) -> None:
        """Deliver the outcomes, then run what has waited meanwhile."""
        self._commits += 1
        group, self._group = self._group, []
        self._broken = self._committing = False
        self._gathering.saw(len(group) + len(self._waiting))
        self.on_commit(len(group), time.perf_counter() - self._began)
        for write in group:
            write.deliver()
        for write in self._waiting.take(self._write_group):
            self._run(write)


def _on_snapshot(connection: SqliteConnection, work: Callable[[Transaction], T]) -> T:
    connection.control("BEGIN")
    try:
        return work(Transaction(connection))
    finally:
        # A disk that fails a statement has ended it: what failed is to be told, not that there is nothing to end.
        if connection.in_transaction:
            connection.control("COMMIT")
