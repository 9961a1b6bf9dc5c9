"""Experiments, runs and logged models of a workspace as records, by number or id."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from modelkeep.exporting.paging import by_owner, pages
from modelkeep.importing.records import Experiment, Latest, LoggedModel, Measured, Pair, ReadDataset, Run, record
from modelkeep.storage import schema
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.logged_models import LoggedModelStatus

_AT_ONCE = 200
_STATUSES = {status.value: number for number, status in enumerate(LoggedModelStatus)}
_e, _r, _l, _d = schema.experiments.c, schema.runs.c, schema.logged_models.c, schema.datasets.c
_OWNERS = one_of("owners", numbers=True)
_HERE: sa.BindParameter[int] = sa.bindparam("workspace")


def _paged(key: sa.Column[Any], home: sa.Column[int], *columns: sa.ColumnElement[Any]) -> Query:
    after = sa.bindparam("after", type_=key.type)
    return Query(sa.select(key, *columns).where(home == _HERE, key > after).order_by(key).limit(_AT_ONCE))


def of_owners(table: sa.Table, owner: str, *columns: str) -> Query:
    """Some columns of the rows of these owners, by owner."""
    keys = [table.c[owner], *(table.c[column] for column in columns)]
    return Query(sa.select(*keys).where(keys[0].in_(_OWNERS)).order_by(*keys[:2]))


_EXPERIMENTS = _paged(
    _e.number,
    _e.workspace_id,
    _e.name,
    _e.artifact_location,
    _e.lifecycle_stage,
    _e.created_at,
    _e.updated_at,
    _e.revision,
    _e.id,
)
_EXPERIMENT_TAGS = of_owners(schema.experiment_tags, "experiment_id", "key", "value")
_NUMBER = sa.select(_e.number).where(_e.id == _r.experiment_id).correlate(schema.runs).scalar_subquery()
_RUNS = _paged(
    _r.key,
    _r.workspace_id,
    _NUMBER,
    _r.name,
    _r.user_id,
    _r.status,
    _r.start_time,
    _r.end_time,
    _r.lifecycle_stage,
    _r.deleted_at,
    _r.artifact_uri,
    _r.id,
)
_PARAMS = of_owners(schema.params, "run_id", "key", "value")
_TAGS = of_owners(schema.run_tags, "run_id", "key", "value")
_MODELS = of_owners(schema.run_models, "run_id", "direction", "model_key", "step")
_t = schema.latest_metrics.c
_k = schema.metric_keys.c
_LATEST = Query(
    sa.select(_t.run_id, _k.name, _t.timestamp, _t.step, _t.value, _t.is_nan)
    .join_from(schema.latest_metrics, schema.metric_keys, _k.id == _t.key_id)
    .where(_t.run_id.in_(_OWNERS))
    .order_by(_t.run_id, _k.name)
)
_u = schema.run_datasets.c
_DATASETS = Query(
    sa.select(_u.run_id, _d.id, _d.name, _d.digest, _d.source_type, _d.source, _d.schema, _d.profile)
    .join_from(schema.run_datasets, schema.datasets, _d.id == _u.dataset_id)
    .where(_u.run_id.in_(_OWNERS))
    .order_by(_u.run_id, _d.name, _d.digest)
)
_DATASET_TAGS = of_owners(schema.run_dataset_tags, "run_id", "key", "value", "dataset_id")
_OF_EXPERIMENT = sa.select(_e.number).where(_e.id == _l.experiment_id).correlate(schema.logged_models).scalar_subquery()
_LOGGED_MODELS = _paged(
    _l.key,
    _l.workspace_id,
    _OF_EXPERIMENT,
    _l.name,
    _l.artifact_location,
    _l.created_at,
    _l.updated_at,
    _l.status,
    _l.status_message,
    _l.model_type,
    _l.source_run_id,
    _l.lifecycle_stage,
    _l.deleted_at,
    _l.revision,
    _l.id,
)
_MODEL_TAGS = of_owners(schema.logged_model_tags, "model_id", "key", "value")
_MODEL_PARAMS = of_owners(schema.logged_model_params, "model_id", "key", "value")
_g = schema.logged_model_metrics.c
_MODEL_METRICS = Query(
    sa.select(
        _g.model_id, _k.name, _g.timestamp, _g.step, _r.key, _g.value, _g.is_nan, _g.dataset_name, _g.dataset_digest
    )
    .join_from(schema.logged_model_metrics, schema.metric_keys, _k.id == _g.key_id)
    .join(schema.runs, _r.id == _g.run_id)
    .where(_g.model_id.in_(_OWNERS))
    .order_by(_g.model_id, _k.name, _g.timestamp, _g.step, _r.key, _g.dataset_name, _g.dataset_digest)
)


def experiments(tx: Transaction, workspace: int) -> Iterator[list[Experiment]]:
    """By number."""
    for rows in pages(tx, _EXPERIMENTS, -1, _key, workspace=workspace):
        tags = pairs(tx, _EXPERIMENT_TAGS, rows)
        yield [record(Experiment, *values, tags.get(row, []), revision) for *values, revision, row in rows]


def runs(tx: Transaction, workspace: int) -> Iterator[list[Run]]:
    """By id."""
    for rows in pages(tx, _RUNS, "", _key, workspace=workspace):
        params, tags, models = (pairs(tx, query, rows) for query in (_PARAMS, _TAGS, _MODELS))
        latest = by_owner(tx.all(_LATEST, owners=owners_of(rows)))
        datasets = _datasets(tx, rows)
        yield [
            record(
                Run,
                *values,
                params.get(row, []),
                tags.get(row, []),
                [Latest(*found) for found in latest.get(row, [])],
                datasets.get(row, []),
                models.get(row, []),
            )
            for *values, row in rows
        ]


def logged_models(tx: Transaction, workspace: int) -> Iterator[list[LoggedModel]]:
    """By id."""
    for rows in pages(tx, _LOGGED_MODELS, "", _key, workspace=workspace):
        tags, params = pairs(tx, _MODEL_TAGS, rows), pairs(tx, _MODEL_PARAMS, rows)
        metrics = by_owner(tx.all(_MODEL_METRICS, owners=owners_of(rows)))
        yield [
            record(
                LoggedModel,
                *values[:6],
                _STATUSES[values[6]],
                *values[7:],
                tags.get(row, []),
                params.get(row, []),
                [Measured(*found) for found in metrics.get(row, [])],
                deleted_at,
                revision,
            )
            for *values, deleted_at, revision, row in rows
        ]


def _key(row: Row) -> Any:
    return row[0]


def owners_of(rows: list[Row]) -> str:
    """The row ids, which come last in each row, as `one_of` reads them."""
    return json_array([row[-1] for row in rows])


def pairs(tx: Transaction, query: Query, rows: list[Row]) -> dict[int, list[Any]]:
    """Tags and the like of these rows, by row id."""
    return by_owner(tx.all(query, owners=owners_of(rows)))


def _datasets(tx: Transaction, rows: list[Row]) -> dict[int, list[ReadDataset]]:
    tags: dict[tuple[int, int], list[Pair]] = {}
    for run, key, value, dataset in tx.all(_DATASET_TAGS, owners=owners_of(rows)):
        tags.setdefault((run, dataset), []).append((key, value))
    found: dict[int, list[ReadDataset]] = {}
    for run, dataset, *values in tx.all(_DATASETS, owners=owners_of(rows)):
        found.setdefault(run, []).append(record(ReadDataset, *values, tags.get((run, dataset), [])))
    return found
