"""What of runs can be searched: attributes, metrics, params, tags and datasets."""

from typing import Any

import sqlalchemy as sa

from modelkeep.search.pairs import pairs_attribute
from modelkeep.search.space import Attribute, Clause, Condition, Kind, Space, column
from modelkeep.storage.schema import (
    datasets,
    latest_metrics,
    params,
    run_dataset_tags,
    run_datasets,
    run_tags,
    runs,
)
from modelkeep.tracking.in_experiments import in_experiments
from modelkeep.tracking.metric_conditions import compared_metric, key_id
from modelkeep.tracking.values import RUN_NAME_TAG

_CONTEXT_TAG = "mlflow.data.context"

_r, _l = runs.c, latest_metrics.c
_d, _rd, _rdt = datasets.c, run_datasets.c, run_dataset_tags.c


def _measured(condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(_l.run_id == _r.id, _l.key_id == key_id(clause.key), compared_metric(_l, condition, clause))
        .correlate(runs)
    )


def _with_metric(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    if clause.operator == "!=":
        return None
    return sa.select(_l.run_id).where(
        in_experiments(_l.experiment_id),
        _l.key_id == key_id(clause.key),
        compared_metric(_l, condition, clause),
    )


_NAMED = runs.alias("named")


def _with_id(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    if clause.operator not in ("=", "IN"):
        return None
    return sa.select(_NAMED.c.id).where(_NAMED.c.workspace_id == sa.bindparam("workspace"), condition(_NAMED.c.key))


def _dataset(target: sa.Column[str]) -> Attribute:
    return Attribute(
        Kind.LISTED,
        lambda condition, clause: (
            sa.exists().where(_rd.run_id == _r.id, _d.id == _rd.dataset_id, condition(target)).correlate(runs)
        ),
    )


def _in_context(condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    return sa.exists().where(_rdt.run_id == _r.id, _rdt.key == _CONTEXT_TAG, condition(_rdt.value)).correlate(runs)


_NAME = pairs_attribute(run_tags, _r.id, Kind.LISTED, RUN_NAME_TAG)
_STARTED = column(_r.start_time, Kind.REAL)

SPACE = Space(
    {
        "attributes": {
            "run_id": Attribute(Kind.LISTED, lambda condition, clause: condition(_r.key), _with_id),
            # MLflow looks for the name in the tag, which the column follows unless the tag is deleted.
            **dict.fromkeys(("run_name", "run name", "Run name", "Run Name"), _NAME),
            "user_id": column(_r.user_id, Kind.LISTED),
            "status": column(_r.status, Kind.LISTED),
            **dict.fromkeys(("start_time", "created", "Created"), _STARTED),
            "end_time": column(_r.end_time, Kind.REAL),
            "artifact_uri": column(_r.artifact_uri, Kind.LISTED),
        },
        "metrics": Attribute(Kind.REAL, _measured, _with_metric),
        "params": pairs_attribute(params, _r.id, Kind.OPTIONAL),
        "tags": pairs_attribute(run_tags, _r.id, Kind.OPTIONAL),
        "datasets": {
            "name": _dataset(_d.name),
            "digest": _dataset(_d.digest),
            "context": Attribute(Kind.LISTED, _in_context),
        },
    },
    own_name="run",
)
