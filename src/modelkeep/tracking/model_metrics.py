"""What runs measured of logged models, and on which data. Every value is kept and answered, as in MLflow."""

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import not_authorized, related_not_found
from modelkeep.core.fields import Timestamp, check_length
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import EXPERIMENT_GRANTS, caller_ids
from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import logged_model_metrics, logged_models, metric_keys, runs
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.run_records import metric_value

if TYPE_CHECKING:
    from modelkeep.tracking.metrics import Point


class ModelMetric(msgspec.Struct):
    """A value of a metric of a logged model or run. What is no finite number is the string NaN, Infinity or
    -Infinity."""

    key: str
    value: float | str
    timestamp: Timestamp = 0
    step: int = 0
    dataset_name: str = ""
    dataset_digest: str = ""
    model_id: str = ""
    run_id: str = ""


_l, _m, _k, _r = logged_models.c, logged_model_metrics.c, metric_keys.c, runs.c

# The same point again is no error and is kept once.
_INSERT = BulkInsert(
    logged_model_metrics,
    ("model_id", "key_id", "timestamp", "step", "run_id", "value", "is_nan", "dataset_name", "dataset_digest"),
    ignore_known,
)
_FIND = Query(
    sa.select(_l.key, _l.id, EXPERIMENT_GRANTS.held(_l.experiment_id)).where(
        _l.workspace_id == sa.bindparam("workspace"), _l.key.in_(one_of("models"))
    )
)
_OF_MODELS = Query(
    sa.select(
        _m.model_id,
        _k.name,
        _m.value,
        _m.is_nan,
        _m.timestamp,
        _m.step,
        _m.dataset_name,
        _m.dataset_digest,
        _l.key,
        _r.key,
    )
    .join_from(logged_model_metrics, metric_keys, _k.id == _m.key_id)
    .join(logged_models, _l.id == _m.model_id)
    .join(runs, _r.id == _m.run_id)
    .where(_m.model_id.in_(one_of("models", numbers=True)))
    .order_by(_m.model_id, _m.key_id, _m.timestamp, _m.step, _m.run_id, _m.dataset_name, _m.dataset_digest)
)


def store_model_metrics(tx: Transaction, scope: Scope, run: int, points: Sequence[tuple[int, "Point"]]) -> None:
    """Keep those points that name a logged model; each comes with the row id of its key."""
    keyed = [(key, point) for key, point in points if point.model_id]
    named = sorted({point.model_id for _, point in keyed if point.model_id})
    known: dict[str, int] = {}
    flows = scope.access.on_workspace(scope.home)
    for model, row, held in tx.all(_FIND, workspace=scope.home, models=json_array(named), **caller_ids(scope)):
        level = max(held, flows)
        if level > 0:
            known[model] = row
        if 0 < level < Permission.MANAGE:
            raise not_authorized(scope.principal.name, "log metric", f"MANAGE on the logged model '{model}'")
    for model in named:
        if model not in known:
            raise related_not_found("model_id", f"Logged model with ID '{model[:80]}' not found.")
    rows = []
    for key, point in keyed:
        name, digest = point.dataset_name or "", point.dataset_digest or ""
        check_length("dataset_name", name, scope.limits.dataset_name_length)
        check_length("dataset_digest", digest, scope.limits.dataset_digest_length)
        value, is_nan = (0.0, 1) if isnan(point.value) else (point.value, 0)
        model_row = known[point.model_id or ""]
        rows.append((model_row, key, point.timestamp, point.step, run, value, is_nan, name, digest))
    tx.insert(_INSERT, sorted(rows))


def metrics_of_models(tx: Transaction, models: Sequence[int]) -> dict[int, list[ModelMetric]]:
    """All values of these models, by the models' row ids, in one statement."""
    found: dict[int, list[ModelMetric]] = {model: [] for model in models}
    if models:
        for row in tx.all(_OF_MODELS, models=json_array(models)):
            model, name, value, is_nan, *rest = row
            found[model].append(ModelMetric(name, metric_value(value, is_nan), *rest))
    return found
