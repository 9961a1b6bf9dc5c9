"""Who may do what with a registered model, as Oracle's SDK asks and changes it; so too for platforms and workspaces."""

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import platform_not_found, registered_model_not_found, workspace_not_found
from modelkeep.core.guard import PLATFORM
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import MODEL_GRANTS, PLATFORM_GRANTS, WORKSPACE_GRANTS
from modelkeep.identity.permissions import (
    Granted,
    ListPermissions,
    ManagePermission,
    PermissionCollection,
    PermissionDetails,
    change_permissions,
    page_of_permissions,
)
from modelkeep.registry.guards import GRANTED_WORKSPACE, MODEL_KEY, NAMED_WORKSPACE
from modelkeep.registry.platforms import platform_etag
from modelkeep.registry.registered_models import etag
from modelkeep.registry.workspaces import workspace_etag
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, registered_models, workspaces
from modelkeep.storage.transaction import Transaction

_m, _w = registered_models.c, workspaces.c
_MODEL = Query(
    sa.select(_m.id, _m.workspace_id, _m.revision).where(
        _m.platform_id == sa.bindparam("platform"), _m.name == sa.bindparam("name")
    )
)
_PLATFORM = Query(sa.select(platforms.c.revision).where(platforms.c.id == sa.bindparam("platform")))
_WORKSPACE = Query(
    sa.select(_w.id, _w.revision).where(_w.platform_id == sa.bindparam("platform"), _w.key == sa.bindparam("name"))
)
_OF_MODEL = ("assignRegisteredModelPermissionDetails", "revokeRegisteredModelPermissionDetails")


class ManageRegisteredModelPermission(msgspec.Struct, rename="camel", kw_only=True):
    """Permissions to assign and to revoke; what is revoked goes first. `registeredModelKey` is the model's name."""

    registered_model_key: str
    assign_registered_model_permission_details: PermissionDetails | None = None
    revoke_registered_model_permission_details: PermissionDetails | None = None


@operation(
    "mlflow/registered-models/{registeredModelKey}/actions/managePermission",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=MODEL_KEY,
    status=204,
)
def manage_registered_model_permission(
    tx: Transaction, scope: Scope, request: ManageRegisteredModelPermission
) -> Empty:
    """Grant users, groups and roles permissions on a registered model, and take them away, in one step.

    Each permission includes those before it: READ, MANAGE, ADMIN. Assigning adds to what was granted; revoking one
    takes it with those that include it.
    """
    on = model_granted(tx, scope, request.registered_model_key)
    assign = request.assign_registered_model_permission_details
    change_permissions(tx, scope, on, assign, request.revoke_registered_model_permission_details, _OF_MODEL)
    return Empty()


class ListRegisteredModelPermissions(ListPermissions, rename="camel", kw_only=True):
    """Which model, and the page."""

    registered_model_key: str


@operation(
    "mlflow/registered-models/{registeredModelKey}/permissions",
    needs=Permission.READ,
    on=MODEL_KEY,
    scans=True,
    lists=True,
)
def list_registered_model_permissions(
    tx: Transaction, scope: Scope, request: ListRegisteredModelPermissions
) -> PermissionCollection:
    """List who was granted what on a registered model, on the workspace where it was created, and on the platform."""
    return page_of_permissions(tx, scope, model_granted(tx, scope, request.registered_model_key), request)


def model_granted(tx: Transaction, scope: Scope, name: str) -> Granted:
    """A registered model as something on which permissions are granted."""
    row = tx.one(_MODEL, platform=scope.platform, name=name)
    if row is None:
        raise registered_model_not_found(name)
    tx.expect(etag(row[0], row[2]))
    return Granted(MODEL_GRANTS, row[0], name, scope.platform, row[1])


@operation(
    "actions/managePermission",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=PLATFORM,
    reach=Reach.PLATFORM,
    status=204,
)
def manage_platform_permission(tx: Transaction, scope: Scope, request: ManagePermission) -> Empty:
    """Grant permissions on a platform, which flow down to all that is in it, and take them away."""
    on = _platform_granted(scope)
    if (row := tx.one(_PLATFORM, platform=on.row)) is not None:
        tx.expect(platform_etag(on.row, row[0]))
    change_permissions(tx, scope, on, request.assign_permission_details, request.revoke_permission_details)
    return Empty()


@operation("permissions", needs=Permission.READ, on=PLATFORM, reach=Reach.PLATFORM, scans=True, lists=True)
def list_platform_permissions(tx: Transaction, scope: Scope, request: ListPermissions) -> PermissionCollection:
    """List who was granted what on a platform."""
    return page_of_permissions(tx, scope, _platform_granted(scope), request)


def _platform_granted(scope: Scope) -> Granted:
    if scope.tenancy is None:
        raise platform_not_found("")
    return Granted(PLATFORM_GRANTS, scope.platform, scope.tenancy.platform_key, scope.platform, None)


class ManageWorkspacePermission(ManagePermission, rename="camel", kw_only=True):
    """Which workspace, and what to change."""

    workspace_key: str


@operation(
    "workspaces/{workspaceKey}/actions/managePermission",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=NAMED_WORKSPACE,
    reach=Reach.PLATFORM,
    status=204,
)
def manage_workspace_permission(tx: Transaction, scope: Scope, request: ManageWorkspacePermission) -> Empty:
    """Grant permissions on a workspace, which flow down to its experiments and to models created in it."""
    on = _workspace_granted(tx, scope, request.workspace_key)
    change_permissions(tx, scope, on, request.assign_permission_details, request.revoke_permission_details)
    return Empty()


class ListWorkspacePermissions(ListPermissions, rename="camel", kw_only=True):
    """Which workspace, and the page."""

    workspace_key: str


@operation(
    "workspaces/{workspaceKey}/permissions",
    needs=Permission.READ,
    on=GRANTED_WORKSPACE,
    reach=Reach.PLATFORM,
    scans=True,
    lists=True,
)
def list_workspace_permissions(
    tx: Transaction, scope: Scope, request: ListWorkspacePermissions
) -> PermissionCollection:
    """List who was granted what on a workspace and on its platform."""
    return page_of_permissions(tx, scope, _workspace_granted(tx, scope, request.workspace_key), request)


def _workspace_granted(tx: Transaction, scope: Scope, key: str) -> Granted:
    row = tx.one(_WORKSPACE, platform=scope.platform, name=key)
    if row is None:
        raise workspace_not_found(scope.tenancy.platform_key if scope.tenancy else "", key)
    tx.expect(workspace_etag(*row))
    return Granted(WORKSPACE_GRANTS, row[0], key, scope.platform, None)
