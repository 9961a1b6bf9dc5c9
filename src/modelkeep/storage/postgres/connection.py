"""One PostgreSQL connection behind the house's interface: settings, compiled statements, errors."""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.types.numeric import FloatBinaryDumper, Int8BinaryDumper
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql import ClauseElement

from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.errors import Busy, ForeignKeyViolation, Unavailable, UniqueViolation
from modelkeep.storage.interned import InternedNames
from modelkeep.storage.query import Compiled, Query
from modelkeep.storage.transaction import Row

_DIALECT = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
# Queries known at start are some hundreds; searches that are remembered come and go.
_MOST_FORMS = 1_000
_CONNECT_SECONDS = 5


class PostgresConnection:
    """Not safe across threads at once; its owner sees to that. Opened again by its owner once `broken`."""

    def __init__(self, url: str, *, names: InternedNames, prepare: bool) -> None:
        try:
            self.driver = psycopg.connect(
                url, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="modelkeep"
            )
        except psycopg.Error as error:
            raise Unavailable(f"The database cannot be reached: {error}") from None
        # One type for all numbers: a statement is prepared for the types of its arguments.
        self.driver.adapters.register_dumper(int, Int8BinaryDumper)
        self.driver.adapters.register_dumper(float, FloatBinaryDumper)
        self.driver.prepare_threshold = 1 if prepare else None
        self.driver.prepared_max = 500
        self._cursor = self.driver.cursor(binary=True)
        self._forms: dict[Query, Compiled] = {}
        self._names = names
        self.changes = 0
        """How many statements that write were run."""

    @property
    def broken(self) -> bool:
        return self.driver.closed or self.driver.pgconn.status != pq.ConnStatus.OK

    @property
    def in_transaction(self) -> bool:
        return self.driver.info.transaction_status != pq.TransactionStatus.IDLE

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
        for query, arguments in bulk.parts(rows):
            self._execute(self._form(query).sql, arguments, writes=True)

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
            raise translated(error) from error

    def control(self, statement: bytes) -> list[bytes]:
        """BEGIN, COMMIT and their like, several at once; the first column of each result that has one."""
        try:
            result = self.driver.pgconn.exec_(statement)
        except psycopg.Error as error:
            raise translated(error) from error
        if result.status not in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
            raise translated(psycopg.errors.error_from_result(result))
        return [result.get_value(row, 0) or b"" for row in range(result.ntuples)]

    def close(self) -> None:
        self.driver.close()


def translated(error: psycopg.Error) -> Exception:
    """The house's error for a driver's."""
    if isinstance(error, errors.UniqueViolation):
        return UniqueViolation(str(error))
    if isinstance(error, errors.ForeignKeyViolation):
        return ForeignKeyViolation(str(error))
    if isinstance(error, (errors.DeadlockDetected, errors.LockNotAvailable, errors.SerializationFailure)):
        return Busy(f"Another transaction holds what this one needs: {error}")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return Unavailable(f"The database cannot be used: {error}")
    return error
