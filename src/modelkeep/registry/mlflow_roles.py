"""Roles as MLflow's `AuthServiceClient` manages them: those of a platform, which is an MLflow workspace."""

from typing import Any

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.fields import Int64, check_length
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.mlflow_levels import name_of
from modelkeep.identity.principals import Kind, check_name, delete_principal, insert_principal
from modelkeep.registry.mlflow_resources import GrantRow, grants_of
from modelkeep.registry.role_guards import ROLE, ROLES_OF_PLATFORM, load_platform, role_not_found
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.expressions import json_array
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, principals
from modelkeep.storage.transaction import Transaction

_p = principals.c
_MOST = 10_000
_ROLES = (
    sa.select(_p.id, _p.name, platforms.c.key, _p.description)
    .select_from(principals.outerjoin(platforms, platforms.c.id == _p.platform_id))
    .where(_p.kind == Kind.ROLE.value)
)
_GET = Query(_ROLES.where(_p.id == sa.bindparam("role")))
_OF_PLATFORM = Query(_ROLES.where(_p.platform_id == sa.bindparam("platform")).order_by(_p.name).limit(_MOST))
_ALL = Query(_ROLES.order_by(platforms.c.key, _p.name).limit(_MOST))
_UPDATE = Query(
    sa.update(principals)
    .where(_p.id == sa.bindparam("role"))
    .values(
        name=sa.func.coalesce(sa.bindparam("new_name", type_=sa.Text), _p.name),
        description=sa.func.coalesce(sa.bindparam("new_description", type_=sa.Text), _p.description),
        updated_at=sa.bindparam("now"),
        revision=_p.revision + 1,
    )
)


class RolePermission(msgspec.Struct):
    """What a role was granted on one resource."""

    id: int
    role_id: int
    resource_type: str
    resource_pattern: str
    permission: str


class MlflowRole(msgspec.Struct):
    """A role. `workspace` is its platform, "" for one that belongs to none."""

    id: int
    name: str
    workspace: str
    description: str
    permissions: list[RolePermission]


class MlflowRoleAnswer(msgspec.Struct):
    """One role."""

    role: MlflowRole


class MlflowRoleList(msgspec.Struct):
    """Roles, by name."""

    roles: list[MlflowRole]


class MlflowCreateRole(msgspec.Struct):
    """A new role of a workspace."""

    workspace: str
    name: str
    description: str | None = None


@operation(
    "mlflow/roles/create",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=ROLES_OF_PLATFORM,
    reach=Reach.SERVER,
)
def mlflow_create_role(tx: Transaction, scope: Scope, request: MlflowCreateRole) -> MlflowRoleAnswer:
    """Create a role of a workspace, which is a platform here."""
    description = request.description or ""
    check_length("description", description, scope.limits.description_length)
    if not request.workspace:
        raise missing_parameter("workspace")
    platform = load_platform(tx, request.workspace)
    role = insert_principal(tx, scope, Kind.ROLE, request.name, description, platform)
    note_identity_change(tx)
    tx.about(Kind.ROLE.value, str(role), "")
    return MlflowRoleAnswer(load_role(tx, role))


class RoleId(msgspec.Struct):
    """Which role."""

    role_id: Int64


@operation("mlflow/roles/get", needs=Permission.READ, on=ROLE, reach=Reach.SERVER, scans=True)
def mlflow_get_role(tx: Transaction, scope: Scope, request: RoleId) -> MlflowRoleAnswer:
    """Get a role with what it was granted."""
    return MlflowRoleAnswer(load_role(tx, request.role_id))


class MlflowListRoles(msgspec.Struct):
    """Of one workspace, or of all."""

    workspace: str = ""


@operation("mlflow/roles/list", needs=Permission.READ, on=ROLES_OF_PLATFORM, reach=Reach.SERVER, scans=True)
def mlflow_list_roles(tx: Transaction, scope: Scope, request: MlflowListRoles) -> MlflowRoleList:
    """List the roles of a workspace; those of all workspaces for administrators. At most 10,000."""
    if not request.workspace:
        return MlflowRoleList(roles_from(tx, tx.all(_ALL)))
    rows = tx.all(_OF_PLATFORM, platform=load_platform(tx, request.workspace))
    return MlflowRoleList(roles_from(tx, rows))


class MlflowUpdateRole(RoleId):
    """What is absent stays as it is."""

    name: str | None = None
    description: str | None = None


@operation("mlflow/roles/update", verb="PATCH", writes=True, needs=Permission.ADMIN, on=ROLE, reach=Reach.SERVER)
def mlflow_update_role(tx: Transaction, scope: Scope, request: MlflowUpdateRole) -> MlflowRoleAnswer:
    """Change a role's name or description."""
    if request.name is None and request.description is None:
        raise invalid_parameter("name", "at least one of 'name' and 'description' must be given.")
    check_length("description", request.description or "", scope.limits.description_length)
    name = None if request.name is None else check_name(scope, request.name)
    try:
        tx.run(_UPDATE, role=request.role_id, new_name=name, new_description=request.description, now=scope.now)
    except UniqueViolation:
        raise invalid_parameter("name", f"a role '{name}' exists already.") from None
    note_identity_change(tx)
    tx.about(Kind.ROLE.value, str(request.role_id), "")
    return MlflowRoleAnswer(load_role(tx, request.role_id))


@operation("mlflow/roles/delete", verb="DELETE", writes=True, needs=Permission.ADMIN, on=ROLE, reach=Reach.SERVER)
def mlflow_delete_role(tx: Transaction, scope: Scope, request: RoleId) -> Empty:
    """Delete a role with what it was granted. Its members stay."""
    delete_principal(tx, Kind.ROLE, request.role_id)
    note_identity_change(tx)
    return Empty()


def load_role(tx: Transaction, role: int) -> MlflowRole:
    """A role with its permissions."""
    row = tx.one(_GET, role=role)
    if row is None:
        raise role_not_found(role)
    return roles_from(tx, [row])[0]


def roles_from(tx: Transaction, rows: list[Any]) -> list[MlflowRole]:
    """Rows of id, name, platform and description, with what each was granted."""
    found = {row: MlflowRole(row, name, key or "", description, []) for row, name, key, description in rows}
    for grant in grants_of(tx, json_array(list(found))) if found else ():
        found[grant.principal].permissions.append(role_permission(grant))
    return list(found.values())


def role_permission(grant: GrantRow) -> RolePermission:
    return RolePermission(grant.id, grant.principal, grant.resource_type, grant.resource_pattern, name_of(grant.level))
