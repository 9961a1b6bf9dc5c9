"""Where permission is asked for roles: on the platform to which a role belongs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.guard import SERVER, Held
from modelkeep.core.scope import Scope
from modelkeep.identity.access import load_access
from modelkeep.identity.principals import Kind
from modelkeep.registry.guards import platform_not_named
from modelkeep.registry.mlflow_resources import read_grant_id
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, principals
from modelkeep.storage.transaction import Transaction

_p = principals.c
_PLATFORM = Query(sa.select(platforms.c.id).where(platforms.c.key == sa.bindparam("name")))
_ROLE = Query(sa.select(_p.platform_id).where(_p.id == sa.bindparam("role"), _p.kind == Kind.ROLE.value))


def role_not_found(role: int) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Role with id={role} not found.")


def role_permission_not_found(number: int) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Role permission with id={number} not found.")


def load_platform(tx: Transaction, key: str) -> int:
    """The row id of a platform; raises 404 in MLflow's words."""
    row = tx.one(_PLATFORM, name=key)
    if row is None:
        raise platform_not_named(key)
    return int(row[0])


def platform_of_role(tx: Transaction, role: int) -> int | None:
    """The row id of the platform to which a role belongs, None for none. Raises 404 for a role that is not there."""
    row = tx.one(_ROLE, role=role)
    if row is None:
        raise role_not_found(role)
    platform: int | None = row[0]
    return platform


@dataclass(frozen=True, slots=True)
class RolesOfPlatform:
    """The platform that `workspace` names; all of them, which are the administrators', where it names none."""

    what: str = "platform"
    personal: bool = False

    def flows(self, scope: Scope) -> int:
        return SERVER.flows(scope)

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        if not request.workspace:
            return Held(self.flows(scope))
        missing = platform_not_named(request.workspace)
        row = tx.one(_PLATFORM, name=request.workspace)
        if row is None:
            return Held(0, False, missing)
        access = load_access(tx, scope.principal, row[0])
        # Whoever sees anything of the platform knows that it is there.
        return Held(access.platform, True, None if access.any else missing)

    def named(self, scope: Scope, request: Any) -> str:
        return str(request.workspace)


@dataclass(frozen=True, slots=True)
class RoleGuard:
    """The platform of the role that the request names, by whichever number."""

    role: Callable[[Any], int]
    missing: Callable[[Any], ApiError]
    what: str = "role"
    personal: bool = False

    def flows(self, scope: Scope) -> int:
        return SERVER.flows(scope)

    def ask(self, tx: Transaction, scope: Scope, request: Any) -> Held:
        row, missing = tx.one(_ROLE, role=self.role(request)), self.missing(request)
        if row is None:
            return Held(0, False, missing)
        level = self.flows(scope) if row[0] is None else load_access(tx, scope.principal, row[0]).platform
        return Held(level, True, missing)

    def named(self, scope: Scope, request: Any) -> str:
        return str(self.role(request))


ROLES_OF_PLATFORM = RolesOfPlatform()
ROLE = RoleGuard(lambda request: int(request.role_id), lambda request: role_not_found(request.role_id))
ROLE_OF_GRANT = RoleGuard(
    lambda request: read_grant_id(request.role_permission_id)[2],
    lambda request: role_permission_not_found(request.role_permission_id),
)
