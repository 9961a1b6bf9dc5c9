"""A page of runs as a table of them needs it: the columns that are shown and no others.

A run may have thousands of metrics. A table of fifty runs shows a handful of each.
"""

from typing import Annotated

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.fields import Tag
from modelkeep.core.guard import VISIBLE
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import latest_metrics, metric_keys, params, run_tags, runs
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.lifecycle import ViewType, in_view
from modelkeep.tracking.run_records import Metric, Param, RunInfo
from modelkeep.tracking.run_rows import INFO_COLUMNS, RUNS, info_from_row, metric_of
from modelkeep.tracking.run_search import PARENT_TAG, SearchRuns, find_runs

_MOST_KEYS = 200
_FIRST: sa.ColumnElement[int] = sa.literal_column("1")
_LENGTH: sa.ColumnElement[int] = sa.literal_column("200")

_r, _l, _t = runs.c, latest_metrics.c, run_tags.c
_LISTED = one_of("rows", numbers=True)
_INFO = Query(sa.select(_r.id, *INFO_COLUMNS).select_from(RUNS).where(_r.id.in_(_LISTED)))
_METRICS = Query(
    sa.select(_l.run_id, metric_keys.c.name, _l.value, _l.is_nan, _l.timestamp, _l.step)
    .join_from(latest_metrics, metric_keys, metric_keys.c.id == _l.key_id)
    .where(
        _l.run_id.in_(_LISTED),
        _l.key_id.in_(sa.select(metric_keys.c.id).where(metric_keys.c.name.in_(one_of("keys")))),
    )
)
_PARAMS, _TAGS = (
    Query(
        sa.select(table.c.run_id, table.c.key, table.c.value).where(
            table.c.run_id.in_(_LISTED), table.c.key.in_(one_of("keys"))
        )
    )
    for table in (params, run_tags)
)
_PARENT = sa.func.substr(_t.value, _FIRST, _LENGTH)
_CHILDREN = {
    view: Query(
        sa.select(_PARENT, sa.func.count())
        .join_from(run_tags, runs, _r.id == _t.run_id)
        .where(
            _t.key == PARENT_TAG,
            _PARENT.in_(one_of("parents")),
            _r.workspace_id == sa.bindparam("workspace"),
            in_view(_r.lifecycle_stage, view),
        )
        .group_by(_PARENT)
    )
    for view in ViewType
}


class SearchRunTable(SearchRuns, kw_only=True):
    """A search of runs, and the keys of the metrics, params and tags to answer of each, up to 200 of a kind."""

    metric_keys: list[str] | None = None
    param_keys: list[str] | None = None
    tag_keys: list[str] | None = None
    outermost: Annotated[
        bool,
        msgspec.Meta(description="Leave out runs nested in another of their experiment that the view answers."),
    ] = False


class TableRun(msgspec.Struct):
    """A run with what was asked for of it. `children` counts the runs nested in it that the view answers."""

    info: RunInfo
    metrics: list[Metric]
    params: list[Param]
    tags: list[Tag]
    parent_run_id: str
    children: int


class RunTable(msgspec.Struct):
    """One page of runs. `next_page_token` is absent on the last."""

    runs: list[TableRun]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


@operation("runs/table", verb="POST", needs=Permission.READ, on=VISIBLE, reach=Reach.WORKSPACE, scans=True)
def search_run_table(tx: Transaction, scope: Scope, request: SearchRunTable) -> RunTable:
    """Search runs as MLflow's operation does, and answer of each what a table shows. Neither dialect has it."""
    for field in ("metric_keys", "param_keys", "tag_keys"):
        given = len(getattr(request, field) or ())
        if given > _MOST_KEYS:
            raise invalid_parameter(field, f"{given} keys were given, at most {_MOST_KEYS} are allowed.")
    page = find_runs(tx, scope, request, outermost=request.outermost)
    found = _load(tx, [row[0] for row in page.rows], request)
    _count_children(tx, scope, found, request.run_view_type)
    return RunTable(found, page.next_page_token or msgspec.UNSET)


def _load(tx: Transaction, rows: list[int], request: SearchRunTable) -> list[TableRun]:
    listed = json_array(rows)
    infos = {row[0]: info_from_row(row[1:]) for row in tx.all(_INFO, rows=listed)} if rows else {}
    found = {row: TableRun(infos[row], [], [], [], "", 0) for row in rows}
    if rows and request.metric_keys:
        for row, *metric in tx.all(_METRICS, rows=listed, keys=json_array(request.metric_keys)):
            found[row].metrics.append(metric_of(tuple(metric)))
    if rows and request.param_keys:
        for row, key, value in tx.all(_PARAMS, rows=listed, keys=json_array(request.param_keys)):
            found[row].params.append(Param(key, value))
    if rows:
        wanted = request.tag_keys or []
        for row, key, value in tx.all(_TAGS, rows=listed, keys=json_array([*wanted, PARENT_TAG])):
            if key in wanted:
                found[row].tags.append(Tag(key, value))
            if key == PARENT_TAG:
                found[row].parent_run_id = value
    return list(found.values())


def _count_children(tx: Transaction, scope: Scope, found: list[TableRun], view: ViewType) -> None:
    parents = json_array([run.info.run_id for run in found])
    rows = tx.all(_CHILDREN[view], parents=parents, workspace=scope.home) if found else []
    counted = {row[0]: row[1] for row in rows}
    for run in found:
        run.children = counted.get(run.info.run_id, 0)
