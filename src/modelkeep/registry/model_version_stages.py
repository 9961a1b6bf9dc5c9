"""Stages of model versions, MLflow's older way of saying which version is in use."""

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.operation import operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.guards import VERSION
from modelkeep.registry.model_versions import (
    ModelVersionAnswer,
    NamedVersion,
    load_model_version,
    locate_model_version,
)
from modelkeep.storage.query import Query
from modelkeep.storage.schema import model_versions, registered_models
from modelkeep.storage.transaction import Transaction

STAGES = ("None", "Staging", "Production", "Archived")
ACTIVE_STAGES = ("Staging", "Production")

_v, _m = model_versions.c, registered_models.c
_MOVED = {
    "stage": sa.bindparam("to"),
    "updated_at": sa.bindparam("now"),
    "revision": _v.revision + 1,
}
_MOVE = Query(
    sa.update(model_versions)
    .where(_v.model_id == sa.bindparam("model"), _v.version == sa.bindparam("number"))
    .values(_MOVED)
)
_ARCHIVE_OTHERS = Query(
    sa.update(model_versions)
    .where(
        _v.model_id == sa.bindparam("model"),
        _v.version != sa.bindparam("number"),
        _v.stage == sa.bindparam("was"),
        # Says to the database that the index of staged versions has them all.
        _v.stage != sa.literal_column("'None'"),
    )
    .values(_MOVED)
)
_TOUCH_MODEL = Query(
    sa.update(registered_models)
    .where(_m.id == sa.bindparam("model"))
    .values(updated_at=sa.bindparam("now"), revision=_m.revision + 1)
)


class TransitionModelVersionStage(NamedVersion, kw_only=True):
    """`archive_existing_versions` moves the stage's present versions to Archived."""

    stage: str
    archive_existing_versions: bool = False


@operation("mlflow/model-versions/transition-stage", verb="POST", writes=True, needs=Permission.MANAGE, on=VERSION)
def transition_model_version_stage(
    tx: Transaction, scope: Scope, request: TransitionModelVersionStage
) -> ModelVersionAnswer:
    """Move a version to a stage."""
    stage = canonical_stage(request.stage)
    archive = request.archive_existing_versions
    if archive and stage not in ACTIVE_STAGES:
        raise invalid_parameter(
            "archive_existing_versions",
            f"{stage!r} is no active stage, so there is nothing to archive; {' and '.join(ACTIVE_STAGES)} are active.",
        )
    model, number, *_ = locate_model_version(tx, scope, request.name, request.version)
    if archive:
        tx.run(_ARCHIVE_OTHERS, model=model, number=number, was=stage, to="Archived", now=scope.now)
    tx.run(_MOVE, model=model, number=number, to=stage, now=scope.now)
    tx.run(_TOUCH_MODEL, model=model, now=scope.now)
    return ModelVersionAnswer(load_model_version(tx, scope, request.name, number))


def canonical_stage(stage: str, field: str = "stage") -> str:
    """A stage as it is kept, from any case."""
    for known in STAGES:
        if stage.lower() == known.lower():
            return known
    raise invalid_parameter(field, f"{stage[:40]!r} is no stage; {', '.join(STAGES)} are.")


class StagesOf(msgspec.Struct):
    """A model and the stages asked for; all where none is named."""

    name: str
    stages: list[str] | None = None
