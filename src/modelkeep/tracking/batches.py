"""Metrics, params and tags of a run, logged together: all of them or none."""

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.fields import Tag
from modelkeep.core.limits import Limits
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.guards import RUN
from modelkeep.tracking.metrics import Point, check_points, store_points
from modelkeep.tracking.params import check_params, store_params
from modelkeep.tracking.run_records import Param
from modelkeep.tracking.run_tags import put_run_tags
from modelkeep.tracking.runs import RunId, locate_active_run, run_key, wrote_to
from modelkeep.tracking.values import check_run_tags


class LogBatch(RunId):
    """At most 1,000 metrics, 100 params and 100 tags, 1,000 together."""

    metrics: list[Point] | None = None
    params: list[Param] | None = None
    tags: list[Tag] | None = None


@operation("mlflow/runs/log-batch", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
def log_batch(tx: Transaction, scope: Scope, request: LogBatch) -> Empty:
    """Log metrics, params and tags to a run in one step: all of them or none."""
    limits = scope.limits
    points, params, tags = request.metrics or [], request.params or [], request.tags or []
    _check_sizes(limits, len(points), len(params), len(tags))
    check_points(points, limits)
    params = check_params(params, limits)
    tags = check_run_tags(tags, limits)
    run = locate_active_run(tx, scope, run_key(request))
    store_params(tx, run.row, params)
    if points:
        store_points(tx, scope, run, points)
    if tags:
        put_run_tags(tx, run, tags)
    wrote_to(tx, run)
    return Empty()


def _check_sizes(limits: Limits, metrics: int, params: int, tags: int) -> None:
    for what, count, most in (
        ("metrics", metrics, limits.metrics_per_batch),
        ("params", params, limits.params_per_batch),
        ("tags", tags, limits.tags_per_batch),
        ("metrics, params, and tags", metrics + params + tags, limits.entities_per_batch),
    ):
        if count > most:
            raise ApiError(
                ErrorKind.INVALID_PARAMETER,
                f"A batch logging request can contain at most {most} {what}. Got {count} {what}. "
                f"Please split up {what} across multiple requests and try again.",
            )
