"""One SQLite connection behind the house's interface: settings, compiled statements, errors."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.sql import ClauseElement

from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.counter import Counter
from modelkeep.storage.counts import Counts
from modelkeep.storage.errors import Busy, DiskFull, ForeignKeyViolation, OutcomeUnknown, Unavailable, UniqueViolation
from modelkeep.storage.interned import InternedNames
from modelkeep.storage.put_off import PutOff, in_statements
from modelkeep.storage.query import Compiled, Query
from modelkeep.storage.transaction import Row

_DIALECT = sqlite_dialect(paramstyle="qmark")
_EVERYWHERE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA case_sensitive_like=ON",
    "PRAGMA cache_size=-32768",
)
_WRITER = (
    # The event loop runs writes, so waiting for another process is left to the thread that commits.
    "PRAGMA busy_timeout=0",
    # What `Checkpoints` does long before. Where it cannot, a commit does, at 64 MiB.
    "PRAGMA wal_autocheckpoint=16000",
    "PRAGMA journal_size_limit=67108864",
)
_READER = ("PRAGMA busy_timeout=10000", "PRAGMA query_only=ON")


_ROWS_IN_TURN = 1_000
"""Less than a millisecond, unless SQLite searches long for them; nobody waits longer for that than this:"""
_PATIENCE_SECONDS = 0.02

# Queries known at start are a hundred; searches that are remembered come and go.
_MOST_FORMS = 1_000
_MOST_PUT_OFF = 1_000


class SqliteConnection:
    """Not safe across threads at once; its owner sees to that.

    Connections that share a `turn` take the rows of their statements one at a time. Python's driver lets go of Python's
    lock at every row, and two threads that read at once pass it on at every row, which costs more than reading does.
    """

    def __init__(self, path: Path, *, writes: bool, turn: "threading.Lock | None" = None) -> None:
        try:
            self.driver = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
            for pragma in (*_EVERYWHERE, *(_WRITER if writes else _READER)):
                self.driver.execute(pragma).fetchall()
        except sqlite3.Error as error:
            raise Unavailable(f"The database cannot be opened: {error}") from None
        # One cursor for all: every statement's rows are fetched before the next runs, and a cursor each costs time.
        cursor = self.driver.cursor()
        self._execute = cursor.execute
        self._fetch: Callable[[], list[Row]] = cursor.fetchall if turn is None else _in_turn(cursor, turn)
        self._forms: dict[Query, Compiled] = {}
        self._metric_keys = InternedNames()
        self._put_off = PutOff()
        self._counts = Counts()
        # Rows of this transaction are lost, perhaps of other writes than the one that came to know of it.
        self._spoilt: Exception | None = None

    def _form(self, query: Query) -> Compiled:
        form = self._forms.get(query)
        if form is None:
            if len(self._forms) >= _MOST_FORMS:
                self._forms.clear()
            form = self._forms[query] = Compiled(query.expression, _DIALECT)
        return form

    def rows(self, query: Query, parameters: dict[str, Any]) -> list[Row]:
        form = self._form(query)
        self._settle(form)
        return self._rows(form, parameters)

    def _rows(self, form: Compiled, parameters: dict[str, Any]) -> list[Row]:
        try:
            self._execute(form.sql, form.bind(parameters))
            return self._fetch()
        except sqlite3.Error as error:
            raise _translated(error) from error

    def count(self, query: Query, parameters: dict[str, Any]) -> int:
        form = self._form(query)
        self._settle(form)
        try:
            return self._execute(form.sql, form.bind(parameters)).rowcount
        except sqlite3.Error as error:
            raise _translated(error) from error

    def put(self, query: Query, parameters: dict[str, Any]) -> None:
        self.count(query, parameters)

    def next_number(self, counter: Counter, parameters: dict[str, Any]) -> Row | None:
        row = self._counts.count_on(counter, parameters)
        if row is not None:
            return row
        form = self._form(counter.raise_one)
        if self._put_off.count and self._put_off.concerns(form):
            self.flush()
        rows = self._rows(form, parameters)
        if not rows:
            return None
        self._counts.begin(counter, parameters, rows[0], form)
        return rows[0]

    def _settle(self, form: Compiled) -> None:
        """Run what was put off and a statement might see."""
        if self._put_off.count and self._put_off.concerns(form):
            self.flush()
        elif self._counts.any and self._counts.concerns(form):
            self._raise_counted()

    def insert(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
        put_off = self._put_off
        if put_off.stands_before(bulk) or (self._counts.any and self._counts.stands_before(bulk)):
            self.flush()
        put_off.add(bulk, rows)
        if put_off.count > _MOST_PUT_OFF:
            self.flush()

    def flush(self) -> None:
        """Run what was put off. Where that failed, so does every later attempt, until the transaction is undone."""
        if self._spoilt is not None:
            raise self._spoilt
        if self._counts.any:
            self._raise_counted()
        if self._put_off.count:
            self._run_put_off(
                (sql, arguments)
                for bulk, rows in self._put_off.take()
                for sql, arguments in in_statements(self._form(bulk.of_one), len(bulk.columns), rows)
            )

    def _raise_counted(self) -> None:
        forms = ((self._form(query), parameters) for query, parameters in self._counts.take())
        self._run_put_off((form.sql, form.bind(parameters)) for form, parameters in forms)

    def _run_put_off(self, statements: Iterable[tuple[str, Sequence[Any]]]) -> None:
        try:
            for sql, arguments in statements:
                self._execute(sql, arguments)
        except Exception as error:
            # Not only the database's: a value that the driver cannot bind loses the rows of all others as well.
            self._spoilt = _translated(error) if isinstance(error, sqlite3.Error) else error
            # A change of all, so that whoever came upon it is undone, whatever it makes of the error.
            self._put_off.taken_in += 1
            raise self._spoilt from error

    def metric_key_ids(self, names: Sequence[str]) -> list[int]:
        return self._metric_keys.ids(self, names)

    def several(self) -> None:
        """Nothing: whoever gave this connection has begun what they need."""

    def search(self, statement: ClauseElement) -> list[Row]:
        self.flush()
        return self._rows(Compiled(statement, _DIALECT), {})

    def control(self, statement: str) -> None:
        """BEGIN, COMMIT and their like."""
        if statement == "COMMIT":
            self.flush()
        else:
            self._put_off.forget()
            self._counts.forget()
            self._spoilt = None
        try:
            self._execute(statement)
        except sqlite3.Error as error:
            if statement == "COMMIT" and _name(error).startswith("SQLITE_IOERR"):
                # The log may have all of it, of which a start after a crash would not know that it was not flushed.
                raise OutcomeUnknown(f"The disk failed in a commit: {error}") from error
            raise _translated(error) from error
        self._metric_keys.settle(committed=statement == "COMMIT")

    @property
    def changes(self) -> int:
        """How many rows were changed through this connection so far; what was put off counts twice."""
        return self.driver.total_changes + self._put_off.taken_in + self._counts.taken_in

    @property
    def in_transaction(self) -> bool:
        return self.driver.in_transaction

    def close(self) -> None:
        self.driver.close()


def _in_turn(cursor: sqlite3.Cursor, turn: threading.Lock) -> Callable[[], list[Row]]:
    def fetch() -> list[Row]:
        rows: list[Row] = []
        while True:
            has_turn = turn.acquire(timeout=_PATIENCE_SECONDS)
            try:
                more = cursor.fetchmany(_ROWS_IN_TURN)
            finally:
                if has_turn:
                    turn.release()
            rows += more
            if len(more) < _ROWS_IN_TURN:
                return rows

    return fetch


def _name(error: sqlite3.Error) -> str:
    name: str = getattr(error, "sqlite_errorname", "")
    return name


def _translated(error: sqlite3.Error) -> Exception:
    name = _name(error)
    if name in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"):
        return UniqueViolation(str(error))
    if name == "SQLITE_CONSTRAINT_FOREIGNKEY":
        return ForeignKeyViolation(str(error))
    if name.startswith("SQLITE_BUSY"):
        return Busy(f"Another process holds the database: {error}")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return Unavailable("The database could not be opened again.")
    if name == "SQLITE_FULL":
        return DiskFull(f"The database's disk is full: {error}")
    if name.startswith(("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return Unavailable(f"The database cannot be written: {error}")
    return error
