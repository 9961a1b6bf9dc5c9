"""Rows of several writes that go into each table by one statement, and who is to blame where that fails.

A row's values go as one array a column: so the statement is the same for any number of rows, and stays prepared.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.postgres.wire import Array, Statement
from modelkeep.storage.put_off import PutOff
from modelkeep.storage.query import Compiled, Query

SEVERAL = -1
"""Instead of a writer's number: rows of more than one are in the statement."""
_FEWEST_ARRAYED = 4
"""So many rows go as arrays. What takes arrays apart costs more than a row's own values do."""


class WaitingRows:
    """The rows that wait, by their insert, with the number of who wrote them."""

    def __init__(self) -> None:
        self._rows = PutOff()
        self._writers: dict[BulkInsert, int] = {}
        self._keys: dict[BulkInsert, set[tuple[Any, ...]]] = {}

    @property
    def count(self) -> int:
        return self._rows.count

    def add(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]], writer: int) -> None:
        self._rows.add(bulk, rows)
        if self._writers.setdefault(bulk, writer) != writer:
            self._writers[bulk] = SEVERAL
        if bulk.overwrites:
            self._keys.setdefault(bulk, set()).update(map(bulk.key, rows))

    def stand_before(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> bool:
        """Whether these rows cannot go with those that wait: their order counts, or one would overwrite another."""
        if self._rows.stands_before(bulk):
            return True
        # A statement of PostgreSQL's does not change what it has itself put there.
        keys = self._keys.get(bulk)
        return keys is not None and not keys.isdisjoint(map(bulk.key, rows))

    def concern(self, form: Compiled) -> bool:
        """Whether a statement could see that rows wait."""
        return self._rows.concerns(form)

    def take(self, form_of: Callable[[Query], Compiled]) -> Iterator[tuple[Statement, int]]:
        """Statements for all of them, and whose each is; none wait any longer."""
        writers = self._writers
        waiting = self._rows.take()
        self.forget()
        for bulk, rows in waiting:
            for query, arguments in _statements(bulk, rows):
                yield Statement(form_of(query).sql, arguments, known=True), writers[bulk]

    def forget(self) -> None:
        """None wait any longer: their transaction was undone."""
        self._rows.forget()
        self._writers, self._keys = {}, {}


def _statements(bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Query, list[Any]]]:
    kinds = [_kind(bulk.table.c[column]) for column in bulk.columns]
    if len(rows) < _FEWEST_ARRAYED or None in kinds:
        yield from bulk.parts(rows)
    else:
        values = zip(*rows, strict=True)
        yield bulk.from_arrays, [Array(kind, column) for kind, column in zip(kinds, values, strict=True) if kind]


def _kind(column: sa.Column[Any]) -> type | None:
    """What the values of a column are in Python; None for what does not go in arrays."""
    if isinstance(column.type, sa.Boolean):
        return bool
    if isinstance(column.type, sa.Integer):
        return int
    if isinstance(column.type, sa.Float):
        return float
    if isinstance(column.type, sa.LargeBinary):
        return bytes
    return str if isinstance(column.type, sa.String) else None
