"""What was logged to the runs and logged models that model versions come from: metrics and params.

Asked for a whole page of versions in one statement. Of each metric, and of each dataset that it was measured on, the
latest value.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, cast

import msgspec
import sqlalchemy as sa

from modelkeep.storage.expressions import json_array, json_objects, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    latest_metrics,
    logged_model_metrics,
    logged_model_params,
    logged_models,
    metric_keys,
    params,
    runs,
)
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.model_metrics import ModelMetric
from modelkeep.tracking.run_records import metric_value


class ModelParam(msgspec.Struct):
    """A param of the run or logged model that a version comes from."""

    name: str
    value: str = ""


class Holder(NamedTuple):
    """What a version names as its origin: a logged model or a run of a workspace, by its id."""

    kind: str
    workspace: int
    key: str


class Logged(NamedTuple):
    """What was logged to a holder, in the order of the names."""

    metrics: list[ModelMetric]
    params: list[ModelParam]


MODEL, RUN = "model", "run"

_m, _r, _k = logged_models.c, runs.c, metric_keys.c
_mm, _rm = logged_model_metrics.c, latest_metrics.c
_NONE, _ZERO = sa.literal_column("''", sa.Text), sa.literal_column("0", sa.BigInteger)
_NO_VALUE = sa.literal_column("0.0", sa.Double)
# What tells a row of params from a row of a metric.
_NO_RUN = _NONE


def _named(holders: Any, parameter: str) -> tuple[sa.ColumnElement[bool], ...]:
    return holders.workspace_id.in_(one_of("workspaces", numbers=True)), holders.key.in_(one_of(parameter))


def _params_of(kind: str, holders: sa.Table, pairs: sa.Table, owner: str) -> sa.Select[Any]:
    """One row a holder that is known here, whether or not it has params; they leave the database as JSON."""
    listed = (
        sa.select(json_objects(sa.literal_column("'name'"), pairs.c.key, sa.literal_column("'value'"), pairs.c.value))
        .where(pairs.c[owner] == holders.c.id)
        .correlate(holders)
        .scalar_subquery()
    )
    holder = (sa.literal_column(f"'{kind}'", sa.Text), holders.c.workspace_id, holders.c.key)
    return sa.select(*holder, listed, _NO_VALUE, _ZERO, _ZERO, _ZERO, _NONE, _NONE, _NO_RUN)


_measured = (
    sa.select(
        _m.workspace_id,
        _m.key.label("holder"),
        _k.name,
        _mm.value,
        _mm.is_nan,
        _mm.timestamp,
        _mm.step,
        _mm.dataset_name,
        _mm.dataset_digest,
        _r.key.label("run"),
        sa.func.row_number()
        .over(
            partition_by=(_mm.model_id, _mm.key_id, _mm.dataset_name, _mm.dataset_digest),
            order_by=(_mm.timestamp.desc(), _mm.step.desc(), _mm.run_id.desc()),
        )
        .label("age"),
    )
    .join_from(logged_models, logged_model_metrics, _mm.model_id == _m.id)
    .join(metric_keys, _k.id == _mm.key_id)
    .join(runs, _r.id == _mm.run_id)
    .where(*_named(_m, "models"))
    .subquery()
)
_c = _measured.c
_MODEL_METRICS = sa.select(
    sa.literal_column(f"'{MODEL}'", sa.Text),
    _c.workspace_id,
    _c.holder,
    _c.name,
    _c.value,
    _c.is_nan,
    _c.timestamp,
    _c.step,
    _c.dataset_name,
    _c.dataset_digest,
    _c.run,
).where(_c.age == 1)
_MODEL_PARAMS = _params_of(MODEL, logged_models, logged_model_params, "model_id").where(*_named(_m, "models"))
_RUN_METRICS = (
    sa.select(
        sa.literal_column(f"'{RUN}'", sa.Text),
        _r.workspace_id,
        _r.key,
        _k.name,
        _rm.value,
        _rm.is_nan,
        _rm.timestamp,
        _rm.step,
        _NONE,
        _NONE,
        _r.key,
    )
    .join_from(runs, latest_metrics, _rm.run_id == _r.id)
    .join(metric_keys, _k.id == _rm.key_id)
    .where(*_named(_r, "runs"))
)
_RUN_PARAMS = _params_of(RUN, runs, params, "run_id").where(*_named(_r, "runs"))
_LOGGED = Query(sa.union_all(_MODEL_PARAMS, _MODEL_METRICS, _RUN_PARAMS, _RUN_METRICS))


def logged_to(tx: Transaction, holders: Collection[Holder]) -> dict[Holder, Logged]:
    """What was logged to each, in one statement. What is not known here has no entry."""
    rows = tx.all(
        _LOGGED,
        workspaces=json_array(sorted({holder.workspace for holder in holders})),
        models=_keys(holders, MODEL),
        runs=_keys(holders, RUN),
    )
    metrics: dict[tuple[str, int, str], list[ModelMetric]] = {}
    listed: dict[tuple[str, int, str], list[ModelParam]] = {}
    for kind, workspace, key, text, value, is_nan, timestamp, step, dataset, digest, run in rows:
        holder = (kind, workspace, key)
        if run:
            model = key if kind == MODEL else ""
            measured = ModelMetric(text, metric_value(value, is_nan), timestamp, step, dataset, digest, model, run)
            metrics.setdefault(holder, []).append(measured)
        else:
            listed[holder] = cast("list[ModelParam]", msgspec.Raw(text.encode()))
    return {
        holder: Logged(sorted(metrics.get(holder, ()), key=_order), listed[holder])
        for holder in holders
        if holder in listed
    }


def _keys(holders: Iterable[Holder], kind: str) -> str:
    return json_array(sorted({holder.key for holder in holders if holder.kind == kind}))


def _order(metric: ModelMetric) -> tuple[str, str, str]:
    return metric.key, metric.dataset_name, metric.dataset_digest
