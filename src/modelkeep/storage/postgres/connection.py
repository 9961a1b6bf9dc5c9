"""One PostgreSQL connection behind the house's interface: settings, compiled statements, errors."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors, pq
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql import ClauseElement

from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.counter import Counter
from modelkeep.storage.counts import Counts
from modelkeep.storage.errors import Busy, DiskFull, ForeignKeyViolation, Unavailable, UniqueViolation
from modelkeep.storage.interned import InternedNames
from modelkeep.storage.postgres.copying import FEWEST, copy_new_rows, copy_rows
from modelkeep.storage.postgres.waiting_rows import SEVERAL, WaitingRows
from modelkeep.storage.postgres.wire import Statement, Wire
from modelkeep.storage.query import Compiled, Query
from modelkeep.storage.transaction import Row

_DIALECT = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
# Queries known at start are some hundreds; searches that are remembered come and go.
_MOST_FORMS = 1_000
_MOST_WAITING = 2_000

_BUSY = (errors.DeadlockDetected, errors.LockNotAvailable, errors.SerializationFailure)
# A standby that is taken for the primary, and a pooler that has given the server's connection to another.
_ELSEWHERE = (errors.ReadOnlySqlTransaction, errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)


class PostgresConnection:
    """Not safe across threads at once; its owner sees to that. Replaced by its owner once `broken`."""

    def __init__(self, driver: psycopg.Connection[Row], *, prepare: bool) -> None:
        self.driver = driver
        self.prepares = prepare
        self._wire = Wire(driver, prepare=prepare)
        self._forms: dict[Query, Compiled] = {}
        # Statements whose answer nobody needs go with the next one whose answer is needed. Beside each, who wrote it.
        self._later: list[Statement] = []
        self._writers: list[int] = []
        self._waiting = WaitingRows()
        self._counts = Counts()
        # Not kept beyond the connection: the next may lead to a standby that has not seen the last of them.
        self._names = InternedNames()
        self.lost_statements = False
        """Whether a statement that was prepared had gone: something on the way shares connections."""
        self.changes = 0
        """How many statements that write were run."""
        self.writer = 0
        """Whose statements come now."""
        self.blamed: tuple[int, Exception] | None = None
        """Whose statement has failed (or `SEVERAL`'s), and how, where that shows only as another's was run."""

    @property
    def broken(self) -> bool:
        return self.driver.closed or self.driver.pgconn.status != pq.ConnStatus.OK

    def _form(self, query: Query) -> Compiled:
        form = self._forms.get(query)
        if form is None:
            if len(self._forms) >= _MOST_FORMS:
                self._forms.clear()
            form = self._forms[query] = Compiled(query.expression, _DIALECT)
        return form

    def rows(self, query: Query, parameters: dict[str, Any]) -> list[Row]:
        form = self._placed(query)
        self.changes += form.writes
        return self._wire.rows(self._run(Statement(form.sql, form.bind(parameters), known=True)))

    def count(self, query: Query, parameters: dict[str, Any]) -> int:
        form = self._placed(query)
        self.changes += 1
        return self._run(Statement(form.sql, form.bind(parameters), known=True)).command_tuples or 0

    def put(self, query: Query, parameters: dict[str, Any]) -> None:
        form = self._placed(query)
        self.changes += 1
        self._later.append(Statement(form.sql, form.bind(parameters), known=True))
        self._writers.append(self.writer)

    def insert(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
        if len(rows) >= FEWEST:
            self._copy(bulk, rows)
        elif rows:
            self.changes += 1
            if self._waiting.stand_before(bulk, rows) or (self._counts.any and self._counts.stands_before(bulk)):
                self.place()
            self._waiting.add(bulk, rows, self.writer)
            if self._waiting.count > _MOST_WAITING:
                self.place()

    def _placed(self, query: Query) -> Compiled:
        """The form of a query, before which all has been placed that it could miss."""
        form = self._form(query)
        if self._waiting.count and self._waiting.concern(form):
            self.place()
        elif self._counts.any and self._counts.concerns(form):
            self._place_counts()
        return form

    def place(self) -> None:
        """Have what waits go with the next statement; what comes later is not put with it."""
        if self._counts.any:
            self._place_counts()
        if self._waiting.count:
            for statement, writer in self._waiting.take(self._form):
                self._later.append(statement)
                self._writers.append(writer)

    def _place_counts(self) -> None:
        for query, parameters in self._counts.take():
            form = self._form(query)
            self._later.append(Statement(form.sql, form.bind(parameters), known=True))
            self._writers.append(SEVERAL)

    def _copy(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
        self.flush()
        self.changes += 1
        try:
            if bulk.plain:
                copy_new_rows(self.driver, bulk, rows)
            else:
                copy_rows(self.driver, bulk, self._form(bulk.from_staged).sql, rows)
        except psycopg.Error as error:
            raise self._translated(error) from error

    def next_number(self, counter: Counter, parameters: dict[str, Any]) -> Row | None:
        self.changes += 1
        row = self._counts.count_on(counter, parameters)
        if row is not None:
            return row
        form = self._form(counter.raise_one)
        if self._waiting.count and self._waiting.concern(form):
            self.place()
        rows = self._wire.rows(self._run(Statement(form.sql, form.bind(parameters), known=True)))
        if not rows:
            return None
        self._counts.begin(counter, parameters, rows[0], form)
        return rows[0]

    def metric_key_ids(self, names: Sequence[str]) -> list[int]:
        return self._names.ids(self, names)

    def several(self) -> None:
        """Nothing: whoever gave this connection has begun what they need."""

    def search(self, statement: ClauseElement) -> list[Row]:
        self.place()
        form = Compiled(statement, _DIALECT)
        return self._wire.rows(self._run(Statement(form.sql, form.bind({}), known=False)))

    def flush(self) -> None:
        """Run what was put off."""
        self.place()
        if self._later:
            self._run(self._later.pop())

    def _run(self, statement: Statement) -> pq.abc.PGresult:
        """Run a statement, and before it what was put off."""
        later, self._later = self._later, []
        writers, self._writers = [*self._writers, self.writer], []
        try:
            return self._wire.run([*later, statement])
        except Exception as error:
            # What failed has left its transaction unusable, as a change would. So does a value that cannot be sent:
            # what others had put off was not sent either.
            self.changes += 1
            reason = self._translated(error) if isinstance(error, psycopg.Error) else error
            self.blamed = self.blamed or (writers[self._wire.failed], reason)
            raise reason from error

    def control(self, statement: bytes) -> list[bytes]:
        """BEGIN and its like, several at once; the first column of the last one's rows."""
        result = self._send(statement)
        return [result.get_value(row, 0) or b"" for row in range(result.ntuples)]

    def commit(self) -> None:
        ended = self._send(b"COMMIT").command_status
        # A statement has failed and nobody has minded: the server undoes it all, and calls that no error.
        if ended != b"COMMIT":
            raise RuntimeError("the transaction was rolled back as it was to commit")
        self._names.settle(committed=True)

    def _send(self, statement: bytes) -> pq.abc.PGresult:
        try:
            return self._wire.control(statement)
        except psycopg.Error as error:
            raise self._translated(error) from error

    def undo(self) -> None:
        """Leave no transaction open; a connection that cannot do that is closed, which ends it too."""
        self._names.settle(committed=False)
        self._later, self._writers = [], []
        self._waiting.forget()
        self._counts.forget()
        try:
            if self.driver.info.transaction_status != pq.TransactionStatus.IDLE and not self.broken:
                self.control(b"ROLLBACK")
        except Exception:
            self.close()

    def close(self) -> None:
        self.driver.close()

    def _translated(self, error: psycopg.Error) -> Exception:
        if isinstance(error, _ELSEWHERE):
            self.lost_statements = not isinstance(error, errors.ReadOnlySqlTransaction)
            self.close()
            return Unavailable(f"The connection leads elsewhere: {one_line(error)}")
        # A loss is not always told by the error's class.
        return Unavailable(f"The connection was lost: {one_line(error)}") if self.broken else translated(error)


def translated(error: psycopg.Error) -> Exception:
    """The house's error for a driver's."""
    if isinstance(error, errors.UniqueViolation):
        return UniqueViolation(one_line(error))
    if isinstance(error, errors.ForeignKeyViolation):
        return ForeignKeyViolation(one_line(error))
    if isinstance(error, _BUSY):
        return Busy(f"Another transaction holds what this one needs: {one_line(error)}")
    if isinstance(error, errors.DiskFull):
        return DiskFull(f"The database's disk is full: {one_line(error)}")
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, errors.IdleInTransactionSessionTimeout)):
        return Unavailable(f"The database cannot be used: {one_line(error)}")
    return error


def one_line(error: object) -> str:
    """A driver's message, which may have several lines."""
    return " ".join(str(error).split()).rstrip(".")
