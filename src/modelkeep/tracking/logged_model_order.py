"""The order of a search of logged models: by attributes, and by metrics at their latest time."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.search.order import Order
from modelkeep.storage.schema import logged_model_metrics, logged_models, runs
from modelkeep.tracking.absent_last import by_metric, by_text
from modelkeep.tracking.in_experiments import in_experiments
from modelkeep.tracking.metric_conditions import key_id

_MOST_ORDERINGS = 20
_l, _m, _r = logged_models.c, logged_model_metrics.c, runs.c
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
            values |= {f"ordered_{place}_name": name, f"ordered_{place}_digest": digest}
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
    """The last value of a metric of each model: of the latest time, then of the highest step, then by the run's id."""
    conditions = [_m.key_id == key_id(clause.key), in_experiments(_l.experiment_id)]
    if clause.with_name:
        conditions.append(_m.dataset_name == sa.bindparam(f"ordered_{place}_name", type_=sa.Text))
    if clause.with_digest:
        conditions.append(_m.dataset_digest == sa.bindparam(f"ordered_{place}_digest", type_=sa.Text))
    latest_first = (_m.timestamp.desc(), _m.step.desc(), _r.key, _m.dataset_name, _m.dataset_digest)
    rank = sa.func.row_number().over(partition_by=_m.model_id, order_by=latest_first).label("rank")
    ranked = (
        sa.select(_m.model_id, _m.value, _m.is_nan, rank)
        .join_from(logged_model_metrics, logged_models, _l.id == _m.model_id)
        .join(runs, _r.id == _m.run_id)
        .where(*conditions)
        .subquery(f"ordered_{place}")
    )
    return ranked, sa.and_(ranked.c.model_id == _l.id, ranked.c.rank == sa.literal_column("1"))
