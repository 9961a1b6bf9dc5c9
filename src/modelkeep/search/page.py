"""One page of a search: filter, order, token and limit put together into one statement."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.scope import Scope
from modelkeep.search.order import (
    Order,
    after,
    make_page_token,
    order_clauses,
    read_page_token,
)
from modelkeep.storage.transaction import Row, Transaction


class Page(NamedTuple):
    """The rows of one page and the token of the next, "" on the last."""

    rows: list[Row]
    next_page_token: str


def check_max_results(value: int, largest: int, field: str = "max_results") -> int:
    if not 1 <= value <= largest:
        raise invalid_parameter(field, f"{value} is out of range; 1 to {largest} are allowed.")
    return value


def fetch_page(
    tx: Transaction,
    scope: Scope,
    statement: sa.Select[Any],
    orders: Sequence[Order],
    *,
    max_results: int,
    page_token: str,
    search: Sequence[str],
    field: str = "page_token",
) -> Page:
    """Run `statement` for one page. Its last columns must be those of `orders`, in order.

    `search` names all that a token is bound to: the operation, its filter and its order.
    """
    identity = "\0".join((str(scope.platform if scope.tenancy else ""), *search))
    if page_token:
        statement = statement.where(after(orders, read_page_token(scope.page_key, identity, page_token, field)))
    statement = statement.order_by(*order_clauses(orders)).limit(max_results + 1)
    rows = tx.search(statement)
    if len(rows) <= max_results:
        return Page(rows, "")
    rows = rows[:max_results]
    last = rows[-1]
    values = last[len(last) - len(orders) :]
    return Page(rows, make_page_token(scope.page_key, identity, values))
