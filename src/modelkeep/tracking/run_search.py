"""Search of runs.

Two statements find a page: one takes the ids of its runs in their order, one reads those runs. A statement that did
both would build the params and tags of every run that it sorts.
"""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa

from modelkeep.core.fields import page_size
from modelkeep.core.guard import VISIBLE
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.search.narrow import narrowest
from modelkeep.search.page import Page, Search, check_max_results, fetch_page, make_search
from modelkeep.search.space import Clause
from modelkeep.storage.expressions import json_array, one_of, unindexed
from modelkeep.storage.query import Query
from modelkeep.storage.schema import latest_metrics, metric_keys, run_tags, runs
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.in_experiments import experiments_asked, in_experiments
from modelkeep.tracking.lifecycle import ViewType, in_view
from modelkeep.tracking.metric_conditions import compared_metric, or_null
from modelkeep.tracking.run_conditions import SPACE
from modelkeep.tracking.run_order import leading_metric, numbers_alone, order_runs
from modelkeep.tracking.run_records import Metric, Run, nullable_metric_value
from modelkeep.tracking.run_rows import COLUMNS, RUNS, from_row

_INF = float("inf")

PARENT_TAG = "mlflow.parentRunId"
"""The tag by which MLflow's clients nest a run in another."""

_r, _l, _t = runs.c, latest_metrics.c, run_tags.c
_parent = runs.alias("parent").c
_ROWS = Query(sa.select(*COLUMNS).select_from(RUNS).where(_r.id.in_(one_of("rows", numbers=True))))
_METRICS = Query(
    sa.select(_l.run_id, metric_keys.c.name, or_null(_l), _l.timestamp, _l.step)
    .join_from(latest_metrics, metric_keys, metric_keys.c.id == _l.key_id)
    .where(_l.run_id.in_(one_of("rows", numbers=True)))
)


class SearchRuns(msgspec.Struct):
    """A search; `filter` is MLflow's filter language."""

    experiment_ids: list[str] = []
    filter: str | None = None
    run_view_type: ViewType = ViewType.ACTIVE_ONLY
    max_results: Annotated[int, page_size(50_000)] = 1_000
    order_by: list[str] | None = None
    page_token: str | None = None


class RunPage(msgspec.Struct):
    """One page of runs. `next_page_token` is absent on the last."""

    runs: list[Run]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


class _Part(Enum):
    """The runs that one statement finds: all, or those whose leading metric is a number, or the others."""

    WHOLE = 0
    NUMBERS = 1
    REST = 2


@operation("mlflow/runs/search", verb="POST", needs=Permission.READ, on=VISIBLE, reach=Reach.WORKSPACE, scans=True)
def search_runs(tx: Transaction, scope: Scope, request: SearchRuns) -> RunPage:
    """Search runs of experiments, by default the latest start first.

    The filter compares run_id, run_name, user_id, status, start_time, end_time, artifact_uri, metrics.<key>,
    params.<key>, tags.<key>, datasets.name, datasets.digest and datasets.context.
    """
    page = find_runs(tx, scope, request)
    return RunPage(load_runs(tx, [row[0] for row in page.rows]), page.next_page_token or msgspec.UNSET)


def find_runs(tx: Transaction, scope: Scope, request: SearchRuns, *, outermost: bool = False) -> Page:
    """The row ids of the runs that a search finds, each the first of its row, and the token of the next page.

    `outermost` leaves out those nested in another run of their experiment that the view answers.
    """
    text, order_by = request.filter or "", tuple(request.order_by or ())
    found = SPACE.read(text, scope.limits.filter_length)
    within, sight, one, caller = experiments_asked(scope, request.experiment_ids)
    values = {**found.values, **sight}
    view = request.run_view_type
    leading = leading_metric(order_by)
    entered = narrowest(tx, SPACE, found.clauses, {**within, **values})

    def part(which: _Part, further: bool) -> Search:
        return _search(found.clauses, order_by, view, one, entered, which, further, outermost)

    in_parts = leading is not None and entered is None
    return fetch_page(
        tx,
        scope,
        lambda further: part(_Part.NUMBERS if in_parts else _Part.WHOLE, further),
        (lambda further: part(_Part.REST, further)) if in_parts else None,
        within=within,
        values=values,
        max_results=check_max_results(request.max_results, scope.limits.runs_page),
        page_token=request.page_token or "",
        bound_to=("runs", text, view.value, *order_by, *caller, *(("outermost",) if outermost else ())),
    )


def load_runs(tx: Transaction, rows: Sequence[int]) -> list[Run]:
    """The runs with these row ids, in their order."""
    if not rows:
        return []
    listed = json_array(rows)
    metrics: dict[int, list[Metric]] = {row: [] for row in rows}
    for row, name, value, timestamp, step in tx.all(_METRICS, rows=listed):
        finite = value is not None and -_INF < value < _INF
        metrics[row].append(Metric(name, value if finite else nullable_metric_value(value), timestamp, step))
    found = {row[0]: row for row in tx.all(_ROWS, rows=listed)}
    return [from_row(found[row], metrics[row]) for row in rows]


def _is_nested(view: ViewType) -> sa.ColumnElement[bool]:
    """Whether a run's parent is another run of its experiment that the view answers."""
    return (
        sa.exists()
        .where(
            _t.run_id == _r.id,
            _t.key == PARENT_TAG,
            _parent.workspace_id == _r.workspace_id,
            _parent.key == _t.value,
            _parent.experiment_id == _r.experiment_id,
            _parent.id != _r.id,
            in_view(_parent.lifecycle_stage, view),
        )
        .correlate(runs)
    )


@lru_cache(512)
def _search(
    clauses: tuple[Clause, ...],
    order_by: tuple[str, ...],
    view: ViewType,
    one: bool,
    entered: Clause | None,
    part: _Part,
    further: bool,
    outermost: bool,
) -> Search:
    order = order_runs(order_by)
    conditions = [in_view(_r.lifecycle_stage, view)]
    if outermost:
        conditions.append(~_is_nested(view))
    source: sa.FromClause = runs
    tables = order.tables
    if part is _Part.NUMBERS:
        order = numbers_alone(order)
        (metrics, named), *tables = tables
        source = sa.join(metrics, runs, named)
        conditions += [in_experiments(metrics.c.experiment_id, one=one), metrics.c.is_nan == sa.literal_column("0")]
        # What the filter asks of the leading metric bounds the index that is walked.
        leading = ("metrics", leading_metric(order_by))
        about = [clause for clause in clauses if (clause.entity, clause.key) == leading]
        conditions += [compared_metric(metrics.c, SPACE.compared(clause), clause) for clause in about]
        clauses = tuple(clause for clause in clauses if clause not in about)
    elif entered is None:
        conditions.append(in_experiments(_r.experiment_id, one=one))
    else:
        owners: Any = SPACE.owners(entered)
        conditions += [in_experiments(unindexed(_r.experiment_id), one=one), _r.id.in_(owners)]
    for table, matches in tables:
        source = sa.outerjoin(source, table, matches)
    if part is _Part.REST:
        conditions.append(order.orders[0].column > sa.literal_column("0"))
    conditions += SPACE.conditions(clauses, entered)
    return make_search(sa.select(_r.id).select_from(source).where(*conditions), order.orders, further=further)
