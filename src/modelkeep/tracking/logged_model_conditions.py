"""What of logged models can be searched: attributes, metrics, params and tags; and on which datasets metrics count."""

from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from modelkeep.search.pairs import pairs_attribute
from modelkeep.search.space import Attribute, Clause, Condition, Kind, Space, column, is_a_range
from modelkeep.storage.schema import (
    experiments,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
)
from modelkeep.tracking.in_experiments import in_experiments
from modelkeep.tracking.metric_conditions import compared_metric, key_id

_STATUS_PREFIX = "LOGGED_MODEL_"

_l, _m, _e = logged_models.c, logged_model_metrics.c, experiments.c
_NAMED = logged_models.alias("named")
_found = logged_models.alias("found").c
_ROWS = sa.select(_found.id).where(in_experiments(_found.experiment_id))


def _with_id(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    if clause.operator not in ("=", "IN"):
        return None
    return sa.select(_NAMED.c.id).where(_NAMED.c.workspace_id == sa.bindparam("workspace"), condition(_NAMED.c.key))


def _has_status(condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    """A status goes by two names: READY to MLflow's Python, LOGGED_MODEL_READY in its protocol."""
    join = sa.and_ if clause.operator in ("!=", "NOT IN") else sa.or_
    return join(condition(_l.status), condition(sa.func.substr(_l.status, len(_STATUS_PREFIX) + 1)))


def _optional(target: sa.Column[str], found: "sa.Column[str] | None" = None) -> Attribute:
    """A text that a model may not have, which then compares with none. An index may begin with it as `found`."""

    def owners(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
        if found is None or not is_a_range(clause):
            return None
        return _ROWS.where(found != sa.literal_column("''"), condition(found))

    return Attribute(Kind.LISTED, lambda condition, clause: sa.and_(target != "", condition(target)), owners)


def on_datasets(metrics: Any, with_digest: tuple[bool, ...]) -> sa.ColumnElement[bool]:
    """The metrics that were measured on one of the datasets `dataset_0_name`, …; all where none is named."""
    if not with_digest:
        return sa.true()
    named: list[sa.ColumnElement[bool]] = []
    for place, digest in enumerate(with_digest):
        is_it = metrics.dataset_name == sa.bindparam(f"dataset_{place}_name", type_=sa.Text)
        if digest:
            is_it = sa.and_(is_it, metrics.dataset_digest == sa.bindparam(f"dataset_{place}_digest", type_=sa.Text))
        named.append(is_it)
    return sa.or_(*named)


def measured_on_datasets(with_digest: tuple[bool, ...]) -> sa.ColumnElement[bool]:
    """The models of which anything was measured on one of the datasets."""
    return sa.exists().where(_m.model_id == _l.id, on_datasets(_m, with_digest)).correlate(logged_models)


def _metrics(with_digest: tuple[bool, ...]) -> Attribute:
    def measured(condition: Condition, clause: Clause) -> list[sa.ColumnElement[bool]]:
        named = _m.key_id == key_id(clause.key)
        return [named, compared_metric(_m, condition, clause), on_datasets(_m, with_digest)]

    return Attribute(
        Kind.REAL,
        lambda condition, clause: (
            sa.exists().where(_m.model_id == _l.id, *measured(condition, clause)).correlate(logged_models)
        ),
        lambda condition, clause: (
            None if clause.operator == "!=" else sa.select(_m.model_id).where(*measured(condition, clause))
        ),
    )


_CREATED = column(_l.created_at, Kind.TIME, _ROWS, _found.created_at)
_UPDATED = column(_l.updated_at, Kind.TIME)
_EXPERIMENT = sa.select(_e.number).where(_e.id == _l.experiment_id).correlate(logged_models).scalar_subquery()


@lru_cache(64)
def space(with_digest: tuple[bool, ...]) -> Space:
    """The space of a search for which so many datasets are named, each with a digest or without."""
    return Space(
        {
            "attributes": {
                "name": column(_l.name, Kind.LISTED, _ROWS, _found.name),
                "model_id": Attribute(Kind.LISTED, lambda condition, clause: condition(_l.key), _with_id),
                "experiment_id": column(_EXPERIMENT, Kind.ID),
                "model_type": _optional(_l.model_type),
                "status": Attribute(Kind.LISTED, _has_status),
                "status_message": _optional(_l.status_message),
                "source_run_id": _optional(_l.source_run_id, _found.source_run_id),
                "artifact_location": column(_l.artifact_location, Kind.LISTED),
                **dict.fromkeys(("creation_timestamp", "creation_timestamp_ms", "creation_time"), _CREATED),
                **dict.fromkeys(("last_updated_timestamp", "last_updated_timestamp_ms", "last_updated_time"), _UPDATED),
            },
            "metrics": _metrics(with_digest),
            "params": pairs_attribute(logged_model_params, _l.id, Kind.LISTED),
            "tags": pairs_attribute(logged_model_tags, _l.id, Kind.LISTED),
        }
    )
