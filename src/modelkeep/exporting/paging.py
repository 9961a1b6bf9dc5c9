"""Reads tables page by page: each statement goes on after the last row of the one before, however many there are."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from modelkeep.storage.expressions import json_array
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Row, Transaction


def pages(
    tx: Transaction, query: Query, first: Any, position: Callable[[Row], Any], **parameters: Any
) -> Iterator[list[Row]]:
    """The pages of a query that has a limit, an order, and a parameter `after` for where to go on."""
    after = first
    while rows := tx.all(query, after=after, **parameters):
        yield rows
        after = position(rows[-1])


class Owned(NamedTuple):
    """Rows that belong to owners, some of whom have few and some of whom have millions.

    `together` reads those of several at once and has a limit of `most` + 1; `alone` those of one, page by page in the
    order of its `keys`, which are parameters of it as well.
    """

    together: Query
    alone: Query
    keys: tuple[str, ...]
    first: tuple[Any, ...]
    """A position before all others."""
    most: int

    def read(self, tx: Transaction, owners: Sequence[int]) -> Iterator[list[Row]]:
        """Rows of owner and keys; those of an owner come together and in order."""
        if not owners:
            return
        found = tx.all(self.together, owners=json_array(owners))
        if len(found) <= self.most:
            places = {owner: place for place, owner in enumerate(owners)}
            yield sorted(found, key=lambda row: (places[row[0]], row[1 : 1 + len(self.keys)]))
            return
        for owner in owners:
            after = self.first
            while rows := tx.all(self.alone, owner=owner, **dict(zip(self.keys, after, strict=True))):
                yield rows
                after = rows[-1][1 : 1 + len(self.keys)]


def by_owner(rows: Sequence[Row]) -> dict[Any, list[Row]]:
    """What is left of each row after its owner, which comes first in it."""
    found: dict[Any, list[Row]] = {}
    for owner, *rest in rows:
        found.setdefault(owner, []).append(tuple(rest))
    return found
