"""Metrics of runs: every point is kept, and of each metric the latest value beside."""

from collections.abc import Sequence
from math import isnan

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.fields import Int64, check_key
from modelkeep.core.limits import Limits
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.schema import latest_metrics
from modelkeep.storage.schema import metrics as history
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.model_metrics import store_model_metrics
from modelkeep.tracking.runs import LocatedRun, RunId, locate_active_run, run_key, wrote_to


class Point(msgspec.Struct):
    """A value of a metric. Where it measures a logged model, `model_id` names it, and the dataset may be named."""

    key: str
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogMetric(RunId):
    """A value of a metric of a run."""

    key: str
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


def _over_older(statement: Insert) -> Insert:
    """The latest value is that of the highest step, then of the latest time, then the largest."""
    new, columns = statement.excluded, ("value", "is_nan", "timestamp", "step")
    old = latest_metrics.c
    return statement.on_conflict_do_update(
        index_elements=["run_id", "key_id"],
        set_={column: new[column] for column in columns},
        where=sa.tuple_(new.step, new.timestamp, new.value) > sa.tuple_(old.step, old.timestamp, old.value),
    )


# A point sent twice is kept once: what is logged again after a lost answer does no harm.
_INSERT = BulkInsert(history, ("run_id", "key_id", "timestamp", "step", "value", "is_nan"), ignore_known)
_LATEST = BulkInsert(
    latest_metrics,
    ("run_id", "key_id", "experiment_id", "timestamp", "step", "value", "is_nan"),
    _over_older,
)


@operation("mlflow/runs/log-metric", verb="POST", writes=True, needs=Permission.MANAGE, reach=Reach.WORKSPACE)
def log_metric(tx: Transaction, scope: Scope, request: LogMetric) -> Empty:
    """Log a value of a metric of a run. The same point again is no error and is kept once."""
    point = Point(
        request.key,
        request.value,
        request.timestamp,
        request.step,
        request.model_id,
        request.dataset_name,
        request.dataset_digest,
    )
    check_points([point], scope.limits, "")
    run = locate_active_run(tx, scope, run_key(request))
    store_points(tx, scope, run, [point])
    wrote_to(tx, run)
    return Empty()


def check_points(points: Sequence[Point], limits: Limits, field: str = "metrics") -> None:
    """Keys and times. `field` is where the points stand in the request."""
    checked: set[str] = set()
    for place, point in enumerate(points):
        if point.key not in checked:
            check_key(point.key, limits, f"{field}[{place}].key" if field else "key")
            checked.add(point.key)
        if point.timestamp < 0:
            raise invalid_parameter(
                f"{field}[{place}].timestamp" if field else "timestamp",
                f"{point.timestamp} is no time; milliseconds since 1970 are.",
            )


def store_points(tx: Transaction, scope: Scope, run: LocatedRun, points: Sequence[Point]) -> None:
    """Keep points in the history, and the latest of each metric beside."""
    keys = tx.metric_key_ids([point.key for point in points])
    row, experiment = run.row, run.experiment
    logged = []
    latest: dict[int, tuple[int, int, float, int]] = {}
    for key, point in zip(keys, points, strict=True):
        value, is_nan = (0.0, 1) if isnan(point.value) else (point.value, 0)
        logged.append((row, key, point.timestamp, point.step, value, is_nan))
        newest = (point.step, point.timestamp, value, is_nan)
        if key not in latest or newest > latest[key]:
            latest[key] = newest
    # In the order of their keys: two batches to one run must not wait for each other's rows.
    logged.sort()
    tx.insert(_INSERT, logged)
    tx.insert(
        _LATEST,
        [
            (row, key, experiment, timestamp, step, value, is_nan)
            for key, (step, timestamp, value, is_nan) in sorted(latest.items())
        ],
    )
    if any(point.model_id for point in points):
        store_model_metrics(tx, scope, row, list(zip(keys, points, strict=True)))
