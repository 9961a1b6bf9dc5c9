"""What of runs can be searched: attributes, metrics, params, tags and datasets."""

from typing import Any

import sqlalchemy as sa

from modelkeep.search.pairs import holds_pair, owners_of_pair
from modelkeep.search.space import Attribute, Clause, Condition, Kind, Space, column
from modelkeep.storage.schema import (
    datasets,
    latest_metrics,
    metric_keys,
    params,
    run_dataset_tags,
    run_datasets,
    run_tags,
    runs,
)
from modelkeep.tracking.in_experiments import in_experiments
from modelkeep.tracking.values import RUN_NAME_TAG

_CONTEXT_TAG = "mlflow.data.context"

_r, _l = runs.c, latest_metrics.c
_d, _rd, _rdt = datasets.c, run_datasets.c, run_dataset_tags.c


def key_id(name: str) -> sa.ScalarSelect[int]:
    """The number of a metric's name, looked up once a statement."""
    return sa.select(metric_keys.c.id).where(metric_keys.c.name == name).scalar_subquery()


def compared_metric(metrics: Any, condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    """A condition on a value that may be NaN, which differs from every number and compares with none."""
    if clause.operator == "!=":
        return sa.or_(condition(metrics.value), metrics.is_nan == sa.literal_column("1"))
    return sa.and_(metrics.is_nan == sa.literal_column("0"), condition(metrics.value))


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


def _pairs(table: sa.Table, kind: Kind = Kind.OPTIONAL, key: str | None = None) -> Attribute:
    """Any key of a table of pairs, or one that an attribute is another name of."""

    def of_key(clause: Clause) -> Clause:
        return clause if key is None else clause._replace(key=key)

    return Attribute(
        kind,
        lambda condition, clause: holds_pair(table, (_r.id,), condition, of_key(clause)),
        lambda condition, clause: owners_of_pair(table, condition, of_key(clause)),
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


_NAME = _pairs(run_tags, Kind.LISTED, RUN_NAME_TAG)
_STARTED = column(_r.start_time, Kind.NUMBER)

SPACE = Space(
    {
        "attributes": {
            "run_id": Attribute(Kind.LISTED, lambda condition, clause: condition(_r.key), _with_id),
            # MLflow looks for the name in the tag, which the column follows unless the tag is deleted.
            **dict.fromkeys(("run_name", "run name", "Run name", "Run Name"), _NAME),
            "user_id": column(_r.user_id, Kind.LISTED),
            "status": column(_r.status, Kind.LISTED),
            **dict.fromkeys(("start_time", "created", "Created"), _STARTED),
            "end_time": column(_r.end_time, Kind.NUMBER),
            "artifact_uri": column(_r.artifact_uri, Kind.LISTED),
        },
        "metrics": Attribute(Kind.METRIC, _measured, _with_metric),
        "params": _pairs(params),
        "tags": _pairs(run_tags),
        "datasets": {
            "name": _dataset(_d.name),
            "digest": _dataset(_d.digest),
            "context": Attribute(Kind.LISTED, _in_context),
        },
    },
    own_name="run",
)
