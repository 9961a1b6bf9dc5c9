"""Names of metrics as small numbers, remembered by the connection that writes.

Only what is committed is remembered beyond its transaction: the number of a name whose transaction was undone may be
given to another.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from modelkeep.storage.query import Query
from modelkeep.storage.schema import metric_keys

_MOST_REMEMBERED = 200_000

_FIND = Query(sa.select(metric_keys.c.id).where(metric_keys.c.name == sa.bindparam("name")))
_INSERT = Query(sa.insert(metric_keys).values(name=sa.bindparam("name")).returning(metric_keys.c.id))


class _Rows(Protocol):
    def rows(self, query: Query, parameters: dict[str, Any]) -> list[tuple[Any, ...]]: ...


class InternedNames:
    """The numbers known to one connection."""

    def __init__(self) -> None:
        self._committed: dict[str, int] = {}
        self._pending: dict[str, int] = {}

    def ids(self, connection: _Rows, names: Sequence[str]) -> list[int]:
        """The number of each name; new names are written."""
        committed = self._committed
        try:
            return [committed[name] for name in names]
        except KeyError:
            return [self._id(connection, name) for name in names]

    def _id(self, connection: _Rows, name: str) -> int:
        known = self._committed.get(name) or self._pending.get(name)
        if known is None:
            found = connection.rows(_FIND, {"name": name}) or connection.rows(_INSERT, {"name": name})
            known = self._pending[name] = int(found[0][0])
        return known

    def settle(self, *, committed: bool) -> None:
        """A transaction has ended or begun: keep or forget what it wrote."""
        if self._pending:
            if committed:
                if len(self._committed) > _MOST_REMEMBERED:
                    self._committed.clear()
                self._committed.update(self._pending)
            self._pending = {}
