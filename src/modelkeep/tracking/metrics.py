"""Metrics of runs: every point is kept, and of each metric the latest value beside."""

from collections.abc import Sequence
from functools import lru_cache
from math import isnan
from operator import itemgetter

import msgspec

from modelkeep.core.errors import ApiError, invalid_parameter
from modelkeep.core.fields import Int64, LoggedAt, check_key
from modelkeep.core.limits import Limits
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.guards import RUN
from modelkeep.tracking.metric_store import keep_history, keep_latest
from modelkeep.tracking.model_metrics import store_model_metrics
from modelkeep.tracking.runs import LocatedRun, RunId, locate_active_run, run_key, wrote_to


class Point(msgspec.Struct, gc=False):
    """A value of a metric. Where it measures a logged model, `model_id` names it, and the dataset may be named."""

    key: str
    value: float
    timestamp: LoggedAt
    step: Int64 = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogMetric(RunId):
    """A value of a metric of a run."""

    key: str
    value: float
    timestamp: LoggedAt
    step: Int64 = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


@operation("mlflow/runs/log-metric", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
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
    try:
        _check_keys(tuple([point.key for point in points]), limits)
    except ApiError:
        for place, point in enumerate(points):
            check_key(point.key, limits, f"{field}[{place}].key" if field else "key")
    if [point for point in points if point.timestamp < 0]:
        place = next(place for place, point in enumerate(points) if point.timestamp < 0)
        raise invalid_parameter(
            f"{field}[{place}].timestamp" if field else "timestamp",
            f"{points[place].timestamp} is no time; milliseconds since 1970 are.",
        )


@lru_cache(32)
def _check_keys(keys: tuple[str, ...], limits: Limits) -> None:
    """Remembered where all may be keys, for a training logs the same at every step. What is refused is not kept: it may
    be as long as a body.
    """
    for key in keys:
        check_key(key, limits)


def store_points(tx: Transaction, scope: Scope, run: LocatedRun, points: Sequence[Point]) -> None:
    """Keep points in the history, and the latest of each metric beside."""
    keys = tx.metric_key_ids([point.key for point in points])
    # In the order of their keys: two batches to one run must not wait for each other's rows.
    keyed = list(zip(keys, points, strict=True))
    if keys != sorted(keys):
        keyed.sort(key=_key)
    rows = [(key, point.timestamp, point.step, point.value, 0) for key, point in keyed]
    if [row for row in rows if isnan(row[3])]:
        rows = [(*row[:3], 0.0, 1) if isnan(row[3]) else row for row in rows]
    keep_history(tx, run.row, rows)
    keep_latest(tx, run.row, run.experiment, rows)
    if [point for point in points if point.model_id]:
        store_model_metrics(tx, scope, run.row, keyed)


_key = itemgetter(0)
