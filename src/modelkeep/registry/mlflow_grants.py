"""Permissions of one user on one experiment or model, as MLflow's older clients manage them."""

import msgspec

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.mlflow_levels import level_of, name_of
from modelkeep.identity.permissions import Granted
from modelkeep.registry.guards import MODEL
from modelkeep.registry.mlflow_user_permissions import grant_not_found, user_row
from modelkeep.registry.permissions import model_granted
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.experiment_permissions import experiment_granted
from modelkeep.tracking.guards import EXPERIMENT


class ExperimentUser(msgspec.Struct):
    """A user and an experiment."""

    experiment_id: str
    username: str


class ExperimentUserPermission(ExperimentUser):
    """READ and USE see, EDIT changes, MANAGE grants to others as well; NO_PERMISSIONS gives nothing."""

    permission: str


class ExperimentPermission(msgspec.Struct):
    """A grant on an experiment."""

    experiment_id: str
    user_id: int
    permission: str


class ExperimentPermissionAnswer(msgspec.Struct):
    """One grant."""

    experiment_permission: ExperimentPermission


_OF_EXPERIMENT = "mlflow/experiments/permissions"


@operation(
    f"{_OF_EXPERIMENT}/create",
    verb="POST",
    writes=True,
    needs=Permission.ADMIN,
    on=EXPERIMENT,
    reach=Reach.WORKSPACE,
)
def mlflow_create_experiment_permission(
    tx: Transaction, scope: Scope, request: ExperimentUserPermission
) -> ExperimentPermissionAnswer:
    """Grant a user a permission on an experiment, where it has none yet."""
    on = experiment_granted(tx, scope, request.experiment_id)
    user = _create(tx, scope, on, request.username, request.permission, "experiment")
    return _experiment_answer(tx, on, request.experiment_id, user, request.username)


@operation(f"{_OF_EXPERIMENT}/get", needs=Permission.ADMIN, on=EXPERIMENT, reach=Reach.WORKSPACE, scans=True)
def mlflow_get_experiment_permission(
    tx: Transaction, scope: Scope, request: ExperimentUser
) -> ExperimentPermissionAnswer:
    """Get what a user was granted on an experiment itself."""
    on = experiment_granted(tx, scope, request.experiment_id)
    return _experiment_answer(tx, on, request.experiment_id, user_row(tx, request.username), request.username)


@operation(
    f"{_OF_EXPERIMENT}/update",
    verb="PATCH",
    writes=True,
    needs=Permission.ADMIN,
    on=EXPERIMENT,
    reach=Reach.WORKSPACE,
)
def mlflow_update_experiment_permission(tx: Transaction, scope: Scope, request: ExperimentUserPermission) -> Empty:
    """Grant a user another permission on an experiment."""
    on = experiment_granted(tx, scope, request.experiment_id)
    return _update(tx, scope, on, request.username, request.permission, "experiment")


@operation(
    f"{_OF_EXPERIMENT}/delete",
    verb="DELETE",
    writes=True,
    needs=Permission.ADMIN,
    on=EXPERIMENT,
    reach=Reach.WORKSPACE,
)
def mlflow_delete_experiment_permission(tx: Transaction, scope: Scope, request: ExperimentUser) -> Empty:
    """Take away what a user was granted on an experiment."""
    on = experiment_granted(tx, scope, request.experiment_id)
    return _delete(tx, on, request.username, "experiment")


class ModelUser(msgspec.Struct):
    """A user and a registered model."""

    name: str
    username: str


class ModelUserPermission(ModelUser):
    """READ and USE see, EDIT changes, MANAGE grants to others as well; NO_PERMISSIONS gives nothing."""

    permission: str


class ModelPermission(msgspec.Struct):
    """A grant on a registered model."""

    name: str
    user_id: int
    permission: str


class ModelPermissionAnswer(msgspec.Struct):
    """One grant."""

    registered_model_permission: ModelPermission


_OF_MODEL = "mlflow/registered-models/permissions"


@operation(f"{_OF_MODEL}/create", verb="POST", writes=True, needs=Permission.ADMIN, on=MODEL)
def mlflow_create_model_permission(
    tx: Transaction, scope: Scope, request: ModelUserPermission
) -> ModelPermissionAnswer:
    """Grant a user a permission on a registered model, where it has none yet."""
    on = model_granted(tx, scope, request.name)
    user = _create(tx, scope, on, request.username, request.permission, "registered model")
    return _model_answer(tx, on, user, request.username)


@operation(f"{_OF_MODEL}/get", needs=Permission.ADMIN, on=MODEL, scans=True)
def mlflow_get_model_permission(tx: Transaction, scope: Scope, request: ModelUser) -> ModelPermissionAnswer:
    """Get what a user was granted on a registered model itself."""
    on = model_granted(tx, scope, request.name)
    return _model_answer(tx, on, user_row(tx, request.username), request.username)


@operation(f"{_OF_MODEL}/update", verb="PATCH", writes=True, needs=Permission.ADMIN, on=MODEL)
def mlflow_update_model_permission(tx: Transaction, scope: Scope, request: ModelUserPermission) -> Empty:
    """Grant a user another permission on a registered model."""
    on = model_granted(tx, scope, request.name)
    return _update(tx, scope, on, request.username, request.permission, "registered model")


@operation(f"{_OF_MODEL}/delete", verb="DELETE", writes=True, needs=Permission.ADMIN, on=MODEL)
def mlflow_delete_model_permission(tx: Transaction, scope: Scope, request: ModelUser) -> Empty:
    """Take away what a user was granted on a registered model."""
    return _delete(tx, model_granted(tx, scope, request.name), request.username, "registered model")


def _create(tx: Transaction, scope: Scope, on: Granted, username: str, permission: str, what: str) -> int:
    user, level = user_row(tx, username), level_of(permission)
    if on.grants.level(tx, on.row, user) is not None:
        raise ApiError(
            ErrorKind.ALREADY_EXISTS, f"The user '{username}' was granted something on the {what} '{on.name}' already."
        )
    on.grants.give(tx, scope, on.row, user, level)
    _about(tx, on, username, what)
    return user


def _update(tx: Transaction, scope: Scope, on: Granted, username: str, permission: str, what: str) -> Empty:
    user, level = user_row(tx, username), level_of(permission)
    if on.grants.level(tx, on.row, user) is None:
        raise grant_not_found(username, f"{what} '{on.name}'")
    on.grants.give(tx, scope, on.row, user, level)
    _about(tx, on, username, what)
    return Empty()


def _delete(tx: Transaction, on: Granted, username: str, what: str) -> Empty:
    if not on.grants.take(tx, on.row, user_row(tx, username)):
        raise grant_not_found(username, f"{what} '{on.name}'")
    _about(tx, on, username, what)
    return Empty()


def _about(tx: Transaction, on: Granted, username: str, what: str) -> None:
    tx.about("user_permission", f"{username}:{what.replace(' ', '_')}:{on.name}", "")


def _held(tx: Transaction, on: Granted, user: int, username: str, what: str) -> str:
    level = on.grants.level(tx, on.row, user)
    if level is None:
        raise grant_not_found(username, f"{what} '{on.name}'")
    return name_of(level)


def _experiment_answer(
    tx: Transaction, on: Granted, experiment_id: str, user: int, username: str
) -> ExperimentPermissionAnswer:
    permission = _held(tx, on, user, username, "experiment")
    return ExperimentPermissionAnswer(ExperimentPermission(experiment_id, user, permission))


def _model_answer(tx: Transaction, on: Granted, user: int, username: str) -> ModelPermissionAnswer:
    return ModelPermissionAnswer(ModelPermission(on.name, user, _held(tx, on, user, username, "registered model")))
