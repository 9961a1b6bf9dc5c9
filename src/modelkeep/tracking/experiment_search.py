"""Search of experiments."""

from functools import lru_cache
from typing import Annotated

import msgspec
import sqlalchemy as sa

from modelkeep.core.fields import page_size
from modelkeep.core.guard import VISIBLE
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import EXPERIMENT_GRANTS
from modelkeep.identity.sight import Seen, Sight, bound_to_caller
from modelkeep.search.narrow import narrowest
from modelkeep.search.order import Order, parse_order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.search.pairs import pairs_attribute
from modelkeep.search.space import Clause, Kind, Space, column
from modelkeep.storage.expressions import unindexed
from modelkeep.storage.schema import experiment_tags, experiments
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.experiments import COLUMNS, Experiment, from_row
from modelkeep.tracking.lifecycle import ViewType, in_view

_e = experiments.c

_found = experiments.alias("found").c
_HERE = sa.bindparam("workspace", type_=sa.BigInteger)
_ROWS = sa.select(_found.id).where(_found.workspace_id == _HERE)
SEEN = Seen(_e.id, EXPERIMENT_GRANTS.resources(), EXPERIMENT_GRANTS.any(_e.id))
_SPACE = Space(
    {
        "attributes": {
            "name": column(_e.name, Kind.TEXT, _ROWS, _found.name),
            "experiment_id": column(_e.number, Kind.ID, _ROWS, _found.number),
            "creation_time": column(_e.created_at, Kind.NUMBER, _ROWS, _found.created_at),
            "last_update_time": column(_e.updated_at, Kind.NUMBER, _ROWS, _found.updated_at),
        },
        "tags": pairs_attribute(experiment_tags, _e.id, Kind.OPTIONAL),
    }
)
_ORDERS = {
    "name": _e.name,
    "experiment_id": _e.number,
    "creation_time": _e.created_at,
    "last_update_time": _e.updated_at,
}
_DEFAULT_ORDER = (
    Order("creation_time", _e.created_at, descending=True),
    Order("experiment_id", _e.number, descending=False),
)
_UNIQUE_ORDER = (Order("experiment_id", _e.number, descending=True),)


class SearchExperiments(msgspec.Struct):
    """A search; `filter` is MLflow's filter language."""

    filter: str | None = None
    view_type: ViewType = ViewType.ACTIVE_ONLY
    max_results: Annotated[int, page_size(50_000)] = 1_000
    order_by: list[str] | None = None
    page_token: str | None = None


class ExperimentPage(msgspec.Struct):
    """One page of experiments. `next_page_token` is absent on the last."""

    experiments: list[Experiment]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


@operation(
    "mlflow/experiments/search", verb="POST", needs=Permission.READ, on=VISIBLE, reach=Reach.WORKSPACE, scans=True
)
@operation("mlflow/experiments/search", needs=Permission.READ, on=VISIBLE, reach=Reach.WORKSPACE, scans=True)
def search_experiments(tx: Transaction, scope: Scope, request: SearchExperiments) -> ExperimentPage:
    """Search experiments, by default the newest first.

    The filter compares name, experiment_id, creation_time, last_update_time and tags.<key>.
    """
    text, order_by = request.filter or "", tuple(request.order_by or ())
    found = _SPACE.read(text, scope.limits.filter_length)
    view = request.view_type
    within = {"workspace": scope.home}
    sees_all = scope.access.on_workspace(scope.home) > 0
    sight, seeing = SEEN.look(tx, scope, sees_all=sees_all)
    entered = narrowest(tx, _SPACE, found.clauses, {**within, **found.values})
    page = fetch_page(
        tx,
        scope,
        lambda further: _search(found.clauses, order_by, view, sight, entered, further),
        within=within,
        values={**found.values, **seeing},
        max_results=check_max_results(request.max_results, scope.limits.experiments_page),
        page_token=request.page_token or "",
        bound_to=("experiments", text, view.value, *order_by, *bound_to_caller(scope, sees_all=sees_all)),
    )
    return ExperimentPage([from_row(row) for row in page.rows], page.next_page_token or msgspec.UNSET)


@lru_cache(256)
def _search(
    clauses: tuple[Clause, ...],
    order_by: tuple[str, ...],
    view: ViewType,
    sight: Sight,
    entered: Clause | None,
    further: bool,
) -> Search:
    owners = _SPACE.owners(entered) if entered else None
    found = owners is not None or sight is Sight.FEW
    statement = sa.select(*COLUMNS).where(
        (unindexed(_e.workspace_id) if found else _e.workspace_id) == _HERE,
        SEEN.condition(sight),
        in_view(_e.lifecycle_stage, view),
        *_SPACE.conditions(clauses),
    )
    if owners is not None:
        statement = statement.where(_e.id.in_(owners))
    orders = parse_order(order_by, _ORDERS, _UNIQUE_ORDER if order_by else _DEFAULT_ORDER)
    return make_search(statement, orders, further=further)
