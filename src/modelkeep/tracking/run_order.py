"""The order of a search of runs.

A run without the metric, param, tag or time that is ordered by stands last, whichever the direction, and one whose
metric is NaN before those. So each such key is two columns: a number, 0 where the value is there, and the value.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from modelkeep.search.order import Order, named_twice, not_orderable, read_ordering
from modelkeep.search.syntax import Ordering
from modelkeep.storage.schema import latest_metrics, params, run_tags, runs
from modelkeep.tracking.run_conditions import SPACE, key_id

_r = runs.c
_COLUMNS = {
    "run_id": _r.key,
    **dict.fromkeys(("run_name", "run name", "Run name", "Run Name"), _r.name),
    "user_id": _r.user_id,
    "status": _r.status,
    **dict.fromkeys(("start_time", "created", "Created"), _r.start_time),
    "end_time": _r.end_time,
    "artifact_uri": _r.artifact_uri,
}
_ALLOWED = ", ".join((*sorted(_COLUMNS), "metrics.<key>", "params.<key>", "tags.<key>"))
_PAIRS = {"params": params, "tags": run_tags}


class RunOrder(NamedTuple):
    """Columns to order by, and the tables that they come from beside `runs`: each with its rows for a run."""

    orders: list[Order]
    tables: list[tuple[sa.FromClause, sa.ColumnElement[bool]]]


@lru_cache(512)
def leading_metric(order_by: tuple[str, ...]) -> str | None:
    """The metric whose index gives the order, None where the order begins with something else."""
    read = read_run_order(order_by)
    return read[0].key if read and read[0].entity == "metrics" else None


def read_run_order(order_by: Sequence[str]) -> list[Ordering]:
    """The clauses of an order, checked."""
    read: list[Ordering] = []
    seen: set[Any] = set()
    for given in read_ordering(order_by, _ALLOWED):
        ordering = given._replace(entity=SPACE.entity(given.entity))
        known = _COLUMNS.get(ordering.key) if ordering.entity == "attributes" else None
        if known is None and ordering.entity not in ("metrics", *_PAIRS):
            raise not_orderable(given, _ALLOWED)
        identity = (ordering.entity, ordering.key) if known is None else known
        if identity in seen:
            raise named_twice(ordering)
        seen.add(identity)
        read.append(ordering)
    return read


def order_runs(order_by: Sequence[str]) -> RunOrder:
    """The whole order: what is asked for, then the latest start first, then ids."""
    orders: list[Order] = []
    tables: list[tuple[sa.FromClause, sa.ColumnElement[bool]]] = []
    read = read_run_order(order_by)
    for place, (entity, key, descending) in enumerate(read):
        if entity == "attributes":
            orders += _by_column(key, _COLUMNS[key], descending)
            continue
        table = latest_metrics if entity == "metrics" else _PAIRS[entity]
        values = table.alias(f"ordered_{place}")
        named = values.c.key_id == key_id(key) if entity == "metrics" else values.c.key == key
        tables.append((values, sa.and_(values.c.run_id == _r.id, named)))
        orders += _by_metric(key, values.c, descending) if entity == "metrics" else _by_pair(key, values.c, descending)
    named_columns = [_COLUMNS[ordering.key] for ordering in read if ordering.entity == "attributes"]
    last = (Order("start_time", _r.start_time, descending=True), Order("run_id", _r.key, descending=False))
    orders += [order for order in last if not any(order.column is column for column in named_columns)]
    return RunOrder(orders, tables)


def numbers_alone(order: RunOrder) -> RunOrder:
    """The order of the runs whose leading metric is a number: its first column is 0 for all of them."""
    (flag, value), rest = order.orders[:2], order.orders[2:]
    metrics = order.tables[0][0].c
    zero: sa.ColumnElement[int] = sa.literal_column("0", sa.Integer)
    return RunOrder([flag._replace(column=zero, fixed=True), value._replace(column=metrics.value), *rest], order.tables)


def _by_column(key: str, column: sa.Column[Any], descending: bool) -> list[Order]:
    if not column.nullable:
        return [Order(key, column, descending)]
    absent = sa.case((column.is_(None), sa.literal_column("1")), else_=sa.literal_column("0", sa.Integer))
    return [Order(key, absent, descending=False), Order(key, sa.func.coalesce(column, 0), descending)]


def _by_metric(key: str, metrics: Any, descending: bool) -> list[Order]:
    kind = sa.func.coalesce(metrics.is_nan, sa.literal_column("2", sa.Integer))
    value = sa.func.coalesce(metrics.value, sa.literal_column("0.0", sa.Double))
    return [Order(key, kind, descending=False), Order(key, value, descending)]


def _by_pair(key: str, pairs: Any, descending: bool) -> list[Order]:
    absent = sa.case((pairs.value.is_(None), sa.literal_column("1")), else_=sa.literal_column("0", sa.Integer))
    return [
        Order(key, absent, descending=False),
        Order(key, sa.func.coalesce(pairs.value, sa.literal_column("''", sa.Text)), descending),
    ]
