"""Logged models: what a run or a person made of an experiment, before and beside its registration.

Create, finalize, get and delete. A deleted model is not answered, yet what is logged to it is still taken, as in
MLflow: whoever trains must not fail because somebody tidies up.
"""

from enum import Enum
from typing import cast

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, logged_model_not_found
from modelkeep.core.fields import Tag, Timestamp, check_length
from modelkeep.core.ids import new_id
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    experiments,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
)
from modelkeep.storage.tag_table import pairs
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.experiments import locate_experiment_to_fill
from modelkeep.tracking.guards import EXPERIMENT, LOGGED_MODEL
from modelkeep.tracking.lifecycle import ACTIVE, DELETED
from modelkeep.tracking.logged_model_values import TAGS, check_values, store_params
from modelkeep.tracking.model_metrics import ModelMetric, metrics_of_models
from modelkeep.tracking.run_names import new_run_name
from modelkeep.tracking.run_records import Param

KIND = "logged_model"
# MLflow builds URIs of these names.
_NOT_IN_NAMES = "/:.%\"'"


class LoggedModelStatus(Enum):
    """How far a model has come."""

    UNSPECIFIED = "LOGGED_MODEL_STATUS_UNSPECIFIED"
    PENDING = "LOGGED_MODEL_PENDING"
    READY = "LOGGED_MODEL_READY"
    UPLOAD_FAILED = "LOGGED_MODEL_UPLOAD_FAILED"


_BY_NUMBER = tuple(LoggedModelStatus)


class LoggedModelInfo(msgspec.Struct):
    """What a logged model is."""

    model_id: str
    experiment_id: str
    name: str
    artifact_uri: str
    creation_timestamp_ms: Timestamp
    last_updated_timestamp_ms: Timestamp
    status: LoggedModelStatus
    status_message: str
    model_type: str
    source_run_id: str
    tags: list[Tag]


class LoggedModelData(msgspec.Struct):
    """What was logged to a model."""

    params: list[Param]
    metrics: list[ModelMetric]


class LoggedModel(msgspec.Struct):
    """A logged model, as both dialects answer it."""

    info: LoggedModelInfo
    data: LoggedModelData


class LoggedModelAnswer(msgspec.Struct):
    """One logged model."""

    model: LoggedModel


class LoggedModelId(msgspec.Struct, kw_only=True):
    """Which logged model."""

    model_id: str


_m, _e = logged_models.c, experiments.c


COLUMNS = (
    _m.id,
    _m.key,
    _e.number,
    _m.name,
    _m.artifact_location,
    _m.created_at,
    _m.updated_at,
    _m.status,
    _m.status_message,
    _m.model_type,
    _m.source_run_id,
    pairs(logged_model_tags, logged_model_tags.c.model_id == _m.id),
    pairs(logged_model_params, logged_model_params.c.model_id == _m.id),
)
"""What `from_row` reads, in its order; selected from `LOGGED_MODELS`."""
LOGGED_MODELS = sa.join(logged_models, experiments, _e.id == _m.experiment_id)

_KEYED = (_m.workspace_id == sa.bindparam("workspace"), _m.key == sa.bindparam("model"))
_ROW = _m.id == sa.bindparam("row")
_GET = Query(sa.select(*COLUMNS, _m.lifecycle_stage, _m.revision).select_from(LOGGED_MODELS).where(*_KEYED))
# Metrics are logged without a word to the model's row; that some were is seen by their number.
_STATE = (
    _m.revision,
    sa.select(sa.func.count())
    .select_from(logged_model_metrics)
    .where(logged_model_metrics.c.model_id == _m.id)
    .correlate(logged_models)
    .scalar_subquery(),
)
_LOCATE = Query(sa.select(_m.id, *_STATE).where(*_KEYED).with_for_update())
_INSERT = Query(
    sa.insert(logged_models)
    .values(
        {column.name: sa.bindparam(column.name) for column in logged_models.columns if column.name != "id"}
        | {"updated_at": sa.bindparam("created_at"), "status_message": "", "deleted_at": None, "revision": 1}
    )
    .returning(_m.id)
)
_FINALIZE = Query(
    sa.update(logged_models)
    .where(_ROW)
    .values(status=sa.bindparam("_status"), updated_at=sa.bindparam("now"), revision=_m.revision + 1)
)
_DELETE = Query(
    sa.update(logged_models)
    .where(_ROW, _m.lifecycle_stage == ACTIVE)
    .values(
        lifecycle_stage=DELETED,
        deleted_at=sa.bindparam("now"),
        updated_at=sa.bindparam("now"),
        revision=_m.revision + 1,
    )
)
_TOUCH = Query(sa.update(logged_models).where(_ROW).values(revision=_m.revision + 1))
_CURRENT = Query(sa.select(*_STATE).where(_ROW))


class CreateLoggedModel(msgspec.Struct):
    """A model of no name is given one. `source_run_id` is kept as given; the run may live on another server."""

    experiment_id: str
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[Param] | None = None
    tags: list[Tag] | None = None


@operation(
    "mlflow/logged-models", verb="POST", writes=True, needs=Permission.MANAGE, on=EXPERIMENT, reach=Reach.WORKSPACE
)
def create_logged_model(tx: Transaction, scope: Scope, request: CreateLoggedModel) -> LoggedModelAnswer:
    """Create a logged model in an experiment. It is PENDING until it is finalized."""
    _check_texts(scope, request)
    tags, params = check_values(request.tags or [], request.params or [], scope.limits)
    experiment = locate_experiment_to_fill(tx, scope, request.experiment_id)
    key = f"m-{new_id()}"
    info = LoggedModelInfo(
        model_id=key,
        experiment_id=str(experiment.number),
        name=request.name or new_run_name(),
        artifact_uri=f"{experiment.artifact_location.rstrip('/')}/models/{key}/artifacts",
        creation_timestamp_ms=scope.now,
        last_updated_timestamp_ms=scope.now,
        status=LoggedModelStatus.PENDING,
        status_message="",
        model_type=request.model_type or "",
        source_run_id=request.source_run_id or "",
        tags=tags,
    )
    created = tx.one(
        _INSERT,
        workspace_id=scope.home,
        experiment_id=experiment.row,
        key=key,
        name=info.name,
        artifact_location=info.artifact_uri,
        created_at=scope.now,
        status=info.status.value,
        model_type=info.model_type,
        source_run_id=info.source_run_id,
        lifecycle_stage=ACTIVE,
    )
    row = created[0] if created else 0
    TAGS.put(tx, tags, row)
    store_params(tx, row, params, is_new=True)
    tx.about(KIND, str(row), _etag(row, 1, 0))
    return LoggedModelAnswer(LoggedModel(info, LoggedModelData(params, [])))


class FinalizeLoggedModel(LoggedModelId):
    """The status by its name or its number in MLflow's protocol."""

    status: LoggedModelStatus | int


@operation(
    "mlflow/logged-models/{model_id}",
    verb="PATCH",
    writes=True,
    needs=Permission.MANAGE,
    on=LOGGED_MODEL,
    reach=Reach.WORKSPACE,
)
def finalize_logged_model(tx: Transaction, scope: Scope, request: FinalizeLoggedModel) -> LoggedModelAnswer:
    """Say how the making of a logged model ended: READY or UPLOAD_FAILED."""
    status = request.status
    if isinstance(status, int):
        if not 0 <= status < len(_BY_NUMBER):
            raise invalid_parameter("status", f"{status} is no status; 0 to {len(_BY_NUMBER) - 1} are.")
        status = _BY_NUMBER[status]
    row = locate_logged_model(tx, scope, request.model_id)
    tx.run(_FINALIZE, row=row, _status=status.value, now=scope.now)
    return LoggedModelAnswer(load_logged_model(tx, scope, request.model_id, allow_deleted=True))


class GetLoggedModel(LoggedModelId):
    """`allow_deleted` answers a deleted model as well."""

    allow_deleted: bool = False


@operation("mlflow/logged-models/{model_id}", needs=Permission.READ, on=LOGGED_MODEL, reach=Reach.WORKSPACE, scans=True)
def get_logged_model(tx: Transaction, scope: Scope, request: GetLoggedModel) -> LoggedModelAnswer:
    """Get a logged model with its tags, params and metrics: of each metric every value."""
    return LoggedModelAnswer(load_logged_model(tx, scope, request.model_id, allow_deleted=request.allow_deleted))


@operation(
    "mlflow/logged-models/{model_id}",
    verb="DELETE",
    writes=True,
    needs=Permission.MANAGE,
    on=LOGGED_MODEL,
    reach=Reach.WORKSPACE,
)
def delete_logged_model(tx: Transaction, scope: Scope, request: LoggedModelId) -> Empty:
    """Delete a logged model. It is kept until it is collected (`modelkeep gc`)."""
    row = locate_logged_model(tx, scope, request.model_id)
    tx.run(_DELETE, row=row, now=scope.now)
    tx.about(KIND, str(row), current_etag(tx, str(row)))
    return Empty()


def locate_logged_model(tx: Transaction, scope: Scope, key: str) -> int:
    """The row id of a model that is about to change, deleted or not, if-match held."""
    row = tx.one(_LOCATE, workspace=scope.home, model=key)
    if row is None:
        raise logged_model_not_found(key[:80])
    tx.expect(_etag(*row))
    return int(row[0])


def load_logged_model(tx: Transaction, scope: Scope, key: str, *, allow_deleted: bool) -> LoggedModel:
    """The model as it stands now; what is answered is about it."""
    row = tx.one(_GET, workspace=scope.home, model=key)
    if row is None or (row[-2] != ACTIVE and not allow_deleted):
        raise logged_model_not_found(key[:80])
    metrics = metrics_of_models(tx, [row[0]])[row[0]]
    tx.about(KIND, str(row[0]), _etag(row[0], row[-1], len(metrics)))
    return from_row(row, metrics)


def from_row(row: Row, metrics: list[ModelMetric]) -> LoggedModel:
    """A row that starts with `COLUMNS`, and the metrics of its model."""
    _, key, experiment, name, uri, created, updated, status, message, kind, run, tags, params, *_ = row
    # Tags and params leave the database as the answer has them: they are copied, not read and written again.
    info = LoggedModelInfo(
        key,
        str(experiment),
        name,
        uri,
        created,
        updated,
        LoggedModelStatus(status),
        message,
        kind,
        run,
        cast("list[Tag]", msgspec.Raw(tags.encode())),
    )
    return LoggedModel(info, LoggedModelData(cast("list[Param]", msgspec.Raw(params.encode())), metrics))


def touch_logged_model(tx: Transaction, row: int) -> None:
    """Give a model a new etag; what is answered is about it."""
    tx.run(_TOUCH, row=row)
    tx.about(KIND, str(row), current_etag(tx, str(row)))


def _etag(row: int, revision: int, metrics: int) -> str:
    return f'"l{row}.{revision}.{metrics}"'


def current_etag(tx: Transaction, key: str) -> str:
    """The etag that the model with this row id has now, "" where it is gone."""
    row = tx.one(_CURRENT, row=int(key))
    return _etag(int(key), *row) if row else ""


def _check_texts(scope: Scope, request: CreateLoggedModel) -> None:
    name = request.name or ""
    if any(character in name for character in _NOT_IN_NAMES):
        raise invalid_parameter("name", f"{name[:80]!r} has one of the characters {' '.join(_NOT_IN_NAMES)}")
    check_length("name", name, scope.limits.logged_model_name_length)
    check_length("model_type", request.model_type or "", scope.limits.logged_model_name_length)
    check_length("source_run_id", request.source_run_id or "", scope.limits.source_length)
