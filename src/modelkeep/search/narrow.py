"""Which clause of a filter a search begins with.

Where one leaves few rows, they are taken from its index and sorted. Otherwise the search goes along the index of its
order and asks each row, until the page is full. SQLite keeps no count by which it could tell, so a look into the
indexes does: it stops where few is no longer the word.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from modelkeep.search.space import Clause, Space
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Transaction

_FEW = 1_000


def narrowest(
    tx: Transaction, space: Space, clauses: tuple[Clause, ...], parameters: Mapping[str, Any]
) -> Clause | None:
    """The clause that leaves the fewest rows, None where none leaves few."""
    entered, query = _counts(space, clauses)
    if query is None:
        return None
    counts = tx.all(query, **parameters)[0]
    fewest = min(counts)
    return entered[counts.index(fewest)] if fewest < _FEW else None


@lru_cache(256)
def _counts(space: Space, clauses: tuple[Clause, ...]) -> tuple[list[Clause], Query | None]:
    found = [(clause, owners) for clause in clauses if (owners := space.owners(clause)) is not None]
    if not found:
        return [], None
    counts = [
        sa.select(sa.func.count()).select_from(owners.limit(sa.literal_column(str(_FEW))).subquery()).scalar_subquery()
        for _, owners in found
    ]
    return [clause for clause, _ in found], Query(sa.select(*counts))
