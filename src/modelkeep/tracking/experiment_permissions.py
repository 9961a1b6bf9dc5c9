"""Who may do what with an experiment, asked and changed as it is for registered models."""

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import experiment_not_found
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import EXPERIMENT_GRANTS
from modelkeep.identity.permissions import (
    Granted,
    ListPermissions,
    ManagePermission,
    PermissionCollection,
    change_permissions,
    page_of_permissions,
)
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiments
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.experiment_ids import experiment_number
from modelkeep.tracking.experiments import etag
from modelkeep.tracking.guards import EXPERIMENT

_e = experiments.c
_FIND = Query(
    sa.select(_e.id, _e.revision).where(
        _e.workspace_id == sa.bindparam("workspace"), _e.number == sa.bindparam("number")
    )
)


class ManageExperimentPermission(ManagePermission, kw_only=True):
    """Which experiment, permissions to assign and to revoke; what is revoked goes first."""

    experiment_id: str = msgspec.field(name="experiment_id")


@operation(
    "mlflow/experiments/{experiment_id}/actions/managePermission",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=EXPERIMENT,
    reach=Reach.WORKSPACE,
    status=204,
)
def manage_experiment_permission(tx: Transaction, scope: Scope, request: ManageExperimentPermission) -> Empty:
    """Grant permissions on an experiment, which hold for its runs, logged models and artifacts, and take them away."""
    on = experiment_granted(tx, scope, request.experiment_id)
    change_permissions(tx, scope, on, request.assign_permission_details, request.revoke_permission_details)
    return Empty()


class ListExperimentPermissions(ListPermissions, kw_only=True):
    """Which experiment, and the page."""

    experiment_id: str = msgspec.field(name="experiment_id")


@operation(
    "mlflow/experiments/{experiment_id}/permissions",
    needs=Permission.READ,
    on=EXPERIMENT,
    reach=Reach.WORKSPACE,
    scans=True,
    lists=True,
)
def list_experiment_permissions(
    tx: Transaction, scope: Scope, request: ListExperimentPermissions
) -> PermissionCollection:
    """List who was granted what on an experiment, its workspace and its platform."""
    return page_of_permissions(tx, scope, experiment_granted(tx, scope, request.experiment_id), request)


def experiment_granted(tx: Transaction, scope: Scope, experiment_id: str) -> Granted:
    """An experiment as something on which permissions are granted."""
    number = experiment_number(experiment_id)
    row = tx.one(_FIND, workspace=scope.home, number=number)
    if row is None:
        raise experiment_not_found(number)
    tx.expect(etag(*row))
    return Granted(EXPERIMENT_GRANTS, row[0], str(number), scope.platform, scope.home)
