"""Experiments and runs as rows. What is there already stays as it is, so that an import can be run again."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from modelkeep.importing.journal import Target
from modelkeep.importing.records import Experiment, Run
from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    datasets,
    experiment_tags,
    experiments,
    params,
    run_dataset_tags,
    run_datasets,
    run_models,
    run_tags,
    runs,
    workspaces,
)
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.lifecycle import DELETED
from modelkeep.tracking.metric_store import LATEST
from modelkeep.tracking.values import RUN_NAME_TAG

# File stores give experiments random numbers of 18 digits; the next one here need not be after those.
_COUNTED = 10**15


def insert_into(table: sa.Table, *left_out: str) -> BulkInsert:
    """An insert of whole rows, but for some columns."""
    return BulkInsert(table, [c.name for c in table.columns if c.name not in left_out], ignore_known)


_e, _r, _d, _w = experiments.c, runs.c, datasets.c, workspaces.c
_EXPERIMENTS = insert_into(experiments, "id")
_EXPERIMENT_TAGS = insert_into(experiment_tags)
_NUMBERED = Query(
    sa.select(_e.number, _e.id).where(
        _e.workspace_id == sa.bindparam("workspace"), _e.number.in_(one_of("numbers", numbers=True))
    )
)
_COUNT_ON = Query(
    sa.update(workspaces)
    .where(_w.id == sa.bindparam("workspace"), _w.last_experiment < sa.bindparam("most", type_=sa.BigInteger))
    .values(last_experiment=sa.bindparam("most", type_=sa.BigInteger))
)
_TAKE_DEFAULT = Query(
    sa.update(experiments)
    .where(
        _e.workspace_id == sa.bindparam("workspace"),
        _e.number == 0,
        # Not once more: it may have been given its own place for artifacts since.
        _e.created_at != sa.bindparam("_created_at"),
    )
    .values(
        {
            column: sa.bindparam(f"_{column}")
            for column in ("name", "artifact_location", "lifecycle_stage", "created_at", "updated_at", "revision")
        }
    )
)
_RUNS = insert_into(runs, "id", "recent_points")
_KEYED = Query(
    sa.select(_r.key, _r.id, _r.experiment_id).where(
        _r.workspace_id == sa.bindparam("workspace"), _r.key.in_(one_of("keys"))
    )
)
_HELD = Query(
    sa.select(_r.key, _r.id)
    .where(_r.workspace_id == sa.bindparam("workspace"), _r.key.in_(one_of("keys")))
    .order_by(_r.id)
    .with_for_update(read=True, key_share=True)
)
_PARAMS = insert_into(params)
_TAGS = insert_into(run_tags)
_DATASETS = insert_into(datasets, "id")
_OF_EXPERIMENTS = Query(
    sa.select(_d.experiment_id, _d.name, _d.digest, _d.id).where(
        _d.experiment_id.in_(one_of("experiments", numbers=True)), _d.name.in_(one_of("names"))
    )
)
_READ = insert_into(run_datasets)
_READ_TAGS = insert_into(run_dataset_tags)
_MODELS = insert_into(run_models)


def write_experiments(tx: Transaction, target: Target, records: Sequence[Experiment]) -> None:
    """Experiments with their numbers. Experiment 0 becomes the workspace's own."""
    for record in records:
        if record.number == 0:
            tx.run(
                _TAKE_DEFAULT,
                workspace=target.workspace,
                _name=record.name,
                _artifact_location=record.location,
                _lifecycle_stage=record.stage,
                _created_at=record.created_at,
                _updated_at=record.updated_at or record.created_at,
                _revision=record.revision,
            )
    rows = [
        (target.workspace, *record[:5], record.updated_at or record.created_at, record.revision) for record in records
    ]
    tx.insert(_EXPERIMENTS, rows)
    counted = max((record.number for record in records if record.number < _COUNTED), default=0)
    tx.run(_COUNT_ON, workspace=target.workspace, most=counted)
    ids = rows_of_experiments(tx, target, [record.number for record in records])
    tx.insert(
        _EXPERIMENT_TAGS, sorted((ids[record.number], *tag) for record in records for tag in dict(record.tags).items())
    )


def rows_of_experiments(tx: Transaction, target: Target, numbers: Iterable[int]) -> dict[int, int]:
    """Row ids by number."""
    return dict(tx.all(_NUMBERED, workspace=target.workspace, numbers=json_array(sorted(set(numbers)))))


def rows_of_runs(tx: Transaction, target: Target, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Row ids of runs and of their experiments, by the runs' ids."""
    found = tx.all(_KEYED, workspace=target.workspace, keys=json_array(sorted(set(keys))))
    return {key: (row, experiment) for key, row, experiment in found}


def hold_runs(tx: Transaction, target: Target, keys: Iterable[str]) -> dict[str, int]:
    """Row ids of runs, by the runs' ids; none of them can be deleted before the transaction ends."""
    return dict(tx.all(_HELD, workspace=target.workspace, keys=json_array(sorted(set(keys)))))


def write_runs(tx: Transaction, target: Target, records: Sequence[Run]) -> None:
    """Runs and what was logged to them. Those of an experiment that is not there are left out."""
    known = rows_of_experiments(tx, target, (record.experiment for record in records))
    tx.insert(
        _RUNS, [_row(target, known[record.experiment], record) for record in records if record.experiment in known]
    )
    found = rows_of_runs(tx, target, (record.key for record in records))
    kept = [(*found[record.key], record) for record in records if record.key in found]
    tx.insert(_PARAMS, sorted((row, *param) for row, _, record in kept for param in dict(record.params).items()))
    tx.insert(_TAGS, sorted((row, *tag) for row, _, record in kept for tag in dict(record.tags).items()))
    _write_latest(tx, kept)
    _write_datasets(tx, kept)
    tx.insert(_MODELS, sorted((row, *model) for row, _, record in kept for model in set(record.models)))


def _row(target: Target, experiment: int, run: Run) -> tuple[Any, ...]:
    name = run.name or next((value for key, value in run.tags if key == RUN_NAME_TAG), "")
    # What was deleted before MLflow noted when may be collected at once.
    deleted_at = run.deleted_at or 0 if run.stage == DELETED else None
    times = run.started_at, run.ended_at
    return (
        target.workspace,
        experiment,
        run.key,
        name,
        run.user,
        run.status,
        *times,
        run.stage,
        deleted_at,
        run.location,
    )


def _write_latest(tx: Transaction, kept: Sequence[tuple[int, int, Run]]) -> None:
    names = sorted({latest.key for _, _, record in kept for latest in record.latest})
    numbers = dict(zip(names, tx.metric_key_ids(names), strict=True))
    tx.insert(
        LATEST,
        sorted(
            (row, numbers[latest.key], experiment, *latest[1:])
            for row, experiment, record in kept
            for latest in record.latest
        ),
    )


def _write_datasets(tx: Transaction, kept: Sequence[tuple[int, int, Run]]) -> None:
    first = {
        (experiment, data.name, data.digest): data
        for _, experiment, record in reversed(kept)
        for data in reversed(record.datasets)
    }
    if not first:
        return
    tx.insert(_DATASETS, [(*key, *data[2:6]) for key, data in sorted(first.items(), key=lambda entry: entry[0])])
    found = tx.all(
        _OF_EXPERIMENTS,
        experiments=json_array(sorted({key[0] for key in first})),
        names=json_array(sorted({key[1] for key in first})),
    )
    ids = {(experiment, name, digest): row for experiment, name, digest, row in found}
    read = {
        (row, ids[experiment, data.name, data.digest]): dict(data.tags)
        for row, experiment, record in kept
        for data in record.datasets
    }
    tx.insert(_READ, sorted(read))
    tx.insert(_READ_TAGS, sorted((*key, *tag) for key, tags in read.items() for tag in tags.items()))
