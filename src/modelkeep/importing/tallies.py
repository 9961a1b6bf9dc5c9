"""What a workspace holds of some objects, in numbers: how many rows of each kind belong to each."""

from collections.abc import Sequence
from math import isclose
from typing import Any

import sqlalchemy as sa

from modelkeep.importing.journal import Target
from modelkeep.importing.records import Alias, Experiment, LoggedModel, Model, Run, Version, Webhook
from modelkeep.importing.source import LARGE, PointSum
from modelkeep.importing.webhook_rows import events_of
from modelkeep.storage import schema
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Transaction

Tally = tuple[float, ...]
_e, _r, _l, _m, _v = (
    schema.experiments.c,
    schema.runs.c,
    schema.logged_models.c,
    schema.registered_models.c,
    schema.model_versions.c,
)
_WORKSPACE: sa.BindParameter[int] = sa.bindparam("workspace")
_PLATFORM: sa.BindParameter[int] = sa.bindparam("platform")


def _count(table: sa.Table, column: str, owner: sa.Table) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).where(table.c[column] == owner.c.id).correlate(owner).scalar_subquery()


_EXPERIMENTS = Query(
    sa.select(_e.number, _count(schema.experiment_tags, "experiment_id", schema.experiments)).where(
        _e.workspace_id == _WORKSPACE, _e.number.in_(one_of("numbers", numbers=True))
    )
)
_OF_RUN = (
    schema.params,
    schema.run_tags,
    schema.latest_metrics,
    schema.run_datasets,
    schema.run_dataset_tags,
    schema.run_models,
)
_KEYS = one_of("keys")
_RUNS = Query(
    sa.select(_r.key, *(_count(table, "run_id", schema.runs) for table in _OF_RUN)).where(
        _r.workspace_id == _WORKSPACE, _r.key.in_(_KEYS)
    )
)
_p = schema.metrics.c
_ADDED = sa.case((sa.func.abs(_p.value) < LARGE, _p.value), else_=0.0)
_POINTS = Query(
    sa.select(_r.key, sa.func.count(), sa.func.sum(sa.cast(_p.step, sa.Double)), sa.func.sum(_ADDED))
    .join_from(schema.runs, schema.metrics, _p.run_id == _r.id)
    .where(_r.workspace_id == _WORKSPACE, _r.key.in_(_KEYS))
    .group_by(_r.key)
)
_OF_LOGGED_MODEL = (schema.logged_model_tags, schema.logged_model_params, schema.logged_model_metrics)
_LOGGED_MODELS = Query(
    sa.select(_l.key, *(_count(table, "model_id", schema.logged_models) for table in _OF_LOGGED_MODEL)).where(
        _l.workspace_id == _WORKSPACE, _l.key.in_(_KEYS)
    )
)
_MODELS = Query(
    sa.select(
        _m.name, _count(schema.registered_model_tags, "model_id", schema.registered_models), _m.last_version
    ).where(_m.platform_id == _PLATFORM, _m.name.in_(_KEYS))
)
_t = schema.model_version_tags.c
_VERSION_TAGS = (
    sa.select(sa.func.count())
    .where(_t.model_id == _v.model_id, _t.version == _v.version)
    .correlate(schema.model_versions)
    .scalar_subquery()
)
_VERSIONS = Query(
    sa.select(_v.name, _v.version, _VERSION_TAGS)
    .join_from(schema.registered_models, schema.model_versions, _v.model_id == _m.id)
    .where(
        _m.platform_id == _PLATFORM,
        _m.name.in_(_KEYS),
        _v.version.between(sa.bindparam("first"), sa.bindparam("last")),
    )
)
_a = schema.registered_model_aliases.c
_ALIASES = Query(
    sa.select(_m.name, _a.alias)
    .join_from(schema.registered_models, schema.registered_model_aliases, _a.model_id == _m.id)
    .where(_m.platform_id == _PLATFORM, _m.name.in_(_KEYS))
)


def of_experiments(tx: Transaction, target: Target, records: Sequence[Experiment]) -> dict[Any, Tally]:
    numbers = json_array([record.number for record in records])
    return _counted(tx.all(_EXPERIMENTS, workspace=target.workspace, numbers=numbers))


def of_runs(tx: Transaction, target: Target, records: Sequence[Run]) -> dict[Any, Tally]:
    return _counted(tx.all(_RUNS, workspace=target.workspace, keys=json_array([record.key for record in records])))


def of_points(tx: Transaction, target: Target, records: Sequence[PointSum]) -> dict[Any, Tally]:
    found = tx.all(_POINTS, workspace=target.workspace, keys=json_array([record.run for record in records]))
    return {run: (count, steps, values) for run, count, steps, values in found}


def of_logged_models(tx: Transaction, target: Target, records: Sequence[LoggedModel]) -> dict[Any, Tally]:
    keys = json_array([record.key for record in records])
    return _counted(tx.all(_LOGGED_MODELS, workspace=target.workspace, keys=keys))


def of_models(tx: Transaction, target: Target, records: Sequence[Model]) -> dict[Any, Tally]:
    return _counted(tx.all(_MODELS, platform=target.platform, keys=json_array([record.name for record in records])))


def of_versions(tx: Transaction, target: Target, records: Sequence[Version]) -> dict[Any, Tally]:
    names = sorted({record.model for record in records})
    numbers = [record.number for record in records]
    found = tx.all(_VERSIONS, platform=target.platform, keys=json_array(names), first=min(numbers), last=max(numbers))
    return {(name, number): (1, tags) for name, number, tags in found}


def of_aliases(tx: Transaction, target: Target, records: Sequence[Alias]) -> dict[Any, Tally]:
    names = sorted({record.model for record in records})
    return {tuple(row): (1,) for row in tx.all(_ALIASES, platform=target.platform, keys=json_array(names))}


def of_webhooks(tx: Transaction, target: Target, records: Sequence[Webhook]) -> dict[Any, Tally]:
    return {key: (1, events) for key, events in events_of(tx, target, records).items()}


def _counted(rows: Sequence[tuple[Any, ...]]) -> dict[Any, Tally]:
    return {key: (1, *counts) for key, *counts in rows}


def agree(one: float, other: float) -> bool:
    """Sums of the same numbers in another order differ a little."""
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)
