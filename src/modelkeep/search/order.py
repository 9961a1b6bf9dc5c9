"""The order of a search, and its pages by keyset: a page token names the last row seen, not an offset."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import ApiError, invalid_parameter
from modelkeep.search.syntax import Ordering, entity_named, parse_ordering

_SIGNATURE_BYTES = 16
# Each may add a table to the search, and SQLite joins 64.
_MOST_ORDERINGS = 20


class Order(NamedTuple):
    """One column of an order. One that is `fixed` has a single value in the rows that are ordered."""

    key: str
    column: Any
    descending: bool
    fixed: bool = False


def read_ordering(clauses: Sequence[str], allowed: str) -> list[Ordering]:
    """What `order_by` asks for. `allowed` tells in an error what can be ordered by."""
    read = [ordering for text in clauses for ordering in parse_ordering(text, "order_by", allowed)]
    if len(read) > _MOST_ORDERINGS:
        raise invalid_parameter("order_by", f"it has {len(read)} clauses, at most {_MOST_ORDERINGS} are allowed.")
    return read


def not_orderable(ordering: Ordering, allowed: str) -> ApiError:
    name = f"{ordering.entity}.{ordering.key}" if ordering.entity else ordering.key
    return invalid_parameter("order_by", f"{name!r} cannot be ordered by; {allowed} can.")


def named_twice(ordering: Ordering) -> ApiError:
    return invalid_parameter("order_by", f"'{ordering.key}' is named twice.")


def parse_order(clauses: Sequence[str], columns: Mapping[str, Any], otherwise: Sequence[Order]) -> list[Order]:
    """The order that `order_by` asks for, made total by the columns of `otherwise` that it does not name."""
    orders: list[Order] = []
    seen: set[Any] = set()
    allowed = ", ".join(sorted(columns))
    for ordering in read_ordering(clauses, allowed):
        if ordering.key not in columns or entity_named(ordering.entity) != "attributes":
            raise not_orderable(ordering, allowed)
        column = columns[ordering.key]
        if column in seen:
            raise named_twice(ordering)
        seen.add(column)
        orders.append(Order(ordering.key, column, ordering.descending))
    return orders + [order for order in otherwise if order.column not in seen]


def order_clauses(orders: Sequence[Order]) -> list[Any]:
    return [order.column.desc() if order.descending else order.column.asc() for order in orders if not order.fixed]


def after(orders: Sequence[Order]) -> sa.ColumnElement[bool]:
    """The rows that stand behind the row whose values are the parameters `after_0`, `after_1`, ….

    The first column is bounded by itself as well, so that an index on it can be entered in the middle.
    """
    bounds = [
        (order, sa.bindparam(f"after_{place}", type_=order.column.type))
        for place, order in enumerate(orders)
        if not order.fixed
    ]
    condition: sa.ColumnElement[bool] | None = None
    for order, value in reversed(bounds):
        beyond = order.column < value if order.descending else order.column > value
        condition = beyond if condition is None else sa.or_(beyond, sa.and_(order.column == value, condition))
    first, value = bounds[0]
    bound = first.column <= value if first.descending else first.column >= value
    return bound if condition is None else sa.and_(bound, condition)


def make_page_token(key: bytes, search: str, values: Sequence[Any]) -> str:
    """A token for the page behind the row with these values. `search` is all that the next request must repeat."""
    # JSON has no infinity, which a metric can have.
    payload = msgspec.msgpack.encode(values)
    return base64.urlsafe_b64encode(_signature(key, search, payload) + payload).rstrip(b"=").decode()


def read_page_token(key: bytes, search: str, token: str, field: str = "page_token") -> list[Any]:
    """The values of the last row seen. Raises where the token was changed or belongs to another search."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if hmac.compare_digest(signature, _signature(key, search, payload)):
            return msgspec.msgpack.decode(payload, type=list[Any])
    except (ValueError, msgspec.MsgspecError):
        pass
    raise invalid_parameter(
        field,
        "it is not a token that this search returned; repeat the search with the filter and order it had.",
    )


def _signature(key: bytes, search: str, payload: bytes) -> bytes:
    digest = hashlib.sha256(search.encode()).digest()
    return hmac.digest(key, digest + payload, "sha256")[:_SIGNATURE_BYTES]
