"""Aliases: names that a registered model gives its versions, each to one at a time."""

import sqlalchemy as sa

from modelkeep.core.errors import alias_not_found, model_version_not_found, no_latest_version
from modelkeep.core.operation import Empty, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.events import Event, announce
from modelkeep.registry.guards import MODEL
from modelkeep.registry.model_versions import ModelVersionAnswer, load_aliased_version, load_model_version
from modelkeep.registry.registered_models import (
    NamedModel,
    load_registered_model,
    locate_registered_model,
    touch_registered_model,
)
from modelkeep.registry.rules import check_alias, check_model_name, check_new_alias, version_number
from modelkeep.storage.errors import ForeignKeyViolation
from modelkeep.storage.query import Query
from modelkeep.storage.schema import model_versions, registered_model_aliases, registered_models
from modelkeep.storage.transaction import Transaction

_a, _m, _v = registered_model_aliases.c, registered_models.c, model_versions.c
_ONE = (_a.model_id == sa.bindparam("model"), _a.alias == sa.bindparam("name"))
_PRESENT = Query(sa.select(_a.version).where(*_ONE))
_DELETE = Query(sa.delete(registered_model_aliases).where(*_ONE))
_INSERT = Query(
    sa.insert(registered_model_aliases).values(
        model_id=sa.bindparam("model"), alias=sa.bindparam("name"), version=sa.bindparam("number")
    )
)
_TOUCH_VERSION = Query(
    sa.update(model_versions)
    .where(_v.model_id == sa.bindparam("model"), _v.version == sa.bindparam("number"))
    .values(revision=_v.revision + 1)
)


class NamedAlias(NamedModel):
    """An alias of a model."""

    alias: str


class SetAlias(NamedAlias):
    """An alias and the version that it is to name."""

    version: str


@operation("mlflow/registered-models/alias", verb="POST", writes=True, needs=Permission.MANAGE, on=MODEL)
def set_registered_model_alias(tx: Transaction, scope: Scope, request: SetAlias) -> Empty:
    """Let an alias name a version, whichever it named before."""
    check_new_alias(request.alias)
    number = version_number(request.name, request.version)
    model, prompt, watched = locate_registered_model(tx, scope, request.name)
    _clear(tx, model, request.alias)
    try:
        tx.run(_INSERT, model=model, name=request.alias, number=number)
    except ForeignKeyViolation:
        raise model_version_not_found(request.name, number) from None
    tx.run(_TOUCH_VERSION, model=model, number=number)
    touch_registered_model(tx, model)
    if watched:
        event = Event.PROMPT_ALIAS_CREATED if prompt else Event.ALIAS_CREATED
        data = {"name": request.name, "alias": request.alias, "version": str(number)}
        announce(tx, scope, event, model, data)
    return Empty()


@operation("mlflow/registered-models/alias", verb="DELETE", writes=True, needs=Permission.MANAGE, on=MODEL)
def delete_registered_model_alias(tx: Transaction, scope: Scope, request: NamedAlias) -> Empty:
    """Delete an alias. One that is not there is no error, as in MLflow."""
    check_alias(request.alias)
    model, prompt, watched = locate_registered_model(tx, scope, request.name)
    if _clear(tx, model, request.alias):
        touch_registered_model(tx, model)
        if watched:
            event = Event.PROMPT_ALIAS_DELETED if prompt else Event.ALIAS_DELETED
            announce(tx, scope, event, model, {"name": request.name, "alias": request.alias})
    return Empty()


@operation("mlflow/registered-models/alias", needs=Permission.READ, on=MODEL)
def get_model_version_by_alias(tx: Transaction, scope: Scope, request: NamedAlias) -> ModelVersionAnswer:
    """Get the version that an alias names. `latest` names the newest."""
    check_model_name(request.name, scope.limits)
    check_alias(request.alias)
    version = load_aliased_version(tx, scope, request.name, request.alias)
    if version is not None:
        return ModelVersionAnswer(version)
    model = load_registered_model(tx, scope, request.name)
    if request.alias.lower() != "latest":
        raise alias_not_found(request.name, request.alias)
    newest = max((int(version.version) for version in model.latest_versions), default=None)
    if newest is None:
        raise no_latest_version(request.name)
    return ModelVersionAnswer(load_model_version(tx, scope, request.name, newest))


def _clear(tx: Transaction, model: int, alias: str) -> bool:
    """Take an alias from the version that has it; whether one had it."""
    present = tx.one(_PRESENT, model=model, name=alias)
    if present is not None:
        tx.run(_DELETE, model=model, name=alias)
        tx.run(_TOUCH_VERSION, model=model, number=present[0])
    return present is not None
