"""What users were granted, as MLflow's `AuthServiceClient` asks and changes it."""

import msgspec

from modelkeep.core.errors import ApiError, ErrorKind, not_authorized
from modelkeep.core.guard import CALLER
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Principal, Scope
from modelkeep.identity.access import load_access
from modelkeep.identity.lookup import by_name
from modelkeep.identity.mlflow_levels import level_of, name_of
from modelkeep.identity.principals import Kind, find_principal, principal_not_found
from modelkeep.registry.mlflow_resources import RESOURCE, check_resource, grants_of, names_of, resource_granted
from modelkeep.storage.expressions import json_array
from modelkeep.storage.transaction import Transaction


class UserResource(msgspec.Struct):
    """A user and a resource: an experiment by its id, a model or prompt by its name, a workspace as `*`."""

    username: str
    resource_type: str
    resource_id: str


class GrantUserPermission(UserResource):
    """READ and USE see, EDIT changes, MANAGE grants to others as well; NO_PERMISSIONS gives nothing."""

    permission: str


@operation(
    "mlflow/users/permissions/grant",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=RESOURCE,
    reach=Reach.WORKSPACE,
)
def mlflow_grant_user_permission(tx: Transaction, scope: Scope, request: GrantUserPermission) -> Empty:
    """Grant a user a permission on a resource, whatever it was granted before."""
    check_resource(request.resource_type, request.resource_id, "resource_id")
    level = level_of(request.permission)
    on = resource_granted(tx, scope, request.resource_type, request.resource_id)
    on.grants.give(tx, scope, on.row, user_row(tx, request.username), level)
    tx.about("user_permission", f"{request.username}:{request.resource_type}:{request.resource_id}", "")
    return Empty()


@operation(
    "mlflow/users/permissions/revoke",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=RESOURCE,
    reach=Reach.WORKSPACE,
)
def mlflow_revoke_user_permission(tx: Transaction, scope: Scope, request: UserResource) -> Empty:
    """Take away what a user was granted on a resource."""
    check_resource(request.resource_type, request.resource_id, "resource_id")
    on = resource_granted(tx, scope, request.resource_type, request.resource_id)
    if not on.grants.take(tx, on.row, user_row(tx, request.username)):
        raise grant_not_found(request.username, f"{request.resource_type} {request.resource_id}")
    tx.about("user_permission", f"{request.username}:{request.resource_type}:{request.resource_id}", "")
    return Empty()


class UserPermission(msgspec.Struct):
    """What a user may do with a resource, however it was granted; `allowed` is whether that is anything."""

    allowed: bool
    permission: str


@operation("mlflow/users/permissions/get", needs=Permission.READ, on=CALLER, reach=Reach.WORKSPACE, scans=True)
def mlflow_get_user_permission(tx: Transaction, scope: Scope, request: UserResource) -> UserPermission:
    """Get what a user may do with a resource: oneself, or for who may grant on it."""
    check_resource(request.resource_type, request.resource_id, "resource_id")
    if request.username != scope.principal.name:
        held = RESOURCE.ask(tx, scope, request)
        if min(held.level, scope.principal.ceiling) < Permission.ADMIN:
            raise not_authorized(scope.principal.name, "see what others may do", "ADMIN on the resource")
    user = by_name(tx, request.username)
    if user is None:
        raise principal_not_found(Kind.USER, request.username)
    principal = user.principal()
    access = load_access(tx, principal, scope.platform)
    theirs = Scope(principal, scope.dialect, scope.now, "", scope.limits, b"", scope.tenancy, "", access)
    level = int(Permission.ADMIN) if user.administrator else RESOURCE.ask(tx, theirs, request).level
    return UserPermission(level > 0, name_of(level))


class HeldPermission(msgspec.Struct):
    """A grant to a user, or to a group or role that it is in."""

    role_id: int
    role_name: str
    workspace: str
    resource_type: str
    resource_pattern: str
    permission: str


class HeldPermissions(msgspec.Struct):
    """All that a user was granted."""

    is_admin: bool
    permissions: list[HeldPermission]


@operation("mlflow/users/current/permissions", needs=Permission.READ, on=CALLER, reach=Reach.WORKSPACE, scans=True)
def mlflow_list_current_user_permissions(tx: Transaction, scope: Scope, request: Empty) -> HeldPermissions:
    """List what the caller was granted."""
    principal = scope.principal
    return _held(tx, principal.ids, administrator=principal.administrator)


class Username(msgspec.Struct):
    """Which user."""

    username: str


@operation("mlflow/users/permissions/list", needs=Permission.READ, on=CALLER, reach=Reach.WORKSPACE, scans=True)
def mlflow_list_user_permissions(tx: Transaction, scope: Scope, request: Username) -> HeldPermissions:
    """List what a user was granted: oneself; administrators see all of anyone, a platform's ADMIN what is on it."""
    principal = scope.principal
    own = request.username == principal.name and bool(principal.ids)
    everything = own or is_whole_administrator(principal)
    if not everything and min(scope.access.platform, principal.ceiling) < Permission.ADMIN:
        raise not_authorized(principal.name, "see what others were granted", "ADMIN on the platform")
    user = by_name(tx, request.username)
    if user is None:
        raise principal_not_found(Kind.USER, request.username)
    held = _held(tx, (user.id, *user.groups), administrator=user.administrator)
    if not everything and scope.tenancy:
        key = scope.tenancy.platform_key
        held.permissions = [grant for grant in held.permissions if grant.workspace.partition("/")[0] == key]
    return held


def is_whole_administrator(principal: Principal) -> bool:
    """Whether an administrator calls, with a credential that holds back nothing."""
    whole = principal.ceiling is Permission.ADMIN and principal.only_platform is None
    return principal.administrator and whole


def user_row(tx: Transaction, name: str) -> int:
    """The row id of a user; raises 404."""
    user = find_principal(tx, Kind.USER, name)
    if user is None:
        raise principal_not_found(Kind.USER, name)
    return user


def grant_not_found(user: str, on: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"The user '{user[:255]}' was granted nothing on the {on[:300]} itself.")


def _held(tx: Transaction, ids: tuple[int, ...], *, administrator: bool) -> HeldPermissions:
    listed = json_array(ids)
    names = names_of(tx, listed)
    found = []
    for grant in grants_of(tx, listed):
        kind, name = names[grant.principal]
        # MLflow keeps what a user was granted itself in a role of this name, and its pages look for it.
        role = f"__user_{grant.principal}__" if kind == Kind.USER.value else name
        on = (grant.workspace, grant.resource_type, grant.resource_pattern)
        found.append(HeldPermission(grant.principal, role, *on, name_of(grant.level)))
    return HeldPermissions(administrator, found)
