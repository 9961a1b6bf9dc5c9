"""Statements on a connection of PostgreSQL's library: prepared once, sent several together, answered in order.

The driver's own cursor costs more processor time than the rest of a write, and waits for each answer before it sends
the next statement. Here the driver opens connections, and loads what comes back into Python's values.
"""

import itertools
import select
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, pq
from psycopg.adapt import Transformer

from modelkeep.storage.transaction import Row

_MOST_PREPARED = 1_000
_DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
_INT8, _FLOAT8, _TEXT, _BYTES, _BOOL, _UNKNOWN = 20, 701, 25, 17, 16, 0
_int8, _float8 = struct.Struct("!q").pack, struct.Struct("!d").pack
_TYPES: dict[type, int] = {int: _INT8, float: _FLOAT8, str: _TEXT, bytes: _BYTES, bool: _BOOL, type(None): _UNKNOWN}


_ARRAY_TYPES: dict[type, tuple[int, int]] = {
    int: (1016, _INT8),
    float: (1022, _FLOAT8),
    str: (1009, _TEXT),
    bytes: (1001, _BYTES),
    bool: (1000, _BOOL),
}
_array_head, _length = struct.Struct("!iiIii").pack, struct.Struct("!i").pack
_sized_int8, _sized_float8 = struct.Struct("!iq").pack, struct.Struct("!id").pack
_NULL = b"\xff\xff\xff\xff"


class Array(NamedTuple):
    """An argument of many values of one kind, of which some may be None."""

    kind: type
    values: Sequence[Any]


class Statement(NamedTuple):
    """SQL and its arguments. What is not known at start is not worth preparing."""

    sql: str
    arguments: Sequence[Any]
    known: bool


class _Ready(NamedTuple):
    """A statement as the library takes it."""

    sql: bytes
    known: bool
    key: tuple[str, tuple[int, ...]]
    values: list[bytes | None]


class Wire:
    """The statements of one connection."""

    def __init__(self, driver: psycopg.Connection[Row], *, prepare: bool) -> None:
        self._pgconn = driver.pgconn
        self._prepare = prepare
        self._prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._names = itertools.count()
        self._loader = Transformer(driver)
        self._readable = select.poll()
        self._readable.register(self._pgconn.socket, select.POLLIN)
        self._either = select.poll()
        self._either.register(self._pgconn.socket, select.POLLIN | select.POLLOUT)
        self.failed = 0
        """Which of the statements of the last `run` failed, where one did."""

    def run(self, statements: Sequence[Statement]) -> pq.abc.PGresult:
        """Run statements and return the answer to the last. Raises the driver's error where one of them fails."""
        self.failed = 0
        if len(self._prepared) > _MOST_PREPARED:
            self.control(b"DEALLOCATE ALL")
            self._prepared.clear()
        # Before anything is sent: what cannot be sent must not leave half of it on the way.
        ready = []
        for self.failed, statement in enumerate(statements):
            ready.append(_ready(statement))
        self.failed = 0
        if len(ready) == 1 and (ready[0].key in self._prepared or not self._prepares(ready[0])):
            self._send(ready[0])
            return self._answer()
        self._pgconn.enter_pipeline_mode()
        new = {one.key: b"s%d" % next(self._names) for one in ready if self._is_new(one)}
        owners: list[int] = []
        for number, one in enumerate(ready):
            if one.key in new and one.key not in self._prepared:
                self._prepared[one.key] = new[one.key]
                self._pgconn.send_prepare(new[one.key], one.sql, one.key[1])
                owners.append(number)
            self._send(one)
            owners.append(number)
        self._pgconn.pipeline_sync()
        try:
            return self._answers(owners)
        except psycopg.Error:
            # What came after the failure was not prepared either.
            for key in new:
                del self._prepared[key]
            raise

    def rows(self, answer: pq.abc.PGresult) -> list[Row]:
        self._loader.set_pgresult(answer, format=pq.Format.BINARY)
        return self._loader.load_rows(0, answer.ntuples, tuple)

    def control(self, statements: bytes) -> pq.abc.PGresult:
        """Run what has no arguments, such as BEGIN, several at once; the answer to the last."""
        self._pgconn.send_query(statements)
        return self._answer()

    def _prepares(self, one: _Ready) -> bool:
        return self._prepare and one.known

    def _is_new(self, one: _Ready) -> bool:
        return self._prepares(one) and one.key not in self._prepared

    def _send(self, one: _Ready) -> None:
        formats = [pq.Format.BINARY] * len(one.values)
        if self._prepares(one):
            name = self._prepared[one.key]
            self._pgconn.send_query_prepared(name, one.values, formats, pq.Format.BINARY)
        else:
            self._pgconn.send_query_params(one.sql, one.values, one.key[1], formats, pq.Format.BINARY)

    def _answer(self) -> pq.abc.PGresult:
        """The last answer outside a pipeline."""
        self._flush()
        last = None
        failure = None
        while (result := self._next()) is not None:
            last = result
            if result.status not in _DONE:
                failure = failure or result
        if failure is not None:
            raise errors.error_from_result(failure)
        if last is None:
            raise psycopg.OperationalError("the connection was lost")
        return last

    def _answers(self, owners: list[int]) -> pq.abc.PGresult:
        """The last answer of a pipeline, whose answers belong to these statements."""
        self._flush()
        last = None
        failure = None
        count = 0
        while True:
            result = self._next()
            if result is None:
                if self._pgconn.status != pq.ConnStatus.OK:
                    raise psycopg.OperationalError("the connection was lost")
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                break
            if result.status in _DONE:
                last = result
            elif failure is None:
                failure = result
                self.failed = owners[count]
            count += 1
        self._pgconn.exit_pipeline_mode()
        if failure is not None:
            raise errors.error_from_result(failure)
        if last is None:
            raise psycopg.OperationalError("the connection was lost")
        return last

    def _flush(self) -> None:
        while self._pgconn.flush():
            for _, event in self._either.poll():
                if event & ~select.POLLOUT:
                    self._pgconn.consume_input()

    def _next(self) -> pq.abc.PGresult | None:
        while self._pgconn.is_busy():
            self._readable.poll()
            self._pgconn.consume_input()
        return self._pgconn.get_result()


def _ready(statement: Statement) -> _Ready:
    types = tuple([_type(value) for value in statement.arguments])
    return _Ready(
        statement.sql.encode(),
        statement.known,
        (statement.sql, types),
        [_binary(value) for value in statement.arguments],
    )


def _type(value: Any) -> int:
    return _ARRAY_TYPES[value.kind][0] if isinstance(value, Array) else _TYPES[type(value)]


def _binary(value: Any) -> bytes | None:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bool):
        return b"\1" if value else b"\0"
    if isinstance(value, int):
        return _int8(value)
    if isinstance(value, float):
        return _float8(value)
    if isinstance(value, Array):
        return _array_head(1, 1, _ARRAY_TYPES[value.kind][1], len(value.values), 1) + b"".join(_sized(value))
    return value  # type: ignore[no-any-return]


def _sized(array: Array) -> Iterator[bytes]:
    """Each value behind its length."""
    if array.kind is int:
        return (_NULL if value is None else _sized_int8(8, value) for value in array.values)
    if array.kind is float:
        return (_NULL if value is None else _sized_float8(8, value) for value in array.values)
    return (_NULL if encoded is None else _length(len(encoded)) + encoded for encoded in map(_binary, array.values))
