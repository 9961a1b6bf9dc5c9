"""What of runs can be searched: attributes, metrics, params, tags and datasets."""

from typing import Any

import sqlalchemy as sa

from modelkeep.search.pairs import pairs_attribute, value_begins
from modelkeep.search.space import Attribute, Clause, Condition, Kind, Space, column, is_a_range
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


_found = runs.alias("found").c
_ROWS = sa.select(_found.id).where(in_experiments(_found.experiment_id))


def _with_uri(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    begins = value_begins(_found.artifact_uri, clause)
    return None if begins is None else _ROWS.where(begins)


def _dataset(target: sa.Column[str]) -> Attribute:
    def owners(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
        if not is_a_range(clause):
            return None
        return (
            sa.select(_rd.run_id)
            .join_from(run_datasets, datasets, _d.id == _rd.dataset_id)
            .where(in_experiments(_d.experiment_id), condition(target))
        )

    return Attribute(
        Kind.LISTED,
        lambda condition, clause: (
            sa.exists().where(_rd.run_id == _r.id, _d.id == _rd.dataset_id, condition(target)).correlate(runs)
        ),
        owners,
    )


def _with_context(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    begins = value_begins(_rdt.value, clause)
    return None if begins is None else sa.select(_rdt.run_id).where(_rdt.key == _CONTEXT_TAG, begins)


def _in_context(condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    return sa.exists().where(_rdt.run_id == _r.id, _rdt.key == _CONTEXT_TAG, condition(_rdt.value)).correlate(runs)


_NAME = pairs_attribute(run_tags, _r.id, Kind.LISTED, RUN_NAME_TAG)
_STARTED = column(_r.start_time, Kind.TIME, _ROWS, _found.start_time)

SPACE = Space(
    {
        "attributes": {
            "run_id": Attribute(Kind.LISTED, lambda condition, clause: condition(_r.key), _with_id),
            # MLflow looks for the name in the tag, which the column follows unless the tag is deleted.
            **dict.fromkeys(("run_name", "run name", "Run name", "Run Name"), _NAME),
            "user_id": column(_r.user_id, Kind.LISTED, _ROWS, _found.user_id),
            "status": column(_r.status, Kind.LISTED, _ROWS, _found.status),
            **dict.fromkeys(("start_time", "created", "Created"), _STARTED),
            "end_time": column(_r.end_time, Kind.TIME, _ROWS, _found.end_time),
            "artifact_uri": Attribute(Kind.LISTED, lambda condition, clause: condition(_r.artifact_uri), _with_uri),
        },
        "metrics": Attribute(Kind.REAL, _measured, _with_metric, enough=lambda clause: sa.true()),
        "params": pairs_attribute(params, _r.id, Kind.OPTIONAL),
        "tags": pairs_attribute(run_tags, _r.id, Kind.OPTIONAL),
        "datasets": {
            "name": _dataset(_d.name),
            "digest": _dataset(_d.digest),
            "context": Attribute(Kind.LISTED, _in_context, _with_context),
        },
    },
    own_name="run",
)
