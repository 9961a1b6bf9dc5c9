"""The history of a metric: all its points in pages, or a sample of them for a chart."""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.fields import Int64, page_size
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.search.order import Order, after, make_page_token, order_clauses, read_page_token
from modelkeep.search.page import check_max_results
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.guards import RUN, RunsGuard
from modelkeep.tracking.metric_conditions import or_null
from modelkeep.tracking.metric_store import has_put_aside, placed_points_of_run, points_of_run
from modelkeep.tracking.run_records import Metric, nullable_metric_value
from modelkeep.tracking.runs import RunId, locate_run, run_key

_MOST_SAMPLED = 2_500
_MOST_IN_BULK = 25_000
_INF = float("inf")


class _Queries(NamedTuple):
    """What is asked of points. Parameters: `row` and `key`, and those that each has of its own."""

    first_page: Query
    next_page: Query
    sample: Query


def _queries(points: sa.Subquery) -> _Queries:
    column = points.c
    by_time = (column.timestamp, column.step, column.value, column.is_nan)
    orders = [Order(each.name, each, descending=False) for each in by_time]
    in_order = (
        sa.select(column.timestamp, column.step, or_null(column))
        .order_by(*order_clauses(orders))
        .limit(sa.bindparam("most", type_=sa.Integer))
    )
    return _Queries(Query(in_order), Query(in_order.where(after(orders))), _sample(points))


def _sample(points: sa.Subquery) -> Query:
    """Of all points those at evenly spaced places in the order of steps, the first and the last among them.

    Place n is one of m places out of c where n * (m - 1) mod (c - 1) < m - 1. A single place is the last.
    """
    column, most = points.c, sa.bindparam("most", type_=sa.BigInteger)
    first, last = (sa.bindparam(name, type_=sa.BigInteger) for name in ("first_step", "last_step"))
    by_step = (column.step, column.timestamp, column.value, column.is_nan)
    placed = (
        sa.select(
            *by_step,
            (sa.func.row_number().over(order_by=by_step) - 1).label("place"),
            sa.func.count().over().label("points"),
        )
        .where(column.step >= first, column.step <= last)
        .subquery()
    ).c
    evenly: Any = (placed.place * (most - 1)) % sa.func.nullif(placed.points - 1, 0) < most - 1
    return Query(
        sa.select(placed.timestamp, placed.step, or_null(placed))
        .where(
            sa.or_(
                placed.points <= most, sa.and_(most > 1, evenly), sa.and_(most == 1, placed.place == placed.points - 1)
            )
        )
        .order_by(placed.place)
    )


_IN_PLACE, _ANYWHERE = _queries(placed_points_of_run()), _queries(points_of_run())


def _asking(tx: Transaction, run: int) -> _Queries:
    """The queries for a run. The two places together cost a sixth more than one."""
    return _ANYWHERE if has_put_aside(tx, run) else _IN_PLACE


class MetricHistoryRequest(RunId, kw_only=True):
    """Without `max_results`, all points there are, up to a page's limit."""

    metric_key: str
    max_results: Annotated[int | None, page_size(1_000_000)] = None
    page_token: str | None = None


class MetricHistory(msgspec.Struct):
    """Points in the order of their times. `next_page_token` is absent on the last page."""

    metrics: list[Metric]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


@operation("mlflow/metrics/get-history", needs=Permission.READ, on=RUN, reach=Reach.WORKSPACE, scans=True)
def get_metric_history(tx: Transaction, scope: Scope, request: MetricHistoryRequest) -> MetricHistory:
    """Get the points of a metric of a run, the oldest first."""
    if not request.metric_key:
        raise missing_parameter("metric_key")
    largest = scope.limits.metric_history_page
    most = largest if request.max_results is None else check_max_results(request.max_results, largest)
    key = run_key(request)
    run = locate_run(tx, scope, key)
    search = "\0".join(("metric-history", str(run.row), request.metric_key))
    seen = read_page_token(scope.page_key, search, request.page_token) if request.page_token else []
    place = {f"after_{number}": value for number, value in enumerate(seen)}
    asking = _asking(tx, run.row)
    query = asking.next_page if seen else asking.first_page
    rows = tx.all(query, row=run.row, key=request.metric_key, most=most + 1, **place)
    if len(rows) <= most:
        return MetricHistory(_points(request.metric_key, rows))
    rows.pop()
    timestamp, step, value = rows[-1]
    last = (timestamp, step, 0.0, 1) if value is None else (timestamp, step, value, 0)
    return MetricHistory(_points(request.metric_key, rows), make_page_token(scope.page_key, search, last))


def _points(key: str, rows: Sequence[Row]) -> list[Metric]:
    return [
        # What is finite, as nearly all is, costs a comparison and no call.
        Metric(
            key, value if value is not None and -_INF < value < _INF else nullable_metric_value(value), timestamp, step
        )
        for timestamp, step, value in rows
    ]


class MetricWithRunId(msgspec.Struct):
    """A point and the run that it belongs to."""

    key: str
    value: float | str
    timestamp: int
    step: int
    run_id: str


class MetricsOfRuns(msgspec.Struct):
    """Points of several runs, run by run."""

    metrics: list[MetricWithRunId]


class BulkHistory(msgspec.Struct):
    """Up to 100 runs; `run_id` is repeated in the query. At most 25,000 points are answered."""

    metric_key: str
    run_id: list[str]
    max_results: Annotated[int, page_size(1_000_000)] = _MOST_IN_BULK


@operation(
    "mlflow/metrics/get-history-bulk", needs=Permission.READ, on=RunsGuard("run_id"), reach=Reach.WORKSPACE, scans=True
)
def get_metric_history_bulk(tx: Transaction, scope: Scope, request: BulkHistory) -> MetricsOfRuns:
    """Get the points of one metric of several runs, the oldest of each run first."""
    left = min(check_max_results(request.max_results, scope.limits.metric_history_page), _MOST_IN_BULK)
    _check_runs(scope, request.run_id, request.metric_key, "run_id")
    found: list[MetricWithRunId] = []
    for key in sorted(set(request.run_id)):
        run = locate_run(tx, scope, key)
        rows = tx.all(_asking(tx, run.row).first_page, row=run.row, key=request.metric_key, most=left)
        found += _points_of(key, request.metric_key, rows)
        left -= len(rows)
        if left == 0:
            break
    return MetricsOfRuns(found)


class BulkInterval(msgspec.Struct):
    """Up to 100 runs; `run_ids` is repeated in the query. Both steps or neither; they are included.

    `max_results` is of each run.
    """

    metric_key: str
    run_ids: list[str]
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Annotated[int, page_size(_MOST_SAMPLED)] = _MOST_SAMPLED


@operation(
    "mlflow/metrics/get-history-bulk-interval",
    needs=Permission.READ,
    on=RunsGuard("run_ids"),
    reach=Reach.WORKSPACE,
    scans=True,
)
def get_metric_history_bulk_interval(tx: Transaction, scope: Scope, request: BulkInterval) -> MetricsOfRuns:
    """Sample the points of one metric of several runs: evenly spaced ones, of each run its first and last."""
    most = check_max_results(request.max_results, _MOST_SAMPLED)
    _check_runs(scope, request.run_ids, request.metric_key, "run_ids")
    first, last = request.start_step, request.end_step
    if (first is None) != (last is None):
        raise invalid_parameter("start_step", "start_step and end_step belong together: one of them is missing.")
    if first is not None and last is not None and first > last:
        raise invalid_parameter("end_step", f"it is {last}, before start_step, which is {first}.")
    found: list[MetricWithRunId] = []
    for key in dict.fromkeys(request.run_ids):
        run = locate_run(tx, scope, key).row
        rows = tx.all(
            _asking(tx, run).sample,
            row=run,
            key=request.metric_key,
            most=most,
            first_step=-(2**63) if first is None else first,
            last_step=2**63 - 1 if last is None else last,
        )
        found += _points_of(key, request.metric_key, rows)
    return MetricsOfRuns(found)


def _points_of(run: str, key: str, rows: Sequence[Row]) -> list[MetricWithRunId]:
    return [MetricWithRunId(key, nullable_metric_value(value), timestamp, step, run) for timestamp, step, value in rows]


def _check_runs(scope: Scope, runs: Sequence[str], metric_key: str, field: str) -> None:
    if not metric_key:
        raise missing_parameter("metric_key")
    if not runs:
        raise missing_parameter(field)
    most = scope.limits.metric_history_runs
    if len(runs) > most:
        raise invalid_parameter(field, f"{len(runs)} runs were named, at most {most} are allowed.")
