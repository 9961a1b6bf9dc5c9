"""Counting that waits: the writes of one transaction count on from the first, and the row is raised once for all.

Whatever might see a difference makes it be raised first.
"""

from collections.abc import Hashable, Iterable
from functools import lru_cache
from typing import Any

from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.counter import Counter
from modelkeep.storage.query import Compiled, Query
from modelkeep.storage.schema.base import metadata
from modelkeep.storage.transaction import Row

_TABLES = frozenset(metadata.tables)


@lru_cache(1_000)
def _tables(form: Compiled) -> frozenset[str]:
    return form.words & _TABLES


class Counts:
    """What a transaction has counted, by counter and row."""

    def __init__(self) -> None:
        # Each row as the last count left it. Beside it, by how much it is to be raised, with the last parameters.
        self._rows: dict[Hashable, Row] = {}
        self._raises: dict[Hashable, tuple[Counter, int, dict[str, Any]]] = {}
        self._tables: frozenset[str] = frozenset()
        self.any = False
        """Whether anything was counted."""
        self.taken_in = 0
        """How many counts have waited so far."""

    def count_on(self, counter: Counter, parameters: dict[str, Any]) -> Row | None:
        """The row with the next number; None where this transaction has not counted there yet."""
        key = counter, counter.key(parameters)
        row = self._rows.get(key)
        if row is None:
            return None
        raised = self._raises.get(key)
        self._raises[key] = counter, 1 + (raised[1] if raised else 0), parameters
        self.taken_in += 1
        row = self._rows[key] = (row[0], row[1] + 1, *row[2:])
        return row

    def begin(self, counter: Counter, parameters: dict[str, Any], row: Row, form: Compiled) -> None:
        """Count on from this row, which `form` has returned."""
        self._rows[counter, counter.key(parameters)] = row
        tables = _tables(form)
        if not self._tables >= tables:
            self._tables |= tables
        self.any = True

    def concerns(self, form: Compiled) -> bool:
        """Whether a statement could see what waits, or change what was returned."""
        return form.deletes or not self._tables.isdisjoint(form.words)

    def stands_before(self, bulk: BulkInsert) -> bool:
        """Whether rows of this insert could change what was returned."""
        return bulk.table.name in self._tables

    def take(self) -> Iterable[tuple[Query, dict[str, Any]]]:
        """What raises the rows; nothing is known any longer."""
        rows, raises = self._rows, self._raises
        self.forget()
        for key, (counter, by, parameters) in raises.items():
            yield counter.raise_more, {**parameters, "row": rows[key][0], "by": by}

    def forget(self) -> None:
        """Nothing is known any longer: their transaction has ended."""
        if self.any:
            self._rows, self._raises, self._tables, self.any = {}, {}, frozenset(), False
