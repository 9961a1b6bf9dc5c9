"""One page of a search: filter, order, token and limit put together into one statement."""

from collections.abc import Callable, Mapping, Sequence
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
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Row, Transaction


class Page(NamedTuple):
    """The rows of one page and the token of the next, "" on the last."""

    rows: list[Row]
    next_page_token: str


def check_max_results(value: int, largest: int, field: str = "max_results") -> int:
    if not 1 <= value <= largest:
        raise invalid_parameter(field, f"{value} is out of range; 1 to {largest} are allowed.")
    return value


class Search(NamedTuple):
    """A search ready to be run: for the tenant, values, page and place in the order that its parameters name."""

    query: Query
    orders: tuple[Order, ...]


def make_search(statement: sa.Select[Any], orders: Sequence[Order], *, further: bool) -> Search:
    """Order and bound a statement. `further` is for any page but the first.

    Building and compiling one costs as much as running it, and the same are asked for again and again, page by page:
    whoever makes searches remembers them.
    """
    if further:
        statement = statement.where(after(orders))
    statement = (
        statement.add_columns(*(order.column for order in orders))
        .order_by(*order_clauses(orders))
        .limit(sa.bindparam("most", type_=sa.Integer))
    )
    return Search(Query(statement), tuple(orders))


def fetch_page(
    tx: Transaction,
    scope: Scope,
    search: Callable[[bool], Search],
    rest: Callable[[bool], Search] | None = None,
    *,
    within: Mapping[str, Any],
    values: Mapping[str, Any],
    max_results: int,
    page_token: str,
    bound_to: Sequence[str],
    field: str = "page_token",
) -> Page:
    """Run a search for one page; `search` makes it for the first page or for further ones.

    Where there is a `rest`, its rows stand behind all others, and the first column of the order tells them from those
    by a number above 0. `within` names the tenant by its parameters, and `values` are the filter's. `bound_to` names
    all else that a token is good for: the operation, its filter and its order.
    """
    identity = "\0".join((*map(str, within.values()), *bound_to))
    seen = read_page_token(scope.page_key, identity, page_token, field) if page_token else []
    place = {f"after_{number}": value for number, value in enumerate(seen)}
    parts = [search] if rest is None else [search, rest]
    if rest is not None and seen and seen[0] > 0:
        parts = [rest]
    rows: list[Row] = []
    orders: tuple[Order, ...] = ()
    for make in parts:
        query, orders = make(bool(place))
        rows += tx.all(query, most=max_results + 1 - len(rows), **within, **values, **place)
        if len(rows) > max_results:
            break
        place = {}
    if len(rows) <= max_results:
        return Page(rows, "")
    rows = rows[:max_results]
    last = rows[-1]
    return Page(rows, make_page_token(scope.page_key, identity, last[len(last) - len(orders) :]))
