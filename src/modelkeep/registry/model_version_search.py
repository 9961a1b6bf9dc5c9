"""Search of model versions, over all models of the platform."""

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
from modelkeep.registry.model_versions import COLUMNS, ModelVersion, versions_from
from modelkeep.registry.tag_search import split_prompts, tags_attribute
from modelkeep.registry.visible import VERSIONS, look, seen_here
from modelkeep.search.narrow import narrowest
from modelkeep.search.order import Order, parse_order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.search.pairs import value_begins
from modelkeep.search.space import Attribute, Clause, Condition, Kind, Space, column, is_a_range
from modelkeep.storage.schema import (
    model_version_tags,
    model_versions,
    registered_model_aliases,
    registered_models,
)
from modelkeep.storage.transaction import Transaction

_v, _m, _a = model_versions.c, registered_models.c, registered_model_aliases.c
_PLATFORM = sa.bindparam("platform", type_=sa.BigInteger)
# The versions and models that an index finds, beside those that are searched.
_found, _named = model_versions.alias("found").c, registered_models.alias("named").c
_ROWS = sa.select(_found.model_id, _found.version).where(_found.platform_id == _PLATFORM)
_MODELS = sa.select(_named.id).where(_named.platform_id == _PLATFORM)
_NOT_STAGED = "None"


def _of_models(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    """The versions of models with such names; of one model they have an order of their own."""
    if clause.operator == "=" or not is_a_range(clause):
        return None
    return sa.select(_found.model_id, _found.version).where(_found.model_id.in_(_MODELS.where(condition(_named.name))))


def _of_name(condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    if clause.operator != "=":
        return condition(_v.name)
    return sa.and_(condition(_v.name), _v.model_id == _MODELS.where(condition(_named.name)).scalar_subquery())


def _with_alias(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    return sa.select(_a.model_id, _a.version).where(condition(_a.alias)) if is_a_range(clause) else None


def _staged(stage: Any, condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    if clause.operator != "=" or not clause.parameter:
        return condition(stage)
    # The index leaves out versions without a stage; the second condition says that it will do.
    return sa.and_(condition(stage), stage != sa.literal_column(f"'{_NOT_STAGED}'"))


def _in_stage(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    indexed = clause.operator == "=" and clause.parameter
    return _ROWS.where(_staged(_found.stage, condition, clause)) if indexed else None


def _from_source(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    begins = value_begins(_found.source, clause)
    return None if begins is None else _ROWS.where(begins)


def _runs_versions(condition: Condition, clause: Clause) -> "sa.Select[Any] | None":
    indexed = clause.operator == "=" and clause.parameter
    return _ROWS.where(_ran(_found.run_id, condition, clause)) if indexed else None


def _aliased(condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(_a.model_id == _v.model_id, _a.version == _v.version, condition(_a.alias))
        .correlate(model_versions)
    )


def _ran(run_id: Any, condition: Condition, clause: Clause) -> sa.ColumnElement[bool]:
    if clause.operator != "=" or not clause.parameter:
        return condition(run_id)
    # The index leaves out versions without a run.
    return sa.and_(condition(run_id), run_id != sa.literal_column("''"))


_ALIAS = Attribute(Kind.LISTED, _aliased, _with_alias)
_SPACE = Space(
    {
        "attributes": {
            "name": Attribute(Kind.LISTED, _of_name, _of_models),
            "version_number": column(_v.version, Kind.NUMBER, _ROWS, _found.version),
            "run_id": Attribute(
                Kind.LISTED, lambda condition, clause: _ran(_v.run_id, condition, clause), _runs_versions
            ),
            "source_path": Attribute(Kind.TEXT, lambda condition, clause: condition(_v.source), _from_source),
            "aliases": _ALIAS,
            "alias": _ALIAS,
            "current_stage": Attribute(
                Kind.LISTED,
                lambda condition, clause: _staged(_v.stage, condition, clause),
                _in_stage,
                common=_NOT_STAGED,
            ),
            "creation_timestamp": column(_v.created_at, Kind.NUMBER, _ROWS, _found.created_at),
            "last_updated_timestamp": column(_v.updated_at, Kind.NUMBER, _ROWS, _found.updated_at),
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
    max_results: Annotated[int, page_size(200_000)] = 10_000
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
    sight, seeing = look(VERSIONS, tx, scope)
    within = {"platform": scope.platform}
    entered = narrowest(tx, _SPACE, clauses, {**within, **found.values})
    page = fetch_page(
        tx,
        scope,
        lambda further: _search(prompts, clauses, order_by, sight, entered, further),
        within=within,
        values={**found.values, **seeing},
        max_results=check_max_results(request.max_results, scope.limits.model_versions_page),
        page_token=request.page_token or "",
        bound_to=("model-versions", text, *order_by, *bound_to_caller(scope, sees_all=sight is Sight.ALL)),
    )
    return ModelVersionPage(versions_from(tx, page.rows), page.next_page_token or msgspec.UNSET)


@lru_cache(256)
def _search(
    prompts: int,
    clauses: tuple[Clause, ...],
    order_by: tuple[str, ...],
    sight: Sight,
    entered: Clause | None,
    further: bool,
) -> Search:
    orders = parse_order(order_by, _ORDERS, _UNIQUE_ORDER if order_by else _DEFAULT_ORDER)
    conditions = [_v.is_prompt == prompts, *_SPACE.conditions(clauses)]
    source: sa.FromClause = model_versions
    owners = _SPACE.owners(entered) if entered else None
    of_one_model = any((clause.key, clause.operator) == ("name", "=") for clause in clauses)
    by_name = orders[0].column is _v.name and owners is None and not of_one_model
    if owners is not None:
        conditions.append(sa.tuple_(_v.model_id, _v.version).in_(owners))
    elif by_name:
        # The order of names is that of the models, and each model's versions are together.
        source = sa.join(registered_models, model_versions, _v.model_id == _m.id)
        conditions.append(_m.platform_id == _PLATFORM)
        orders[0] = orders[0]._replace(column=_m.name)
    here = seen_here(VERSIONS, model_versions, sight, found=owners is not None or of_one_model or by_name)
    return make_search(sa.select(*COLUMNS).select_from(source).where(*here, *conditions), orders, further=further)
