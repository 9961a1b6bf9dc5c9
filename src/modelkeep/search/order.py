"""The order of a search, and its pages by keyset: a page token names the last row seen, not an offset."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter

_CLAUSE = re.compile(
    r"\s*(?:attributes?\.)?(?P<quote>[`\"]?)(?P<key>\w+)(?P=quote)(?:\s+(?P<direction>asc|desc))?\s*",
    re.IGNORECASE,
)
_SIGNATURE_BYTES = 16


class Order(NamedTuple):
    """One column of an order."""

    key: str
    column: Any
    descending: bool


def parse_order(clauses: Sequence[str], columns: Mapping[str, Any], otherwise: Sequence[Order]) -> list[Order]:
    """The order that `order_by` asks for, made total by the columns of `otherwise` that it does not name."""
    orders: list[Order] = []
    seen: set[Any] = set()
    for clause in (part for text in clauses for part in text.split(",")):
        match = _CLAUSE.fullmatch(clause)
        if match is None or match["key"] not in columns:
            allowed = ", ".join(sorted(columns))
            raise invalid_parameter(
                "order_by", f"{clause!r} cannot be read; one of {allowed} is allowed, then ASC or DESC."
            )
        column = columns[match["key"]]
        if column in seen:
            raise invalid_parameter("order_by", f"'{match['key']}' is named twice.")
        seen.add(column)
        orders.append(Order(match["key"], column, (match["direction"] or "").lower() == "desc"))
    return orders + [order for order in otherwise if order.column not in seen]


def order_clauses(orders: Sequence[Order]) -> list[Any]:
    return [order.column.desc() if order.descending else order.column.asc() for order in orders]


def after(orders: Sequence[Order]) -> sa.ColumnElement[bool]:
    """The rows that stand behind the row whose values are the parameters `after_0`, `after_1`, ….

    The first column is bounded by itself as well, so that an index on it can be entered in the middle.
    """
    values = [sa.bindparam(f"after_{place}", type_=order.column.type) for place, order in enumerate(orders)]
    condition: sa.ColumnElement[bool] | None = None
    for order, value in reversed(list(zip(orders, values, strict=True))):
        beyond = order.column < value if order.descending else order.column > value
        condition = beyond if condition is None else sa.or_(beyond, sa.and_(order.column == value, condition))
    first, value = orders[0], values[0]
    bound = first.column <= value if first.descending else first.column >= value
    return bound if condition is None else sa.and_(bound, condition)


def make_page_token(key: bytes, search: str, values: Sequence[Any]) -> str:
    """A token for the page behind the row with these values. `search` is all that the next request must repeat."""
    payload = msgspec.json.encode(values)
    return base64.urlsafe_b64encode(_signature(key, search, payload) + payload).rstrip(b"=").decode()


def read_page_token(key: bytes, search: str, token: str, field: str = "page_token") -> list[Any]:
    """The values of the last row seen. Raises where the token was changed or belongs to another search."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if hmac.compare_digest(signature, _signature(key, search, payload)):
            return msgspec.json.decode(payload, type=list[Any])
    except (ValueError, msgspec.MsgspecError):
        pass
    raise invalid_parameter(
        field,
        "it is not a token that this search returned; repeat the search with the filter and order it had.",
    )


def _signature(key: bytes, search: str, payload: bytes) -> bytes:
    digest = hashlib.sha256(search.encode()).digest()
    return hmac.digest(key, digest + payload, "sha256")[:_SIGNATURE_BYTES]
