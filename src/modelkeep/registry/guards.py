"""Where permission is asked in the registry: on a registered model, a platform, a workspace."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from modelkeep.core.errors import (
    ApiError,
    ErrorKind,
    missing_parameter,
    model_version_not_found,
    registered_model_not_found,
    workspace_not_found,
)
from modelkeep.core.guard import Held
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.access import load_access
from modelkeep.identity.grants import MODEL_GRANTS, caller_ids
from modelkeep.registry.rules import version_number
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, registered_models, workspaces
from modelkeep.storage.transaction import Transaction

_m, _p, _w = registered_models.c, platforms.c, workspaces.c
_MODEL = Query(
    sa.select(_m.workspace_id, MODEL_GRANTS.held(_m.id)).where(
        _m.platform_id == sa.bindparam("platform"), _m.name == sa.bindparam("name")
    )
)
_PLATFORM = Query(sa.select(_p.id).where(_p.key == sa.bindparam("name")))
_WORKSPACE = Query(sa.select(_w.id).where(_w.platform_id == sa.bindparam("platform"), _w.key == sa.bindparam("name")))


def level_on_model(tx: Transaction, scope: Scope, name: str) -> int | None:
    """What the caller has on a registered model, by grants on it or on where it was created; None where it is not."""
    row = tx.one(_MODEL, platform=scope.platform, name=name, **caller_ids(scope))
    return None if row is None else max(row[1], scope.access.on_workspace(row[0]))


def platform_not_named(name: str) -> ApiError:
    """MLflow's words for a workspace, which is a platform here, that is not there."""
    return ApiError(ErrorKind.NOT_FOUND, f"Workspace '{name[:80]}' not found")


@dataclass(frozen=True, slots=True)
class ModelGuard:
    """The registered model that a field of the request names."""

    field: str
    what: str = "registered model"
    personal: bool = False

    def flows(self, scope: Scope) -> int:
        return scope.access.platform

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        missing = self._missing(request)
        level = level_on_model(tx, scope, getattr(request, self.field))
        return Held(level or 0, level is not None, missing)

    def named(self, scope: Scope, request: Any) -> str:
        name, version = getattr(request, self.field), getattr(request, "version", "")
        return f"{name}/{version}" if version else str(name)

    def _missing(self, request: Any) -> ApiError:
        name = getattr(request, self.field)
        return registered_model_not_found(name) if name else missing_parameter(self.field)


class VersionGuard(ModelGuard):
    """The registered model whose version the request names."""

    __slots__ = ()

    def _missing(self, request: Any) -> ApiError:
        name, version = getattr(request, self.field), request.version
        return model_version_not_found(name, version_number(name, version)) if name else missing_parameter(self.field)


@dataclass(frozen=True, slots=True)
class NamedPlatform:
    """The platform that the request names, above all platforms."""

    what: str = "platform"
    personal: bool = False

    def flows(self, scope: Scope) -> int:
        principal = scope.principal
        return Permission.ADMIN if principal.administrator and principal.only_platform is None else 0

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        missing = platform_not_named(request.workspace_name)
        row = tx.one(_PLATFORM, name=request.workspace_name)
        if row is None:
            return Held(0, False, missing)
        access = load_access(tx, scope.principal, row[0])
        return Held(access.platform or int(access.any), True, missing)

    def named(self, scope: Scope, request: Any) -> str:
        return str(request.workspace_name)


@dataclass(frozen=True, slots=True)
class NamedWorkspace:
    """The workspace that the request names, below its platform. It may be seen where anything in it may be.

    Being seen so is READ on the workspace itself, unless it has to be `granted`.
    """

    granted: bool = False
    what: str = "workspace"
    personal: bool = False

    def flows(self, scope: Scope) -> int:
        return scope.access.platform

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        missing = workspace_not_found(scope.tenancy.platform_key if scope.tenancy else "", request.workspace_key)
        row = tx.one(_WORKSPACE, platform=scope.platform, name=request.workspace_key)
        if row is None:
            return Held(0, False, missing)
        level, seen = scope.access.on_workspace(row[0]), scope.access.reaches(row[0])
        if not self.granted:
            level = level or int(seen)
        return Held(level, True, None if seen else missing)

    def named(self, scope: Scope, request: Any) -> str:
        return f"{scope.tenancy.platform_key}/{request.workspace_key}" if scope.tenancy else ""


MODEL = ModelGuard("name")
VERSION = VersionGuard("name")
MODEL_KEY = ModelGuard("registered_model_key")
NAMED_PLATFORM = NamedPlatform()
NAMED_WORKSPACE = NamedWorkspace()
GRANTED_WORKSPACE = NamedWorkspace(granted=True)
