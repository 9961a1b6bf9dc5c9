"""What a model version comes from: the run or logged model that made it, as far as this server knows it.

The registry asks here and nowhere else.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from modelkeep.core.fields import Tag
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.query import Query
from modelkeep.storage.schema import logged_model_tags, logged_models, runs
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.guards import level_on_logged_model, level_on_run
from modelkeep.tracking.logged_model_values import TAGS
from modelkeep.tracking.origin_data import MODEL, RUN, Holder, Logged, logged_to

VERSIONS_TAG = "mlflow.modelVersions"

_m = logged_models.c
_FIND_RUN = Query(
    sa.select(runs.c.artifact_uri).where(
        runs.c.workspace_id == sa.bindparam("workspace"), runs.c.key == sa.bindparam("run")
    )
)
_KEYED = (_m.workspace_id == sa.bindparam("workspace"), _m.key == sa.bindparam("model"))
_FIND_MODEL = Query(sa.select(_m.artifact_location, _m.source_run_id).where(*_KEYED))
_TOUCH = Query(sa.update(logged_models).where(*_KEYED).values(revision=_m.revision + 1).returning(_m.id))
_VERSIONS = Query(
    sa.select(logged_model_tags.c.value).where(
        logged_model_tags.c.model_id == sa.bindparam("row"), logged_model_tags.c.key == VERSIONS_TAG
    )
)


class Run(NamedTuple):
    """A run that is kept here."""

    artifact_uri: str


class LoggedModel(NamedTuple):
    """A logged model that is kept here."""

    artifact_location: str
    source_run_id: str


class Named(NamedTuple):
    """What a version says of its origin: its workspace, None above all of them, and ids that may be ""."""

    workspace: int | None
    model_id: str
    run_id: str


NOTHING = Logged([], [])


def find_run(tx: Transaction, scope: Scope, run_id: str) -> Run | None:
    """The run of this workspace, or None where it is not kept here: it may live on another server."""
    return run_in(tx, scope.workspace, run_id) if scope.workspace is not None else None


def run_in(tx: Transaction, workspace: int, run_id: str) -> Run | None:
    """The same for a workspace by its row id."""
    row = tx.one(_FIND_RUN, workspace=workspace, run=run_id)
    return Run(*row) if row else None


def find_logged_model(tx: Transaction, scope: Scope, model_id: str) -> LoggedModel | None:
    """The logged model of this workspace, or None where it is not kept here."""
    if scope.workspace is None:
        return None
    row = tx.one(_FIND_MODEL, workspace=scope.workspace, model=model_id)
    return LoggedModel(*row) if row else None


def hides_origin(tx: Transaction, scope: Scope, run_id: str, model_id: str) -> bool:
    """Whether a version names a run or logged model of this workspace that the caller may not see.

    What is not kept here hides nothing. Ids may be "".
    """
    if scope.workspace is None or scope.access.on_workspace(scope.workspace) > 0:
        return False
    return (bool(run_id) and level_on_run(tx, scope, run_id) == 0) or (
        bool(model_id) and level_on_logged_model(tx, scope, model_id) == 0
    )


def logged_of(tx: Transaction, origins: Sequence[Named]) -> list[Logged]:
    """What was logged to the origin of each version: the logged model, or the run where no model is known here.

    One statement for all of them, none where no version names an origin; one more where a model is of another server
    and a run is not.
    """
    firsts = [_holder(origin, MODEL) or _holder(origin, RUN) for origin in origins]
    wanted = {first for first in firsts if first}
    if not wanted:
        return [NOTHING] * len(origins)
    found = logged_to(tx, wanted)
    others = [
        _holder(origin, RUN) if first and first.kind == MODEL and first not in found else None
        for origin, first in zip(origins, firsts, strict=True)
    ]
    if further := {other for other in others if other}:
        found |= logged_to(tx, further)
    return [
        found.get(other or first, NOTHING) if first else NOTHING for first, other in zip(firsts, others, strict=True)
    ]


def _holder(origin: Named, kind: str) -> Holder | None:
    key = origin.model_id if kind == MODEL else origin.run_id
    return Holder(kind, origin.workspace, key) if key and origin.workspace is not None else None


def link_version(tx: Transaction, scope: Scope, model_id: str, name: str, version: int) -> None:
    """Note a version in the tag in which MLflow's pages look for the versions of a logged model.

    Not where the caller may not change that model.
    """
    if scope.workspace is None or not _may_change(tx, scope, model_id):
        return
    touched = tx.one(_TOUCH, workspace=scope.workspace, model=model_id)
    if touched is None:
        return
    row = tx.one(_VERSIONS, row=touched[0])
    versions = _versions(row[0]) if row else []
    entry = {"name": name, "version": version}
    if entry not in versions:
        TAGS.put(tx, [Tag(VERSIONS_TAG, json.dumps([*versions, entry]))], touched[0])


def _may_change(tx: Transaction, scope: Scope, model_id: str) -> bool:
    if scope.access.on_workspace(scope.workspace) >= Permission.MANAGE:
        return True
    return (level_on_logged_model(tx, scope, model_id) or 0) >= Permission.MANAGE


def _versions(text: str) -> list[Any]:
    """Those noted already; none where somebody has put something else into the tag."""
    try:
        versions = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return versions if isinstance(versions, list) else []
