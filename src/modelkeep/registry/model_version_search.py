"""Search of model versions, over all models of the platform."""

from functools import lru_cache
from typing import Annotated

import msgspec
import sqlalchemy as sa

from modelkeep.core.guard import VISIBLE
from modelkeep.core.operation import operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.sight import Sight, bound_to_caller, sight_parameters
from modelkeep.registry.model_versions import COLUMNS, ModelVersion, versions_from
from modelkeep.registry.tag_search import split_prompts, tags_attribute
from modelkeep.registry.visible import VERSIONS, seen_here, sight_of
from modelkeep.search.order import Order, parse_order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.search.space import Attribute, Clause, Condition, Kind, Space, column
from modelkeep.storage.schema import model_version_tags, model_versions, registered_model_aliases
from modelkeep.storage.transaction import Transaction

_v, _a = model_versions.c, registered_model_aliases.c


def _aliased(condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(_a.model_id == _v.model_id, _a.version == _v.version, condition(_a.alias))
        .correlate(model_versions)
    )


def _of_run(condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    if clause.operator != "=" or not clause.parameter:
        return condition(_v.run_id)
    # The index leaves out versions without a run; the second condition says that it will do.
    return sa.and_(condition(_v.run_id), _v.run_id != sa.literal_column("''"))


_SPACE = Space(
    {
        "attributes": {
            "name": column(_v.name, Kind.LISTED),
            "version_number": column(_v.version, Kind.NUMBER),
            "run_id": Attribute(Kind.LISTED, _of_run),
            "source_path": column(_v.source),
            "aliases": Attribute(Kind.LISTED, _aliased),
            "alias": Attribute(Kind.LISTED, _aliased),
            "current_stage": column(_v.stage, Kind.LISTED),
            "creation_timestamp": column(_v.created_at, Kind.NUMBER),
            "last_updated_timestamp": column(_v.updated_at, Kind.NUMBER),
        },
        "tags": tags_attribute(model_version_tags, _v.model_id, _v.version),
    }
)
_ORDERS = {
    "name": _v.name,
    "version_number": _v.version,
    "creation_timestamp": _v.created_at,
    "last_updated_timestamp": _v.updated_at,
}
_DEFAULT_ORDER = (
    Order("last_updated_timestamp", _v.updated_at, descending=True),
    Order("name", _v.name, descending=False),
    Order("version_number", _v.version, descending=True),
)
_UNIQUE_ORDER = _DEFAULT_ORDER[1:]


class SearchModelVersions(msgspec.Struct):
    """A search; `filter` is MLflow's filter language."""

    filter: str | None = None
    max_results: Annotated[int, msgspec.Meta(description="1 to 200,000.")] = 10_000
    order_by: list[str] | None = None
    page_token: str | None = None


class ModelVersionPage(msgspec.Struct):
    """One page of versions. `next_page_token` is absent on the last."""

    model_versions: list[ModelVersion]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


@operation("mlflow/model-versions/search", needs=Permission.READ, on=VISIBLE, scans=True)
def search_model_versions(tx: Transaction, scope: Scope, request: SearchModelVersions) -> ModelVersionPage:
    """Search versions, by default those changed last first.

    The filter compares name, version_number, run_id, source_path, aliases, current_stage, creation_timestamp,
    last_updated_timestamp and tags.<key>. Prompts are left out unless the filter asks for them.
    """
    text, order_by = request.filter or "", tuple(request.order_by or ())
    found = _SPACE.read(text, scope.limits.filter_length)
    prompts, clauses = split_prompts(found)
    sight = sight_of(VERSIONS, tx, scope)
    page = fetch_page(
        tx,
        scope,
        lambda further: _search(prompts, clauses, order_by, sight, further),
        within={"platform": scope.platform},
        values={**found.values, **sight_parameters(scope)},
        max_results=check_max_results(request.max_results, scope.limits.model_versions_page),
        page_token=request.page_token or "",
        bound_to=("model-versions", text, *order_by, *bound_to_caller(scope, sees_all=sight is Sight.ALL)),
    )
    return ModelVersionPage(versions_from(tx, page.rows), page.next_page_token or msgspec.UNSET)


@lru_cache(256)
def _search(
    prompts: int, clauses: tuple[Clause, ...], order_by: tuple[str, ...], sight: Sight, further: bool
) -> Search:
    orders = parse_order(order_by, _ORDERS, _UNIQUE_ORDER if order_by else _DEFAULT_ORDER)
    statement = sa.select(*COLUMNS).where(
        *seen_here(VERSIONS, model_versions, sight), _v.is_prompt == prompts, *_SPACE.conditions(clauses)
    )
    return make_search(statement, orders, further=further)
