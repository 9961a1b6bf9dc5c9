"""Search of registered models."""

from functools import lru_cache
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa

from modelkeep.core.fields import page_size
from modelkeep.core.guard import VISIBLE
from modelkeep.core.operation import operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.sight import Sight, bound_to_caller
from modelkeep.registry.registered_models import (
    COLUMNS,
    RegisteredModel,
    latest_versions_of,
    model_of,
)
from modelkeep.registry.tag_search import split_prompts, tags_attribute
from modelkeep.registry.visible import MODELS, look, seen_here
from modelkeep.search.narrow import narrowest
from modelkeep.search.order import Order, parse_order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.search.space import Attribute, Clause, Condition, Kind, Space, column, is_a_range
from modelkeep.storage.schema import registered_model_aliases, registered_model_tags, registered_models
from modelkeep.storage.transaction import Transaction

_m, _a = registered_models.c, registered_model_aliases.c
_found = registered_models.alias("found").c
_ROWS = sa.select(_found.id).where(_found.platform_id == sa.bindparam("platform", type_=sa.BigInteger))
_MODEL_ID = COLUMNS.index(_m.id)


def _aliased(condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    return sa.exists().where(_a.model_id == _m.id, condition(_a.alias)).correlate(registered_models)


def _with_alias(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    return sa.select(_a.model_id).where(condition(_a.alias)) if is_a_range(clause) else None


_ALIAS = Attribute(Kind.LISTED, _aliased, _with_alias)
_SPACE = Space(
    {
        "attributes": {
            "name": column(_m.name, Kind.LISTED, _ROWS, _found.name),
            "aliases": _ALIAS,
            "alias": _ALIAS,
            "creation_timestamp": column(_m.created_at, Kind.NUMBER, _ROWS, _found.created_at),
            "last_updated_timestamp": column(_m.updated_at, Kind.NUMBER),
        },
        "tags": tags_attribute(registered_model_tags, _m.id),
    }
)
_ORDERS = {
    "name": _m.name,
    "creation_timestamp": _m.created_at,
    "last_updated_timestamp": _m.updated_at,
    "timestamp": _m.updated_at,
}
_DEFAULT_ORDER = (Order("name", _m.name, descending=False),)


class SearchRegisteredModels(msgspec.Struct):
    """A search; `filter` is MLflow's filter language."""

    filter: str | None = None
    max_results: Annotated[int, page_size(1_000)] = 100
    order_by: list[str] | None = None
    page_token: str | None = None
    is_deployment_summary_enabled: Annotated[
        bool, msgspec.Meta(description="Answer `deployment_summary` with each model.")
    ] = False


class RegisteredModelPage(msgspec.Struct):
    """One page of models. `next_page_token` is absent on the last."""

    registered_models: list[RegisteredModel]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


@operation("mlflow/registered-models/search", needs=Permission.READ, on=VISIBLE, scans=True)
def search_registered_models(tx: Transaction, scope: Scope, request: SearchRegisteredModels) -> RegisteredModelPage:
    """Search models, by default in the order of their names.

    The filter compares name, aliases, creation_timestamp, last_updated_timestamp and tags.<key>. Prompts are left
    out unless the filter asks for them.
    """
    text, order_by = request.filter or "", tuple(request.order_by or ())
    found = _SPACE.read(text, scope.limits.filter_length)
    prompts, clauses = split_prompts(found)
    sight, seeing = look(MODELS, tx, scope)
    within = {"platform": scope.platform}
    entered = narrowest(tx, _SPACE, clauses, {**within, **found.values})
    page = fetch_page(
        tx,
        scope,
        lambda further: _search(prompts, clauses, order_by, sight, entered, further),
        within=within,
        values={**found.values, **seeing},
        max_results=check_max_results(request.max_results, scope.limits.registered_models_page),
        page_token=request.page_token or "",
        bound_to=("registered-models", text, *order_by, *bound_to_caller(scope, sees_all=sight is Sight.ALL)),
    )
    latest = latest_versions_of(tx, [row[_MODEL_ID] for row in page.rows])
    models = []
    for row in page.rows:
        model = model_of(row)
        model.latest_versions = latest[row[_MODEL_ID]]
        if not request.is_deployment_summary_enabled:
            model.deployment_summary = msgspec.UNSET
        models.append(model)
    return RegisteredModelPage(models, page.next_page_token or msgspec.UNSET)


@lru_cache(256)
def _search(
    prompts: int,
    clauses: tuple[Clause, ...],
    order_by: tuple[str, ...],
    sight: Sight,
    entered: Clause | None,
    further: bool,
) -> Search:
    owners = _SPACE.owners(entered) if entered else None
    statement = sa.select(*COLUMNS).where(
        *seen_here(MODELS, registered_models, sight, found=owners is not None),
        _m.is_prompt == prompts,
        *_SPACE.conditions(clauses),
    )
    if owners is not None:
        statement = statement.where(_m.id.in_(owners))
    return make_search(statement, parse_order(order_by, _ORDERS, _DEFAULT_ORDER), further=further)
