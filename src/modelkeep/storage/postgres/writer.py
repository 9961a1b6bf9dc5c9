"""A writer's thread on PostgreSQL: transactions of many writes, what is done where one fails, and commits unanswered.

Where the connection is lost as a transaction commits, nobody has said whether it is durable. The database itself is
asked, once it is back: each transaction first writes its number in a row that is the writer's alone. A transaction
that goes on without its client holds that row, so that the question waits for its end. PostgreSQL's own numbers of
transactions would not do: after a crash it may give one again that had not reached the disk, and a standby that became
the primary may give those that it had not heard of.
"""

import logging
import secrets
import time
from collections.abc import Callable
from functools import partial
from operator import attrgetter

from modelkeep.core.clock import now_ms
from modelkeep.storage.errors import Busy, OutcomeUnknown, Unavailable
from modelkeep.storage.postgres.connection import PostgresConnection
from modelkeep.storage.postgres.door import Door, KeptConnection
from modelkeep.storage.postgres.waiting_rows import SEVERAL
from modelkeep.storage.writes import Write

Step = Callable[[PostgresConnection], None]

_log = logging.getLogger("modelkeep.storage")

# A group never waits long for what another transaction holds: its writes then run alone, and wait each for itself.
_GROUP_PATIENCE = "500ms"
_PATIENCE = "2s"
_BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '{patience}'; "
    "INSERT INTO commit_marks (writer, mark, at) VALUES ('{writer}', {mark}, {at}) "
    "ON CONFLICT (writer) DO UPDATE SET {change} RETURNING mark"
)
_NEW_MARK = "mark = excluded.mark, at = excluded.at"
# A writer whose first transaction is lost has no row yet: it gets one with a number that no transaction has.
_SAME_MARK, _NO_MARK = "at = excluded.at", 0
_about = attrgetter("about")
_TOGETHER_ATTEMPTS = 4
_ATTEMPTS = 3
_RESOLVE_SECONDS = 10.0
_RESOLVE_PAUSE = 0.1


class _Failed(Exception):
    """One write of a transaction failed after a change, so that all of it was undone."""

    def __init__(self, number: int, reason: Exception) -> None:
        self.number = number
        self.reason = reason


class PostgresWriter:
    """One connection and what is written through it. Belongs to one thread at a time."""

    def __init__(self, door: Door) -> None:
        self._kept = KeptConnection(door)
        self._name = secrets.token_hex(16)
        self._mark = 0

    def write(self, group: list[Write]) -> None:
        """Run and commit writes, together as far as that goes. Each has its outcome afterwards."""
        # Two groups that held each what the other wants would wait for ever: all take things in one order.
        group = sorted(group, key=_about)
        alone: list[Write] = []
        merges = True
        for _ in range(_TOGETHER_ATTEMPTS):
            if len(group) < 2:
                break
            try:
                self._commit(_GROUP_PATIENCE, [write.run for write in group], merges=merges)
                group = []
            except _Failed as failure:
                if failure.number == SEVERAL:
                    # Whose row it was shows once each write's rows go in by themselves.
                    merges = False
                    continue
                # The others go on without it, and it follows by itself.
                alone.append(group[failure.number])
                group = [*group[: failure.number], *group[failure.number + 1 :]]
            except OutcomeUnknown as error:
                for write in group:
                    write.fail(error)
                group = []
            except Unavailable as error:
                _log.debug("a group of %d writes is tried again: %s", len(group), error)
        for write in (*group, *alone):
            self._write_alone(write)

    def _write_alone(self, write: Write) -> None:
        """Run and commit one write, or what is answered in its place, or report why neither can be."""
        reason = self._attempt(write, write.run)
        if reason is not None:
            # It has attempts of its own: losses before may have cost all but the one that met the reason.
            self._attempt(write, partial(_answer_otherwise, write, reason))

    def _attempt(self, write: Write, step: Step) -> Exception | None:
        """Run and commit a step of a write; why it failed, where that is to be tried by nobody again."""
        for _ in range(_ATTEMPTS):
            try:
                self._commit(_PATIENCE, [step])
            except OutcomeUnknown as error:
                write.fail(error)
            except Unavailable as error:
                # The connection may have been lost before anything was sent, or a deadlock was resolved.
                write.fail(error)
                continue
            except _Failed as failure:
                write.fail(failure.reason)
                if isinstance(failure.reason, Busy):
                    continue
                return failure.reason
            return None
        return None

    def _commit(self, patience: str, steps: list[Step], *, merges: bool = True) -> None:
        """Run steps in a transaction and commit it; raise where that is not possible, with nothing done.

        Where it `merges`, the rows of several steps may go in by one statement, which is nobody's alone if it fails.
        """
        connection = self._kept.get()
        self._mark += 1
        connection.writer, connection.blamed = 0, None
        try:
            connection.control(self._begin(patience, self._mark, _NEW_MARK))
            for connection.writer, step in enumerate(steps):
                step(connection)
                if not merges:
                    connection.place()
            connection.flush()
            if connection.blamed is not None:
                raise connection.blamed[1]
        except Exception as error:
            connection.undo()
            blamed = connection.blamed
            # Its own failure a write has given its meaning; another's has only shown while it ran.
            if blamed is None or blamed[0] == connection.writer:
                blamed = (connection.writer, error)
            raise _failure(*blamed) from error
        try:
            connection.commit()
        except Exception as error:
            connection.undo()
            if not self._was_committed(error):
                raise _failure(connection.writer, error) from error

    def _begin(self, patience: str, mark: int, change: str) -> bytes:
        return _BEGIN.format(patience=patience, writer=self._name, mark=mark, at=now_ms(), change=change).encode()

    def _was_committed(self, error: Exception) -> bool:
        """Whether the transaction whose commit was not answered is durable."""
        deadline = time.monotonic() + _RESOLVE_SECONDS
        while time.monotonic() < deadline:
            try:
                connection = self._kept.get()
                (mark,) = connection.control(self._begin(_PATIENCE, _NO_MARK, _SAME_MARK))
                connection.commit()
            except Exception as reason:
                _log.debug("what became of a commit is not known yet: %s", reason)
                time.sleep(_RESOLVE_PAUSE)
            else:
                return int(mark) == self._mark
        raise OutcomeUnknown(str(error)) from error


def _failure(number: int, error: Exception) -> Exception:
    """What a transaction ends with: what no write is to blame for is the same for all of them."""
    if isinstance(error, Unavailable) and not isinstance(error, Busy):
        return error
    return _Failed(number, error)


def _answer_otherwise(write: Write, error: Exception, connection: PostgresConnection) -> None:
    write.run_otherwise(connection, error)
    if write.error is not None:
        raise write.error
