"""How points of metrics are kept: the history of each metric in one place, and its latest value beside.

A batch of a hundred metrics would change a hundred places of the history, a page each, for a hundred small rows. So
batches are put down as they come (`recent_metrics`), and moved to their places once a run has some thousands. A point
is a row of key id, timestamp, step, value and whether it is NaN.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert

from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.query import Query
from modelkeep.storage.schema import latest_metrics, metric_keys, metrics, recent_metrics, runs
from modelkeep.storage.transaction import Transaction

Point = tuple[int, int, int, float, int]

# Fewer metrics than this are put in their places at once, which costs no more than putting them aside.
_FEW_KEYS = 8
_MOST_RECENT = 4_096
# Runs that log in step would all be moved in the same moment, so each has a number of points of its own.
_APART = 1_277
_LEAST_RECENT = 2_048

_COLUMNS = ("run_id", "key_id", "timestamp", "step", "value", "is_nan")
# A point sent twice is kept once: what is logged again after a lost answer does no harm.
_PLACE = BulkInsert(metrics, _COLUMNS, ignore_known)
_PUT_ASIDE = BulkInsert(recent_metrics, _COLUMNS, ignore_known)
_COUNT = Query(
    sa.update(runs)
    .where(runs.c.id == sa.bindparam("run"))
    .values(recent_points=runs.c.recent_points + sa.bindparam("more", type_=sa.BigInteger))
    .returning(runs.c.recent_points)
)
_RECENT = sa.select(*(recent_metrics.c[column] for column in _COLUMNS)).where(
    recent_metrics.c.run_id == sa.bindparam("run")
)
_MOVE = Query(
    ignore_known(
        Insert(metrics).from_select(_COLUMNS, _RECENT.order_by(*(recent_metrics.c[column] for column in _COLUMNS)))
    )
)
_RECENT_POINTS = Query(sa.select(runs.c.recent_points).where(runs.c.id == sa.bindparam("run")))
_FORGET = Query(sa.delete(recent_metrics).where(recent_metrics.c.run_id == sa.bindparam("run")))

_KEY = sa.select(metric_keys.c.id).where(metric_keys.c.name == sa.bindparam("key")).scalar_subquery()


def _over_older(statement: Insert) -> Insert:
    """The latest value is that of the highest step, then of the latest time, then the largest."""
    new, old = statement.excluded, latest_metrics.c
    return statement.on_conflict_do_update(
        index_elements=["run_id", "key_id"],
        set_={column: new[column] for column in ("timestamp", "step", "value", "is_nan")},
        where=sa.tuple_(new.step, new.timestamp, new.value) > sa.tuple_(old.step, old.timestamp, old.value),
    )


LATEST = BulkInsert(
    latest_metrics,
    ("run_id", "key_id", "experiment_id", "timestamp", "step", "value", "is_nan"),
    _over_older,
)


def keep_history(tx: Transaction, run: int, points: Sequence[Point]) -> None:
    """Keep points of a run, in the order of their keys."""
    rows = [(run, *point) for point in points]
    if len(rows) < _FEW_KEYS or points[0][0] == points[-1][0]:
        tx.insert(_PLACE, rows)
        return
    tx.insert(_PUT_ASIDE, rows)
    counted = tx.one(_COUNT, run=run, more=len(rows))
    if counted and counted[0] >= _MOST_RECENT - run * _APART % (_MOST_RECENT - _LEAST_RECENT):
        tx.run(_MOVE, run=run)
        tx.run(_FORGET, run=run)
        tx.one(_COUNT, run=run, more=-counted[0])


def keep_latest(tx: Transaction, run: int, experiment: int, points: Sequence[Point]) -> None:
    """Note the latest value of each metric, of points in the order of their keys."""
    rows = [
        (run, key, experiment, timestamp, step, value, is_nan)
        for key, timestamp, step, value, is_nan in _newest(points)
    ]
    tx.insert(LATEST, rows)


def _newest(points: Sequence[Point]) -> Sequence[Point]:
    if len({point[0] for point in points}) == len(points):
        return points
    newest: dict[int, Point] = {}
    for point in points:
        key, timestamp, step, value, _ = point
        known = newest.get(key)
        if known is None or (step, timestamp, value) > (known[2], known[1], known[3]):
            newest[key] = point
    return list(newest.values())


def has_put_aside(tx: Transaction, run: int) -> bool:
    """Whether points of a run may be elsewhere than in their places."""
    row = tx.one(_RECENT_POINTS, run=run)
    return row is not None and row[0] > 0


def placed_points_of_run() -> sa.Subquery:
    """The points of one metric of a run that has put none aside. Parameters: `row`, and `key`, the name."""
    return _of_metric(metrics).subquery()


def points_of_run() -> sa.Subquery:
    """The points of one metric of one run wherever they are, each once. Parameters as above."""
    put_aside = recent_metrics.alias()
    placed = sa.exists().where(*(metrics.c[column] == put_aside.c[column] for column in _COLUMNS))
    return sa.union_all(_of_metric(metrics), _of_metric(put_aside).where(~placed)).subquery()


def _of_metric(table: sa.FromClause) -> sa.Select[Any]:
    return sa.select(table.c.timestamp, table.c.step, table.c.value, table.c.is_nan).where(
        table.c.run_id == sa.bindparam("row"), table.c.key_id == _KEY
    )
