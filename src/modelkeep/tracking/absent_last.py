"""Orders by what a row may not have: such rows stand last, whichever the direction, and NaN stands before them.

Each is two columns: a number, 0 where there is a value, and the value. Neither is ever NULL, which compares with
nothing, so a page can begin behind any row.
"""

from typing import Any

import sqlalchemy as sa

from modelkeep.search.order import Order

ZERO: sa.ColumnElement[int] = sa.literal_column("0", sa.Integer)
_ONE: sa.ColumnElement[int] = sa.literal_column("1", sa.Integer)
_TWO: sa.ColumnElement[int] = sa.literal_column("2", sa.Integer)
_NO_NUMBER: sa.ColumnElement[float] = sa.literal_column("0.0", sa.Double)
_NO_TEXT: sa.ColumnElement[str] = sa.literal_column("''", sa.Text)


def by_metric(key: str, metrics: Any, descending: bool) -> list[Order]:
    """By `value` and `is_nan` of a table that is outer-joined."""
    return [
        Order(key, sa.func.coalesce(metrics.is_nan, _TWO), descending=False),
        Order(key, sa.func.coalesce(metrics.value, _NO_NUMBER), descending),
    ]


def by_nullable(key: str, column: Any, descending: bool) -> list[Order]:
    """By a column that is NULL where there is no value."""
    otherwise: Any = ZERO if isinstance(column.type, sa.Integer) else _NO_TEXT
    return [
        Order(key, sa.case((column.is_(None), _ONE), else_=ZERO), descending=False),
        Order(key, sa.func.coalesce(column, otherwise), descending),
    ]


def by_text(key: str, column: Any, descending: bool) -> list[Order]:
    """By a column that is "" where there is no value."""
    return [
        Order(key, sa.case((column == _NO_TEXT, _ONE), else_=ZERO), descending=False),
        Order(key, column, descending),
    ]
