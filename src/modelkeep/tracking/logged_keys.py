"""Which metrics, params and tags the runs of an experiment have: what a table can be given as columns."""

from enum import Enum
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa

from modelkeep.core.fields import page_size
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.search.page import check_max_results
from modelkeep.storage.expressions import ilike
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiments, latest_metrics, metric_keys, params, run_tags, runs
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.experiment_ids import experiment_number
from modelkeep.tracking.guards import EXPERIMENT

_LOOKED_AT = 1_000
_MOST = 1_000

_r, _e, _l = runs.c, experiments.c, latest_metrics.c
_EXPERIMENT = (
    sa.select(_e.id)
    .where(_e.workspace_id == sa.bindparam("workspace"), _e.number == sa.bindparam("experiment"))
    .scalar_subquery()
)
_PATTERN = sa.bindparam("pattern", type_=sa.Text)
_LIMIT = sa.bindparam("most", type_=sa.Integer)
_NEWEST = (
    sa.select(_r.id)
    .where(_r.experiment_id == _EXPERIMENT)
    .order_by(_r.start_time.desc(), _r.key)
    .limit(sa.literal_column(str(_LOOKED_AT)))
    .subquery()
)


def _pairs(table: sa.Table) -> Query:
    keys = table.c.key
    return Query(
        sa.select(keys)
        .distinct()
        .where(table.c.run_id.in_(sa.select(_NEWEST.c.id)), ilike(keys, _PATTERN))
        .order_by(keys)
        .limit(_LIMIT)
    )


_NAMES: sa.Column[Any] = metric_keys.c.name
_QUERIES = {
    "metrics": Query(
        sa.select(_NAMES)
        .where(
            ilike(_NAMES, _PATTERN),
            sa.exists().where(_l.experiment_id == _EXPERIMENT, _l.key_id == metric_keys.c.id),
        )
        .order_by(_NAMES)
        .limit(_LIMIT)
    ),
    "params": _pairs(params),
    "tags": _pairs(run_tags),
}


class KeyKind(Enum):
    """What keys are of."""

    METRICS = "metrics"
    PARAMS = "params"
    TAGS = "tags"


class SearchLoggedKeys(msgspec.Struct):
    """`contains` is a part of the key, blind to case."""

    experiment_id: str
    kind: KeyKind
    contains: str = ""
    max_results: Annotated[int, page_size(1_000)] = 100


class LoggedKeys(msgspec.Struct):
    """Keys in their order. `further` says that there are more than were asked for."""

    keys: list[str]
    further: bool


@operation("runs/keys", needs=Permission.READ, on=EXPERIMENT, reach=Reach.WORKSPACE, scans=True)
def search_logged_keys(tx: Transaction, scope: Scope, request: SearchLoggedKeys) -> LoggedKeys:
    """Search the keys of what runs of an experiment logged. Neither dialect has it.

    Metrics are those of all its runs, params and tags those of its latest 1,000.
    """
    most = check_max_results(request.max_results, _MOST)
    rows = tx.all(
        _QUERIES[request.kind.value],
        workspace=scope.home,
        experiment=experiment_number(request.experiment_id),
        pattern=f"%{request.contains}%",
        most=most + 1,
    )
    return LoggedKeys([row[0] for row in rows[:most]], len(rows) > most)
