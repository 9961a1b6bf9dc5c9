"""Search of logged models. The ids of a page are found first and its models read then, as it is done for runs."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.guard import VISIBLE
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.search.narrow import narrowest
from modelkeep.search.order import Order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.search.space import Clause
from modelkeep.storage.expressions import json_array, one_of, unindexed
from modelkeep.storage.query import Query
from modelkeep.storage.schema import logged_models
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.in_experiments import experiments_asked, in_experiments
from modelkeep.tracking.lifecycle import ACTIVE
from modelkeep.tracking.logged_model_conditions import measured_on_datasets, space
from modelkeep.tracking.logged_model_order import OrderBy, order_models, read_model_order
from modelkeep.tracking.logged_models import COLUMNS, LOGGED_MODELS, LoggedModel, from_row
from modelkeep.tracking.model_metrics import metrics_of_models

_l = logged_models.c
_MOST_DATASETS = 100
_ROWS = Query(sa.select(*COLUMNS).select_from(LOGGED_MODELS).where(_l.id.in_(one_of("rows", numbers=True))))


class DatasetFilter(msgspec.Struct):
    """A dataset by its name, and one version of it where `dataset_digest` is given."""

    dataset_name: str = ""
    dataset_digest: str | None = None


class SearchLoggedModels(msgspec.Struct):
    """A search; `filter` is MLflow's filter language. Where `datasets` are named, metrics on them alone count."""

    experiment_ids: list[str]
    filter: str | None = None
    datasets: list[DatasetFilter] | None = None
    max_results: Annotated[int, msgspec.Meta(description="1 to 50,000.")] = 50
    order_by: list[OrderBy] | None = None
    page_token: str | None = None


class LoggedModelPage(msgspec.Struct):
    """One page of logged models. `next_page_token` is absent on the last."""

    models: list[LoggedModel]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


class _Shape(NamedTuple):
    """All of a search but its values: searches alike in it are one statement."""

    clauses: tuple[Clause, ...]
    with_digest: tuple[bool, ...]
    order: tuple[Any, ...]
    one: bool
    entered: Clause | None


@operation(
    "mlflow/logged-models/search", verb="POST", needs=Permission.READ, on=VISIBLE, reach=Reach.WORKSPACE, scans=True
)
def search_logged_models(tx: Transaction, scope: Scope, request: SearchLoggedModels) -> LoggedModelPage:
    """Search logged models of experiments, by default the newest first.

    The filter compares name, model_id, model_type, status, source_run_id, creation_timestamp,
    last_updated_timestamp, metrics.<key>, params.<key> and tags.<key>.
    """
    text = request.filter or ""
    datasets = request.datasets or []
    named = _named(datasets)
    with_digest = tuple(bool(dataset.dataset_digest) for dataset in datasets)
    found = space(with_digest).read(text, scope.limits.filter_length)
    within, sight, one, caller = experiments_asked(scope, request.experiment_ids)
    order, ordered = read_model_order(request.order_by or [])
    values = {**found.values, **named, **ordered, **sight}
    entered = narrowest(tx, space(with_digest), found.clauses, {**within, **values})
    shape = _Shape(found.clauses, with_digest, order, one, entered)
    page = fetch_page(
        tx,
        scope,
        lambda further: _search(shape, further),
        within=within,
        values=values,
        max_results=check_max_results(request.max_results, scope.limits.logged_models_page),
        page_token=request.page_token or "",
        bound_to=("logged-models", text, repr(datasets), repr(request.order_by), *caller),
    )
    return LoggedModelPage(_load(tx, [row[0] for row in page.rows]), page.next_page_token or msgspec.UNSET)


def _named(datasets: Sequence[DatasetFilter]) -> dict[str, str]:
    """The parameters of `on_datasets`."""
    if len(datasets) > _MOST_DATASETS:
        raise invalid_parameter("datasets", f"{len(datasets)} were named, at most {_MOST_DATASETS} are allowed.")
    named: dict[str, str] = {}
    for place, dataset in enumerate(datasets):
        if not dataset.dataset_name:
            raise missing_parameter(f"datasets[{place}].dataset_name")
        named[f"dataset_{place}_name"] = dataset.dataset_name
        named[f"dataset_{place}_digest"] = dataset.dataset_digest or ""
    return named


def _load(tx: Transaction, rows: Sequence[int]) -> list[LoggedModel]:
    if not rows:
        return []
    metrics = metrics_of_models(tx, rows)
    found = {row[0]: row for row in tx.all(_ROWS, rows=json_array(rows))}
    return [from_row(found[row], metrics[row]) for row in rows]


@lru_cache(256)
def _search(shape: _Shape, further: bool) -> Search:
    clauses, with_digest, order, one, entered = shape
    here = space(with_digest)
    conditions = [_l.lifecycle_stage == ACTIVE]
    if entered is None:
        conditions.append(in_experiments(_l.experiment_id, one=one))
    else:
        owners: Any = here.owners(entered)
        conditions += [in_experiments(unindexed(_l.experiment_id), one=one), _l.id.in_(owners)]
    conditions += here.conditions(clauses)
    if with_digest and not any(clause.entity == "metrics" for clause in clauses):
        conditions.append(measured_on_datasets(with_digest))
    orders: list[Order]
    orders, tables = order_models(order)
    source: sa.FromClause = logged_models
    for table, matches in tables:
        source = sa.outerjoin(source, table, matches)
    return make_search(sa.select(_l.id).select_from(source).where(*conditions), orders, further=further)
