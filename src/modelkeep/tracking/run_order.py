"""The order of a search of runs: by attributes, metrics, params and tags."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from modelkeep.search.order import Order, named_twice, not_orderable, read_ordering
from modelkeep.search.syntax import Ordering
from modelkeep.storage.schema import latest_metrics, params, run_tags, runs
from modelkeep.tracking.absent_last import ZERO, by_metric, by_nullable
from modelkeep.tracking.metric_conditions import key_id
from modelkeep.tracking.run_conditions import SPACE

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
            column = _COLUMNS[key]
            orders += by_nullable(key, column, descending) if column.nullable else [Order(key, column, descending)]
            continue
        table = latest_metrics if entity == "metrics" else _PAIRS[entity]
        values = table.alias(f"ordered_{place}")
        named = values.c.key_id == key_id(key) if entity == "metrics" else values.c.key == key
        tables.append((values, sa.and_(values.c.run_id == _r.id, named)))
        is_metric = entity == "metrics"
        orders += by_metric(key, values.c, descending) if is_metric else by_nullable(key, values.c.value, descending)
    named_columns = [_COLUMNS[ordering.key] for ordering in read if ordering.entity == "attributes"]
    last = (Order("start_time", _r.start_time, descending=True), Order("run_id", _r.key, descending=False))
    orders += [order for order in last if not any(order.column is column for column in named_columns)]
    return RunOrder(orders, tables)


def numbers_alone(order: RunOrder) -> RunOrder:
    """The order of the runs whose leading metric is a number: its first column is 0 for all of them."""
    (flag, value), rest = order.orders[:2], order.orders[2:]
    metrics = order.tables[0][0].c
    return RunOrder([flag._replace(column=ZERO, fixed=True), value._replace(column=metrics.value), *rest], order.tables)
