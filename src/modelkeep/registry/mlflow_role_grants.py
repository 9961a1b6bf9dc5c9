"""What roles were granted, and who is in them, as MLflow's `AuthServiceClient` manages it."""

from typing import Annotated

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter, not_authorized
from modelkeep.core.fields import Int64
from modelkeep.core.guard import CALLER
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Principal, Scope, Tenancy
from modelkeep.identity.access import load_access
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.mlflow_levels import level_of
from modelkeep.identity.principals import Kind, find_principal, principal_not_found
from modelkeep.registry.mlflow_resources import (
    check_resource,
    grant_id,
    grants_of,
    read_grant_id,
    resource_granted,
)
from modelkeep.registry.mlflow_roles import MlflowRoleList, RoleId, RolePermission, role_permission, roles_from
from modelkeep.registry.mlflow_user_permissions import Username, is_whole_administrator, user_row
from modelkeep.registry.role_guards import ROLE, ROLE_OF_GRANT, platform_of_role, role_permission_not_found
from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.expressions import json_array
from modelkeep.storage.query import Query
from modelkeep.storage.schema import memberships, platforms, principals, workspaces
from modelkeep.storage.transaction import Transaction

_p, _m, _w = principals.c, memberships.c, workspaces.c
_GrantId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_MOST = 10_000
_HOME = Query(
    sa.select(platforms.c.key, _w.id, _w.key)
    .join_from(platforms, workspaces, _w.platform_id == platforms.c.id)
    .where(platforms.c.id == sa.bindparam("platform"), _w.type == "DEFAULT")
)
_JOIN = BulkInsert(memberships, ("group_id", "member_id"), ignore_known)
_LEAVE = Query(sa.delete(memberships).where(_m.group_id == sa.bindparam("role"), _m.member_id == sa.bindparam("user")))
_USERS = Query(
    sa.select(_m.member_id)
    .join_from(memberships, principals, _p.id == _m.member_id)
    .where(_m.group_id == sa.bindparam("role"), _p.kind == "user")
    .order_by(_m.member_id)
    .limit(_MOST)
)
_ROLES_OF_USER = Query(
    sa.select(_p.id, _p.name, platforms.c.key, _p.description, _p.platform_id)
    .select_from(
        memberships.join(principals, _p.id == _m.group_id).outerjoin(platforms, platforms.c.id == _p.platform_id)
    )
    .where(_m.member_id == sa.bindparam("user"), _p.kind == "role")
    .order_by(_p.name)
    .limit(_MOST)
)


class RolePermissionAnswer(msgspec.Struct):
    """One permission of a role."""

    role_permission: RolePermission


class AddRolePermission(RoleId):
    """`resource_pattern` is an experiment's id, the name of a model or prompt, or `*` for the type `workspace`."""

    resource_type: str
    resource_pattern: str
    permission: str


@operation(
    "mlflow/roles/permissions/add", verb="POST", writes=True, needs=Permission.ADMIN, on=ROLE, reach=Reach.SERVER
)
def mlflow_add_role_permission(tx: Transaction, scope: Scope, request: AddRolePermission) -> RolePermissionAnswer:
    """Grant a role a permission on a resource of its workspace."""
    check_resource(request.resource_type, request.resource_pattern, "resource_pattern")
    level = level_of(request.permission)
    inside = _in_platform_of(tx, scope, request.role_id)
    on = resource_granted(tx, inside, request.resource_type, request.resource_pattern)
    if on.grants.level(tx, on.row, request.role_id) is not None:
        raise ApiError(
            ErrorKind.ALREADY_EXISTS,
            f"The role was granted something on the {request.resource_type} {request.resource_pattern!r} already.",
        )
    on.grants.give(tx, scope, on.row, request.role_id, level)
    return _answer(tx, grant_id(on.grants, on.row, request.role_id))


class RolePermissionId(msgspec.Struct):
    """Which permission of which role."""

    role_permission_id: _GrantId


@operation(
    "mlflow/roles/permissions/remove",
    verb="DELETE",
    writes=True,
    needs=Permission.ADMIN,
    on=ROLE_OF_GRANT,
    reach=Reach.SERVER,
)
def mlflow_remove_role_permission(tx: Transaction, scope: Scope, request: RolePermissionId) -> Empty:
    """Take away what a role was granted on a resource."""
    grants, resource, role = read_grant_id(request.role_permission_id)
    if not grants.take(tx, resource, role):
        raise role_permission_not_found(request.role_permission_id)
    tx.about("role_permission", str(request.role_permission_id), "")
    return Empty()


class UpdateRolePermission(RolePermissionId):
    """Which permission of which role, and what it is to be."""

    permission: str


@operation(
    "mlflow/roles/permissions/update",
    verb="PATCH",
    writes=True,
    needs=Permission.ADMIN,
    on=ROLE_OF_GRANT,
    reach=Reach.SERVER,
)
def mlflow_update_role_permission(tx: Transaction, scope: Scope, request: UpdateRolePermission) -> RolePermissionAnswer:
    """Grant a role another permission on a resource."""
    grants, resource, role = read_grant_id(request.role_permission_id)
    level = level_of(request.permission)
    if grants.level(tx, resource, role) is None:
        raise role_permission_not_found(request.role_permission_id)
    grants.give(tx, scope, resource, role, level)
    return _answer(tx, request.role_permission_id)


class RolePermissions(msgspec.Struct):
    """What a role was granted."""

    role_permissions: list[RolePermission]


@operation("mlflow/roles/permissions/list", needs=Permission.READ, on=ROLE, reach=Reach.SERVER, scans=True)
def mlflow_list_role_permissions(tx: Transaction, scope: Scope, request: RoleId) -> RolePermissions:
    """List what a role was granted."""
    return RolePermissions([role_permission(grant) for grant in grants_of(tx, json_array([request.role_id]))])


class RoleOfUser(msgspec.Struct):
    """A user and a role."""

    username: str
    role_id: Int64


class RoleAssignment(msgspec.Struct):
    """That a user is in a role."""

    id: int
    user_id: int
    role_id: int


class RoleAssignmentAnswer(msgspec.Struct):
    """One assignment."""

    assignment: RoleAssignment


@operation("mlflow/roles/assign", verb="POST", writes=True, needs=Permission.ADMIN, on=ROLE, reach=Reach.SERVER)
def mlflow_assign_role(tx: Transaction, scope: Scope, request: RoleOfUser) -> RoleAssignmentAnswer:
    """Put a user into a role; one that is in it already stays."""
    user = user_row(tx, request.username)
    tx.insert(_JOIN, [(request.role_id, user)])
    note_identity_change(tx)
    tx.about("role_assignment", f"{request.role_id}:{request.username}", "")
    return RoleAssignmentAnswer(_assignment(request.role_id, user))


@operation("mlflow/roles/unassign", verb="DELETE", writes=True, needs=Permission.ADMIN, on=ROLE, reach=Reach.SERVER)
def mlflow_unassign_role(tx: Transaction, scope: Scope, request: RoleOfUser) -> Empty:
    """Take a user out of a role."""
    if not tx.run(_LEAVE, role=request.role_id, user=user_row(tx, request.username)):
        raise ApiError(ErrorKind.NOT_FOUND, f"The user '{request.username[:255]}' is not in that role.")
    note_identity_change(tx)
    tx.about("role_assignment", f"{request.role_id}:{request.username}", "")
    return Empty()


class RoleAssignments(msgspec.Struct):
    """Who is in a role."""

    assignments: list[RoleAssignment]


@operation("mlflow/roles/users/list", needs=Permission.READ, on=ROLE, reach=Reach.SERVER, scans=True)
def mlflow_list_role_users(tx: Transaction, scope: Scope, request: RoleId) -> RoleAssignments:
    """List the users of a role, at most 10,000."""
    return RoleAssignments([_assignment(request.role_id, user) for (user,) in tx.all(_USERS, role=request.role_id)])


@operation("mlflow/users/roles/list", needs=Permission.READ, on=CALLER, reach=Reach.SERVER, scans=True)
def mlflow_list_user_roles(tx: Transaction, scope: Scope, request: Username) -> MlflowRoleList:
    """List the roles of a user: oneself; administrators see all of anyone, a platform's ADMIN those of it."""
    principal = scope.principal
    own = request.username == principal.name and bool(principal.ids)
    user = find_principal(tx, Kind.USER, request.username)
    rows = [] if user is None else tx.all(_ROLES_OF_USER, user=user)
    if own or is_whole_administrator(principal):
        if user is None:
            raise principal_not_found(Kind.USER, request.username)
    else:
        rows = [row for row in rows if row[4] and _administers(tx, principal, row[4])]
        if not rows:
            raise not_authorized(principal.name, "see the roles of others", "ADMIN on their platform")
    return MlflowRoleList(roles_from(tx, [row[:4] for row in rows]))


def _administers(tx: Transaction, principal: Principal, platform: int) -> bool:
    return min(load_access(tx, principal, platform).platform, principal.ceiling) >= Permission.ADMIN


def _in_platform_of(tx: Transaction, scope: Scope, role: int) -> Scope:
    """The scope in which a role's resources are named: its platform, and there the default workspace."""
    platform = platform_of_role(tx, role)
    row = None if platform is None else tx.one(_HOME, platform=platform)
    if platform is None or row is None:
        raise invalid_parameter("role_id", "this role belongs to no workspace; grant by 'managePermission'.")
    tenancy = Tenancy(platform, row[0], row[1], row[2])
    return Scope(scope.principal, scope.dialect, scope.now, scope.request_id, scope.limits, b"", tenancy)


def _answer(tx: Transaction, number: int) -> RolePermissionAnswer:
    role = read_grant_id(number)[2]
    tx.about("role_permission", str(number), "")
    found = next((grant for grant in grants_of(tx, json_array([role])) if grant.id == number), None)
    if found is None:
        raise role_permission_not_found(number)
    return RolePermissionAnswer(role_permission(found))


def _assignment(role: int, user: int) -> RoleAssignment:
    return RoleAssignment(role << 31 | user, user, role)
