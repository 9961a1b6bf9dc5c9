"""Points of metrics and logged models as rows."""

from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.importing.journal import Target
from modelkeep.importing.records import LoggedModel, Point
from modelkeep.importing.tracking_rows import hold_runs, insert_into, rows_of_experiments, rows_of_runs
from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
    metrics,
)
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.lifecycle import DELETED
from modelkeep.tracking.logged_models import LoggedModelStatus

_m = logged_models.c
_POINTS = insert_into(metrics)
_NEW_POINTS = BulkInsert(metrics, _POINTS.columns, owners_held=True)
_MODELS = insert_into(logged_models, "id")
_KEYED = Query(sa.select(_m.key, _m.id).where(_m.workspace_id == sa.bindparam("workspace"), _m.key.in_(one_of("keys"))))
_TAGS = insert_into(logged_model_tags)
_PARAMS = insert_into(logged_model_params)
_METRICS = insert_into(logged_model_metrics)
_STATUSES = tuple(status.value for status in LoggedModelStatus)


def write_points(tx: Transaction, target: Target, records: Sequence[Point]) -> None:
    """The history, in the order in which the table keeps it. Points of a run that is not there are left out."""
    _write_points(tx, target, records, _POINTS)


def write_new_points(tx: Transaction, target: Target, records: Sequence[Point]) -> None:
    """The same of points none of which is there: nobody has to look for each of them first."""
    _write_points(tx, target, records, _NEW_POINTS)


def _write_points(tx: Transaction, target: Target, records: Sequence[Point], insert: BulkInsert) -> None:
    runs = hold_runs(tx, target, {point[0] for point in records})
    names = sorted({point[1] for point in records})
    numbers = dict(zip(names, tx.metric_key_ids(names), strict=True))
    rows = [
        (runs[run], numbers[name], timestamp, step, value, is_nan)
        for run, name, timestamp, step, value, is_nan in records
        if run in runs
    ]
    rows.sort()
    tx.insert(insert, rows)


def write_logged_models(tx: Transaction, target: Target, records: Sequence[LoggedModel]) -> None:
    """Logged models and what was logged to them. A value that was measured by a run that is not there is left out."""
    experiments = rows_of_experiments(tx, target, (record.experiment for record in records))
    rows = [
        (
            target.workspace,
            experiments[record.experiment],
            record.key,
            record.name,
            record.location,
            record.created_at,
            record.updated_at,
            _STATUSES[record.status],
            record.status_message,
            record.kind,
            record.source_run,
            record.stage,
            _deleted_at(record),
            record.revision,
        )
        for record in records
        if record.experiment in experiments
    ]
    tx.insert(_MODELS, rows)
    found: dict[str, int] = dict(
        tx.all(_KEYED, workspace=target.workspace, keys=json_array([record.key for record in records]))
    )
    kept = [(found[record.key], record) for record in records if record.key in found]
    tx.insert(_TAGS, sorted((row, *tag) for row, record in kept for tag in dict(record.tags).items()))
    tx.insert(_PARAMS, sorted((row, *param) for row, record in kept for param in dict(record.params).items()))
    _write_metrics(tx, target, kept)


def _deleted_at(record: LoggedModel) -> int | None:
    """MLflow notes no time of its own for it."""
    if record.stage != DELETED:
        return None
    return record.updated_at if record.deleted_at is None else record.deleted_at


def _write_metrics(tx: Transaction, target: Target, kept: Sequence[tuple[int, LoggedModel]]) -> None:
    runs = rows_of_runs(tx, target, {value.run for _, record in kept for value in record.metrics})
    names = sorted({value.key for _, record in kept for value in record.metrics})
    numbers = dict(zip(names, tx.metric_key_ids(names), strict=True))
    tx.insert(
        _METRICS,
        sorted(
            (
                row,
                numbers[value.key],
                value.timestamp,
                value.step,
                runs[value.run][0],
                value.value,
                value.is_nan,
                value.dataset_name,
                value.dataset_digest,
            )
            for row, record in kept
            for value in record.metrics
            if value.run in runs
        ),
    )
