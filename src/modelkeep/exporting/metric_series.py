"""The history of metrics of a workspace, run by run in the order of their ids."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from math import isinf
from operator import itemgetter

import sqlalchemy as sa

from modelkeep.exporting.paging import Owned, pages
from modelkeep.importing.archive_format import Series
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import metric_keys, metrics, recent_metrics, runs
from modelkeep.storage.transaction import Row, Transaction

_RUNS_AT_ONCE = 200
_POINTS_AT_ONCE = 20_000
_LONGEST = 5_000
"""Points of one series, which is one line."""
_MOST_NAMES = 100_000
_KEYS = ("key_id", "timestamp", "step", "value", "is_nan")
_r, _k = runs.c, metric_keys.c


def _points_of(table: sa.Table) -> Owned:
    columns = [table.c[key] for key in _KEYS]
    after = [sa.bindparam(key, type_=table.c[key].type) for key in _KEYS]
    row = sa.select(table.c.run_id, *columns)
    further = sa.tuple_(*columns) > sa.tuple_(*after)
    return Owned(
        Query(row.where(table.c.run_id.in_(one_of("owners", numbers=True))).limit(_POINTS_AT_ONCE + 1)),
        Query(
            row.where(table.c.run_id == sa.bindparam("owner"), further).order_by(*columns).limit(_POINTS_AT_ONCE),
        ),
        _KEYS,
        (-1, 0, 0, 0.0, 0),
        _POINTS_AT_ONCE,
    )


_PLACED = _points_of(metrics)
_f = recent_metrics.c
_PUT_ASIDE = Query(
    sa.select(_f.run_id, *(_f[key] for key in _KEYS))
    .where(
        _f.run_id == sa.bindparam("owner"),
        # A point that is in both places counts once.
        ~sa.exists().where(metrics.c.run_id == _f.run_id, *(metrics.c[key] == _f[key] for key in _KEYS)),
    )
    .order_by(*(_f[key] for key in _KEYS))
)
_RUNS = Query(
    sa.select(_r.key, _r.id, _r.recent_points)
    .where(_r.workspace_id == sa.bindparam("workspace"), _r.key > sa.bindparam("after", type_=_r.key.type))
    .order_by(_r.key)
    .limit(_RUNS_AT_ONCE)
)
_NAMES = Query(sa.select(_k.id, _k.name).where(_k.id.in_(one_of("numbers", numbers=True))))


class _Names:
    """Names of metrics by number, those that were met."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._known: dict[int, str] = {}

    def of(self, rows: Iterable[Row]) -> dict[int, str]:
        """The names of the metrics in these rows, and perhaps others."""
        met = {row[1] for row in rows}
        if unknown := met - self._known.keys():
            if len(self._known) > _MOST_NAMES:
                self._known.clear()
                unknown = met
            self._known.update(self._tx.all(_NAMES, numbers=json_array(sorted(unknown))))
        return self._known


def series(tx: Transaction, workspace: int) -> Iterator[list[Series]]:
    """All points, a page of rows at a time. Those of a run come together."""
    names = _Names(tx)
    for page in pages(tx, _RUNS, "", itemgetter(0), workspace=workspace):
        keys = {row: key for key, row, _ in page}
        together: list[int] = []
        for _, row, recent in page:
            if not recent:
                together.append(row)
                continue
            # What was put aside comes after the rest of its run, and before the next.
            yield from _series_of(names, keys, _PLACED.read(tx, together))
            together = []
            yield from _series_of(names, keys, _PLACED.read(tx, [row]))
            yield from _series_of(names, keys, [tx.all(_PUT_ASIDE, owner=row)])
        yield from _series_of(names, keys, _PLACED.read(tx, together))


def _series_of(names: _Names, runs_by_row: dict[int, str], found: Iterable[list[Row]]) -> Iterator[list[Series]]:
    for rows in found:
        known = names.of(rows)
        yield [
            _made(runs_by_row[run], known[key], part)
            for (run, key), same in groupby(rows, key=itemgetter(0, 1))
            for part in _parts(list(same))
        ]


def _parts(points: list[Row]) -> Iterator[list[Row]]:
    for start in range(0, len(points), _LONGEST):
        yield points[start : start + _LONGEST]


def _made(run: str, key: str, points: list[Row]) -> Series:
    _, _, timestamps, steps, values, are_nan = zip(*points, strict=True)
    return Series(run, key, list(timestamps), list(steps), list(map(_value, values, are_nan)))


def _value(value: float, is_nan: int) -> float | str:
    if is_nan:
        return "nan"
    return str(value) if isinf(value) else value
