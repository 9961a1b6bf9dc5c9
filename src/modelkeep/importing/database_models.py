"""Logged models from an MLflow database, which has them since 3.0."""

from collections import defaultdict
from collections.abc import Iterator

import sqlalchemy as sa

from modelkeep.importing.database_runs import pairs
from modelkeep.importing.mlflow_tables import MlflowTables
from modelkeep.importing.records import LoggedModel, Measured, record
from modelkeep.importing.source import Batch, number_of

_AT_ONCE = 200


def logged_models(tables: MlflowTables, after: str) -> Iterator[Batch[LoggedModel]]:
    """By id."""
    part = tables.part("logged_models")
    if not part.exists:
        return
    key = part["model_id"]
    experiments = tables.part("experiments")
    here = sa.select(experiments["experiment_id"]).where(*tables.here(experiments))
    statement = sa.select(
        key,
        part["experiment_id"],
        part["name"],
        part.get("artifact_location", ""),
        part["creation_timestamp_ms"],
        part["last_updated_timestamp_ms"],
        part["status"],
        part.get("status_message", ""),
        part.get("model_type", ""),
        part.get("source_run_id", ""),
        part.get("lifecycle_stage", "active"),
    ).where(key > after, part["experiment_id"].in_(here))
    for rows in tables.rows(statement.order_by(key), _AT_ONCE):
        ends = rows[0][0], rows[-1][0]
        tags = pairs(tables, tables.part("logged_model_tags"), "model_id", *ends, names=("tag_key", "tag_value"))
        params = pairs(
            tables, tables.part("logged_model_params"), "model_id", *ends, names=("param_key", "param_value")
        )
        metrics = _metrics(tables, *ends)
        records = [record(LoggedModel, *row, tags[row[0]], params[row[0]], metrics[row[0]]) for row in rows]
        yield Batch(ends[1], records)


def _metrics(tables: MlflowTables, first: str, last: str) -> dict[str, list[Measured]]:
    found: dict[str, list[Measured]] = defaultdict(list)
    part = tables.part("logged_model_metrics")
    if not part.exists:
        return found
    key = part["model_id"]
    statement = sa.select(
        key,
        part["metric_name"],
        part["metric_timestamp_ms"],
        part["metric_step"],
        part["run_id"],
        part["metric_value"],
        part.get("dataset_name", ""),
        part.get("dataset_digest", ""),
    ).where(key >= first, key <= last)
    for rows in tables.rows(statement, 5_000):
        for model, name, timestamp, step, run, value, dataset, digest in rows:
            found[model].append(Measured(name, timestamp, step, run, *number_of(value), dataset, digest))
    return found
