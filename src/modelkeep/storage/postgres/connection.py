"""One PostgreSQL connection behind the house's interface: settings, compiled statements, errors."""

from collections.abc import Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import errors, pq, sql
from psycopg.types.numeric import FloatBinaryDumper, Int8BinaryDumper
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql import ClauseElement

from modelkeep.storage.bulk import STAGED, BulkInsert
from modelkeep.storage.errors import Busy, ForeignKeyViolation, Unavailable, UniqueViolation
from modelkeep.storage.interned import InternedNames
from modelkeep.storage.query import Compiled, Query
from modelkeep.storage.transaction import Row

_DIALECT = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
# Queries known at start are some hundreds; searches that are remembered come and go.
_MOST_FORMS = 1_000
_MOST_PREPARED = 500

# So many rows are copied; fewer are bound. No request has so many: each copy makes a table, and the catalogue grows.
_COPIED = 2_000
_STAGE = sql.SQL("CREATE TEMPORARY TABLE {staged} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA")
_COPY = sql.SQL("COPY {staged} ({columns}) FROM STDIN (FORMAT BINARY)")
_UNSTAGE = sql.SQL("DROP TABLE {staged}")

_BUSY = (errors.DeadlockDetected, errors.LockNotAvailable, errors.SerializationFailure)
# A standby that is taken for the primary, and a pooler that has given the server's connection to another.
_ELSEWHERE = (errors.ReadOnlySqlTransaction, errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)


class PostgresConnection:
    """Not safe across threads at once; its owner sees to that. Replaced by its owner once `broken`."""

    def __init__(self, driver: psycopg.Connection[Row], *, prepare: bool) -> None:
        self.driver = driver
        # One type for all numbers: a statement is prepared for the types of its arguments.
        self.driver.adapters.register_dumper(int, Int8BinaryDumper)
        self.driver.adapters.register_dumper(float, FloatBinaryDumper)
        self.driver.prepare_threshold = 1 if prepare else None
        self.driver.prepared_max = _MOST_PREPARED
        self._cursor = self.driver.cursor(binary=True)
        self._forms: dict[Query, Compiled] = {}
        # Not kept beyond the connection: the next may lead to a standby that has not seen the last of them.
        self._names = InternedNames()
        self.lost_statements = False
        """Whether a statement that was prepared had gone: something on the way shares connections."""
        self.changes = 0
        """How many statements that write were run."""

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
        form = self._form(query)
        return self._fetch(form.sql, form.bind(parameters), writes=form.writes)

    def count(self, query: Query, parameters: dict[str, Any]) -> int:
        form = self._form(query)
        self._execute(form.sql, form.bind(parameters), writes=True)
        return self._cursor.rowcount

    def insert(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
        if len(rows) >= _COPIED:
            self._copy(bulk, rows)
            return
        for query, arguments in bulk.parts(rows):
            self._execute(self._form(query).sql, arguments, writes=True)

    def _copy(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
        """Insert by COPY into a table of this transaction, and from there: binding each value costs four times that."""
        names: dict[str, sql.Composable] = {"staged": sql.Identifier(STAGED), "table": sql.Identifier(bulk.table.name)}
        names["columns"] = sql.SQL(", ").join(map(sql.Identifier, bulk.columns))
        self.changes += 1
        try:
            self._cursor.execute(_STAGE.format(**names), prepare=False)
            with self._cursor.copy(_COPY.format(**names)) as copy:
                copy.set_types([_copied_type(bulk.table.c[column]) for column in bulk.columns])
                for row in rows:
                    copy.write_row(row)
            self._cursor.execute(self._form(bulk.from_staged).sql, prepare=False)
            self._cursor.execute(_UNSTAGE.format(**names), prepare=False)
        except psycopg.Error as error:
            raise self._translated(error) from error

    def metric_key_ids(self, names: Sequence[str]) -> list[int]:
        return self._names.ids(self, names)

    def search(self, statement: ClauseElement) -> list[Row]:
        form = Compiled(statement, _DIALECT)
        return self._fetch(form.sql, form.bind({}), writes=False)

    def _fetch(self, sql: str, arguments: Sequence[Any], *, writes: bool) -> list[Row]:
        self._execute(sql, arguments, writes=writes)
        return self._cursor.fetchall()

    def _execute(self, sql: str, arguments: Sequence[Any], *, writes: bool) -> None:
        self.changes += writes
        try:
            self._cursor.execute(sql, arguments)
        except psycopg.Error as error:
            # What failed has left its transaction unusable, as a change would.
            self.changes += 1
            raise self._translated(error) from error

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
            result = self.driver.pgconn.exec_(statement)
        except psycopg.Error as error:
            raise self._translated(error) from error
        if result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
            raise self._translated(errors.error_from_result(result))
        return result

    def undo(self) -> None:
        """Leave no transaction open; a connection that cannot do that is closed, which ends it too."""
        self._names.settle(committed=False)
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


def _copied_type(column: sa.Column[Any]) -> str:
    if isinstance(column.type, sa.Double):
        return "float8"
    if isinstance(column.type, sa.SmallInteger):
        return "int2"
    return "int8" if isinstance(column.type, sa.Integer) else "text"


def translated(error: psycopg.Error) -> Exception:
    """The house's error for a driver's."""
    if isinstance(error, errors.UniqueViolation):
        return UniqueViolation(one_line(error))
    if isinstance(error, errors.ForeignKeyViolation):
        return ForeignKeyViolation(one_line(error))
    if isinstance(error, _BUSY):
        return Busy(f"Another transaction holds what this one needs: {one_line(error)}")
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, errors.IdleInTransactionSessionTimeout)):
        return Unavailable(f"The database cannot be used: {one_line(error)}")
    return error


def one_line(error: object) -> str:
    """A driver's message, which may have several lines."""
    return " ".join(str(error).split()).rstrip(".")
