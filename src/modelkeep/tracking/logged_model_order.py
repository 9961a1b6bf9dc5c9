"""The order of a search of logged models: by attributes, and by metrics at their latest time."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.search.order import Order
from modelkeep.storage.schema import logged_model_metrics, logged_models
from modelkeep.tracking.absent_last import by_metric, by_text
from modelkeep.tracking.metric_conditions import key_id

_MOST_ORDERINGS = 20
_l = logged_models.c
_COLUMNS: dict[str, sa.Column[Any]] = {
    "name": _l.name,
    "model_id": _l.key,
    "model_type": _l.model_type,
    "status": _l.status,
    "status_message": _l.status_message,
    "source_run_id": _l.source_run_id,
    "artifact_location": _l.artifact_location,
    **dict.fromkeys(("creation_timestamp", "creation_timestamp_ms", "creation_time"), _l.created_at),
    **dict.fromkeys(("last_updated_timestamp", "last_updated_timestamp_ms", "last_updated_time"), _l.updated_at),
}
_OPTIONAL = ("model_type", "status_message", "source_run_id")
_ALLOWED = ", ".join((*sorted(_COLUMNS), "metrics.<key>"))


class OrderBy(msgspec.Struct):
    """An attribute, or `metrics.` and a metric's name; then the metric may be that on one dataset."""

    field_name: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class ModelOrdering(NamedTuple):
    """One clause of an order; what the dataset is called is left to parameters."""

    metric: bool
    key: str
    descending: bool
    with_name: bool = False
    with_digest: bool = False


def read_model_order(order_by: Sequence[OrderBy]) -> tuple[tuple[ModelOrdering, ...], dict[str, str]]:
    """The clauses of an order, checked, and the parameters of `order_models`."""
    if len(order_by) > _MOST_ORDERINGS:
        raise invalid_parameter("order_by", f"it has {len(order_by)} clauses, at most {_MOST_ORDERINGS} are allowed.")
    read: list[ModelOrdering] = []
    values: dict[str, str] = {}
    for place, clause in enumerate(order_by):
        if not clause.field_name:
            raise missing_parameter(f"order_by[{place}].field_name")
        entity, dot, key = clause.field_name.partition(".")
        name, digest = clause.dataset_name or "", clause.dataset_digest or ""
        if dot and entity == "metrics" and key:
            read.append(ModelOrdering(True, key, not clause.ascending, bool(name), bool(digest)))
            values |= {f"ordered_name_{place}": name, f"ordered_digest_{place}": digest}
        elif clause.field_name in _COLUMNS:
            read.append(ModelOrdering(False, clause.field_name, not clause.ascending))
        else:
            raise invalid_parameter(
                f"order_by[{place}].field_name", f"{clause.field_name!r} cannot be ordered by; {_ALLOWED} can."
            )
    return tuple(read), values


def order_models(
    order: Sequence[ModelOrdering],
) -> tuple[list[Order], list[tuple[sa.FromClause, sa.ColumnElement[bool]]]]:
    """The whole order: what is asked for, then the newest first, then ids; and the tables to join for it."""
    orders: list[Order] = []
    tables: list[tuple[sa.FromClause, sa.ColumnElement[bool]]] = []
    for place, clause in enumerate(order):
        if clause.metric:
            values, matches = _latest(place, clause)
            tables.append((values, matches))
            orders += by_metric(clause.key, values.c, clause.descending)
        elif clause.key in _OPTIONAL:
            orders += by_text(clause.key, _COLUMNS[clause.key], clause.descending)
        else:
            orders.append(Order(clause.key, _COLUMNS[clause.key], clause.descending))
    last = (Order("creation_time", _l.created_at, descending=True), Order("model_id", _l.key, descending=False))
    named = [order.column for order in orders]
    orders += [order for order in last if not any(order.column is column for column in named)]
    return orders, tables


def _latest(place: int, clause: ModelOrdering) -> tuple[Any, sa.ColumnElement[bool]]:
    """The last value of a metric: of the latest time, then of the highest step, then of the oldest run."""
    values, others = logged_model_metrics.alias(f"ordered_{place}"), logged_model_metrics.alias(f"others_{place}")
    conditions = [others.c.model_id == _l.id, others.c.key_id == key_id(clause.key)]
    if clause.with_name:
        conditions.append(others.c.dataset_name == sa.bindparam(f"ordered_name_{place}", type_=sa.Text))
    if clause.with_digest:
        conditions.append(others.c.dataset_digest == sa.bindparam(f"ordered_digest_{place}", type_=sa.Text))
    identity = ("timestamp", "step", "run_id", "dataset_name", "dataset_digest")
    newest = (
        sa.select(*(others.c[column] for column in identity))
        .where(*conditions)
        .order_by(
            others.c.timestamp.desc(),
            others.c.step.desc(),
            others.c.run_id,
            others.c.dataset_name,
            others.c.dataset_digest,
        )
        .limit(sa.literal_column("1"))
        .correlate(logged_models)
    )
    return values, sa.and_(
        values.c.model_id == _l.id,
        values.c.key_id == key_id(clause.key),
        sa.tuple_(*(values.c[column] for column in identity)).in_(newest),
    )
