"""Fills MLflow's SQLite database with the records that modelkeep has. By its API that would take hours."""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from bench.scale import models, runs
from bench.scale.volume import NOTHING, Volume

_AT_ONCE = 5_000
_SOURCE = ("LOCAL", "train.py", "", "")
Rows = dict[str, list[tuple[Any, ...]]]
_INSERTS = {
    "experiments": "experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time",
    "runs": "run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id, "
    "source_type, source_name, entry_point_name, source_version",
    "params": "run_uuid, key, value",
    "tags": "run_uuid, key, value",
    "latest_metrics": "run_uuid, key, value, timestamp, step, is_nan",
    "metrics": "run_uuid, key, value, timestamp, step, is_nan",
    "registered_models": "name, creation_time, last_updated_time, description",
    "registered_model_tags": "name, key, value",
    "model_versions": "name, version, creation_time, last_updated_time, description, user_id, current_stage, source, "
    "run_id, status",
    "model_version_tags": "name, version, key, value",
}


def fill_mlflow(database: Path, volume: Volume) -> None:
    """Write into the database that MLflow itself has made."""
    with sqlite3.connect(database, timeout=60) as connection:
        for rows in chain(_experiments(volume), _models(volume), _runs(volume), _points(volume)):
            _insert(connection, rows)
    connection.close()


def _insert(connection: sqlite3.Connection, rows: Rows) -> None:
    for table, values in rows.items():
        columns = _INSERTS[table]
        marks = ", ".join("?" * len(columns.split(",")))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


def _experiments(volume: Volume) -> Iterator[Rows]:
    found = list(runs.experiments(NOTHING, volume))
    yield {"experiments": [(e.number, e.name, e.location, e.stage, e.created_at, e.updated_at) for e in found]}


def _models(volume: Volume) -> Iterator[Rows]:
    for batch in _batches(models.models(NOTHING, volume)):
        yield {
            "registered_models": [(m.name, m.created_at, m.updated_at, m.description) for m in batch],
            "registered_model_tags": [(m.name, *tag) for m in batch for tag in m.tags],
        }
    for batch in _batches(models.versions(NOTHING, volume)):
        yield {
            "model_versions": [
                (
                    *(v.model, v.number, v.created_at, v.updated_at, v.description, v.user),
                    *(v.stage, v.source, v.run, "READY"),
                )
                for v in batch
            ],
            "model_version_tags": [(v.model, v.number, *tag) for v in batch for tag in v.tags],
        }


def _runs(volume: Volume) -> Iterator[Rows]:
    for batch in _batches(runs.runs(NOTHING, volume)):
        latest = [(r.key, m.key, m.value, m.timestamp, m.step, m.is_nan) for r in batch for m in r.latest]
        yield {
            "runs": [
                (r.key, r.name, r.user, r.status, r.started_at, r.ended_at, r.stage, r.location, r.experiment, *_SOURCE)
                for r in batch
            ],
            "params": [(r.key, *param) for r in batch for param in r.params],
            "tags": [(r.key, *tag) for r in batch for tag in r.tags],
            "latest_metrics": latest,
        }


def _points(volume: Volume) -> Iterator[Rows]:
    """The histories of all metrics."""
    for batch in _batches(runs.points(NOTHING, volume)):
        yield {
            "metrics": [(run, name, value, at, step, is_nan) for run, name, at, step, value, is_nan in batch],
        }


def _batches(records: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(records)
    while batch := list(islice(iterator, _AT_ONCE)):
        yield batch
