"""Inserts that wait: the rows of many writes go into a table by one statement, when their transaction is committed.

Whatever might see a difference makes them run first.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.query import Compiled
from modelkeep.storage.schema.base import metadata

_MOST_ROWS = 256
"""Of one statement: 256 rows of 20 columns are a sixth of the arguments that SQLite takes."""
_ORDER = {table.name: place for place, table in enumerate(metadata.sorted_tables)}
"""A row comes after those that it refers to."""
_PARENTS = {
    table.name: frozenset(key.column.table.name for key in table.foreign_keys) for table in metadata.sorted_tables
}


_NONE: frozenset[str] = frozenset()


@lru_cache(1_000)
def _reached(form: Compiled) -> frozenset[str]:
    """The tables that a statement names and, where it writes, those that its rows refer to: one of these may wait."""
    above = (_PARENTS.get(word, _NONE) for word in form.words) if form.writes else ()
    return form.words.union(*above)


class PutOff:
    """The rows that wait, by their insert."""

    def __init__(self) -> None:
        self._rows: dict[BulkInsert, list[Sequence[Any]]] = {}
        self._tables: set[str] = set()
        self.count = 0
        """How many rows wait."""
        self.taken_in = 0
        """How many have waited so far."""

    def add(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        waiting = self._rows.get(bulk)
        if waiting is None:
            self._rows[bulk] = list(rows)
            self._tables.add(bulk.table.name)
        else:
            waiting += rows
        self.count += len(rows)
        self.taken_in += len(rows)

    def stands_before(self, bulk: BulkInsert) -> bool:
        """Whether the order of these rows and of those that wait would matter: another insert into the same table."""
        return bulk not in self._rows and bulk.table.name in self._tables

    def concerns(self, form: Compiled) -> bool:
        """Whether a statement could see that rows wait."""
        # What is deleted may take rows of any table with it.
        return form.deletes or not self._tables.isdisjoint(_reached(form))

    def take(self) -> Iterable[tuple[BulkInsert, list[Sequence[Any]]]]:
        """All of them, each table's after those that it refers to; none wait any longer."""
        waiting = sorted(self._rows.items(), key=lambda item: _ORDER.get(item[0].table.name, -1))
        self.forget()
        return waiting

    def forget(self) -> None:
        """None wait any longer: their transaction was undone."""
        if self.count:
            self._rows, self._tables, self.count = {}, set(), 0


def in_statements(form: Compiled, columns: int, rows: Sequence[Sequence[Any]]) -> Iterable[tuple[str, list[Any]]]:
    """The form of an insert of one row, made an insert of all of them, and its arguments."""
    for start in range(0, len(rows), _MOST_ROWS):
        some = rows[start : start + _MOST_ROWS]
        yield _of_many(form.sql, columns, len(some)), list(chain.from_iterable(some))


@lru_cache(2_000)
def _of_many(sql: str, columns: int, rows: int) -> str:
    """Remembered: making the text of some thousand places, and hashing it, costs as much as some rows do."""
    one = f"({', '.join('?' * columns)})"
    return sql.replace(one, ", ".join([one] * rows), 1)
