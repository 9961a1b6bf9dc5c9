"""Experiments: create, get, rename, delete and restore.

An experiment is known by its number in its workspace, a decimal string to clients. Every workspace has number 0,
`Default`.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import (
    ApiError,
    ErrorKind,
    experiment_not_found,
    experiment_not_named,
    invalid_parameter,
    missing_parameter,
    not_active,
)
from modelkeep.core.fields import Tag, Timestamp, check_length, check_tags
from modelkeep.core.guard import WORKSPACE
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import EXPERIMENT_GRANTS
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiment_tags, experiments, platforms, workspaces
from modelkeep.storage.tag_table import TagTable, pairs
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.experiment_ids import experiment_number
from modelkeep.tracking.guards import EXPERIMENT, EXPERIMENT_NAMED
from modelkeep.tracking.lifecycle import ACTIVE, DELETED
from modelkeep.tracking.removal import mark_runs, remove_experiment

KIND = "experiment"
DEFAULT_EXPERIMENT = "Default"

_PROXY = "mlflow-artifacts:"


class Experiment(msgspec.Struct):
    """An experiment, as both dialects answer it."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    creation_time: Timestamp
    last_update_time: Timestamp
    tags: list[Tag]


class ExperimentAnswer(msgspec.Struct):
    """One experiment."""

    experiment: Experiment


class ExperimentId(msgspec.Struct):
    """Which experiment: a decimal number."""

    experiment_id: str


class Located(NamedTuple):
    """An experiment that is about to change or to be written to."""

    row: int
    number: int
    stage: str
    artifact_location: str


_e, _t = experiments.c, experiment_tags.c
_TAGS = TagTable(experiment_tags, "experiment_id")

COLUMNS = (
    _e.number,
    _e.name,
    _e.artifact_location,
    _e.lifecycle_stage,
    _e.created_at,
    _e.updated_at,
    pairs(experiment_tags, _t.experiment_id == _e.id),
)
"""What `from_row` reads, in its order."""

_tags_of = msgspec.json.Decoder(list[Tag]).decode

_HERE = _e.workspace_id == sa.bindparam("workspace")
_NUMBERED = (_HERE, _e.number == sa.bindparam("number"))
_GET = Query(sa.select(*COLUMNS, _e.id, _e.revision).where(*_NUMBERED))
_GET_BY_NAME = Query(sa.select(*COLUMNS, _e.id, _e.revision).where(_HERE, _e.name == sa.bindparam("name")))
_LOCATED = sa.select(_e.id, _e.number, _e.lifecycle_stage, _e.artifact_location, _e.revision).where(*_NUMBERED)
_LOCATE = Query(_LOCATED.with_for_update())
# What is being made in an experiment and a deletion of it wait for each other; two that are made do not.
_LOCATE_TO_FILL = Query(_LOCATED.with_for_update(read=True, key_share=True))
_NEXT_NUMBER = Query(
    sa.update(workspaces)
    .where(workspaces.c.id == sa.bindparam("workspace"))
    .values(last_experiment=workspaces.c.last_experiment + 1)
    .returning(workspaces.c.last_experiment)
)
_ARTIFACT_ROOT = Query(
    sa.select(platforms.c.default_artifact_root)
    .join_from(platforms, workspaces, workspaces.c.platform_id == platforms.c.id)
    .where(workspaces.c.id == sa.bindparam("workspace"))
)
_INSERT = Query(
    sa.insert(experiments)
    .values(
        workspace_id=sa.bindparam("workspace"),
        number=sa.bindparam("number"),
        name=sa.bindparam("name"),
        artifact_location=sa.bindparam("location"),
        lifecycle_stage=ACTIVE,
        created_at=sa.bindparam("now"),
        updated_at=sa.bindparam("now"),
        revision=1,
    )
    .returning(_e.id)
)
_ONE = _e.id == sa.bindparam("experiment")
_RENAME = Query(
    sa.update(experiments)
    .where(_ONE)
    .values(name=sa.bindparam("new_name"), updated_at=sa.bindparam("now"), revision=_e.revision + 1)
)
_MARK = Query(
    sa.update(experiments)
    .where(_ONE)
    .values(lifecycle_stage=sa.bindparam("stage"), updated_at=sa.bindparam("now"), revision=_e.revision + 1)
)
_REVISION = Query(sa.select(_e.revision).where(_ONE))


class CreateExperiment(msgspec.Struct):
    """Where no `artifact_location` is given, artifacts are kept by this server."""

    name: str
    artifact_location: str | None = None
    tags: list[Tag] | None = None


class CreatedExperiment(msgspec.Struct):
    """The number of the new experiment, in decimal."""

    experiment_id: str


@operation(
    "mlflow/experiments/create", verb="POST", writes=True, needs=Permission.MANAGE, on=WORKSPACE, reach=Reach.WORKSPACE
)
def create_experiment(tx: Transaction, scope: Scope, request: CreateExperiment) -> CreatedExperiment:
    """Create an experiment. Its name must be free, among the deleted ones as well."""
    limits, tags = scope.limits, request.tags or []
    _check_name(scope, request.name)
    check_tags(tags, limits, value_length=limits.experiment_tag_value_length)
    location = request.artifact_location or ""
    _check_location(scope, location)
    counted = tx.one(_NEXT_NUMBER, workspace=scope.home)
    number = counted[0] if counted else 0
    row = _insert(tx, scope.home, number, request.name, location, scope.now)
    EXPERIMENT_GRANTS.give_creator(tx, scope, row)
    if tags:
        _TAGS.put(tx, tags, row)
    tx.about(KIND, str(row), etag(row, 1))
    return CreatedExperiment(str(number))


def add_default_experiment(tx: Transaction, workspace: int, now: int) -> None:
    """The experiment that every workspace is made with."""
    _insert(tx, workspace, 0, DEFAULT_EXPERIMENT, "", now)


@operation("mlflow/experiments/get", needs=Permission.READ, on=EXPERIMENT, reach=Reach.WORKSPACE)
def get_experiment(tx: Transaction, scope: Scope, request: ExperimentId) -> ExperimentAnswer:
    """Get an experiment by its id, a deleted one as well."""
    number = experiment_number(request.experiment_id)
    row = tx.one(_GET, workspace=scope.home, number=number)
    if row is None:
        raise experiment_not_found(number)
    return _answer(tx, row)


class ExperimentName(msgspec.Struct):
    """Which experiment."""

    experiment_name: str


@operation("mlflow/experiments/get-by-name", needs=Permission.READ, on=EXPERIMENT_NAMED, reach=Reach.WORKSPACE)
def get_experiment_by_name(tx: Transaction, scope: Scope, request: ExperimentName) -> ExperimentAnswer:
    """Get an experiment by its name, a deleted one as well."""
    if not request.experiment_name:
        raise missing_parameter("experiment_name")
    row = tx.one(_GET_BY_NAME, workspace=scope.home, name=request.experiment_name)
    if row is None:
        raise experiment_not_named(request.experiment_name)
    return _answer(tx, row)


class UpdateExperiment(ExperimentId):
    """What is absent stays as it is."""

    new_name: str | None = None


@operation(
    "mlflow/experiments/update", verb="POST", writes=True, needs=Permission.MANAGE, on=EXPERIMENT, reach=Reach.WORKSPACE
)
def update_experiment(tx: Transaction, scope: Scope, request: UpdateExperiment) -> Empty:
    """Rename an experiment."""
    found = locate_active_experiment(tx, scope, request.experiment_id)
    if request.new_name is not None:
        _check_name(scope, request.new_name, "new_name")
        try:
            tx.run(_RENAME, experiment=found.row, new_name=request.new_name, now=scope.now)
        except UniqueViolation:
            raise _exists(request.new_name) from None
    about_experiment(tx, found.row)
    return Empty()


class DeleteExperiment(ExperimentId):
    """`is_permanent` leaves nothing to restore; it is Oracle's."""

    is_permanent: bool = False


@operation(
    "mlflow/experiments/delete", verb="POST", writes=True, needs=Permission.MANAGE, on=EXPERIMENT, reach=Reach.WORKSPACE
)
def delete_experiment(tx: Transaction, scope: Scope, request: DeleteExperiment) -> Empty:
    """Delete an experiment and its runs. They can be restored until they are collected (`modelkeep gc`)."""
    found = locate_experiment(tx, scope, request.experiment_id)
    if request.is_permanent:
        if found.number == 0:
            raise invalid_parameter("is_permanent", "a workspace keeps its experiment 0; it can be deleted to restore.")
        remove_experiment(tx, found.row, scope.now)
        tx.about(KIND, str(found.row), "")
        return Empty()
    if found.stage != ACTIVE:
        raise experiment_not_found(found.number)
    tx.run(_MARK, experiment=found.row, stage=DELETED, now=scope.now)
    mark_runs(tx, found.row, DELETED, scope.now)
    about_experiment(tx, found.row)
    return Empty()


@operation(
    "mlflow/experiments/restore",
    verb="POST",
    writes=True,
    needs=Permission.MANAGE,
    on=EXPERIMENT,
    reach=Reach.WORKSPACE,
)
def restore_experiment(tx: Transaction, scope: Scope, request: ExperimentId) -> Empty:
    """Restore a deleted experiment and its runs."""
    found = locate_experiment(tx, scope, request.experiment_id)
    if found.stage != DELETED:
        raise experiment_not_found(found.number)
    tx.run(_MARK, experiment=found.row, stage=ACTIVE, now=scope.now)
    mark_runs(tx, found.row, ACTIVE, None)
    about_experiment(tx, found.row)
    return Empty()


def from_row(row: Row) -> Experiment:
    """A row that starts with `COLUMNS`."""
    number, name, location, stage, created, updated, tags, *_ = row
    return Experiment(str(number), name, location, stage, created, updated, _tags_of(tags))


def locate_experiment(tx: Transaction, scope: Scope, experiment_id: str) -> Located:
    """The experiment with this id, which is about to change; if-match held."""
    return _locate(tx, scope, experiment_id, _LOCATE)


def locate_active_experiment(tx: Transaction, scope: Scope, experiment_id: str) -> Located:
    """The same; raises where it is deleted."""
    return _active(locate_experiment(tx, scope, experiment_id))


def locate_experiment_to_fill(tx: Transaction, scope: Scope, experiment_id: str) -> Located:
    """The experiment with this id, in which something is about to be made; raises where it is deleted."""
    return _active(_locate(tx, scope, experiment_id, _LOCATE_TO_FILL))


def _locate(tx: Transaction, scope: Scope, experiment_id: str, query: Query) -> Located:
    number = experiment_number(experiment_id)
    row = tx.one(query, workspace=scope.home, number=number)
    if row is None:
        raise experiment_not_found(number)
    tx.expect(etag(row[0], row[-1]))
    return Located(*row[:-1])


def _active(found: Located) -> Located:
    if found.stage != ACTIVE:
        raise not_active("experiment", str(found.number))
    return found


def about_experiment(tx: Transaction, row: int) -> None:
    """What is answered is about this experiment as it stands now."""
    tx.about(KIND, str(row), current_etag(tx, str(row)))


def etag(row: int, revision: int) -> str:
    return f'"e{row}.{revision}"'


def current_etag(tx: Transaction, key: str) -> str:
    """The etag that the experiment with this row id has now, "" where it is gone."""
    row = tx.one(_REVISION, experiment=int(key))
    return etag(int(key), row[0]) if row else ""


def _answer(tx: Transaction, row: Row) -> ExperimentAnswer:
    *_, key, revision = row
    tx.about(KIND, str(key), etag(key, revision))
    return ExperimentAnswer(from_row(row))


def _insert(tx: Transaction, workspace: int, number: int, name: str, location: str, now: int) -> int:
    if not location:
        root = tx.one(_ARTIFACT_ROOT, workspace=workspace)
        location = f"{((root and root[0]) or _PROXY).rstrip('/')}/{number}"
    try:
        created = tx.one(_INSERT, workspace=workspace, number=number, name=name, location=location, now=now)
    except UniqueViolation:
        raise _exists(name) from None
    return int(created[0]) if created else 0


def _exists(name: str) -> ApiError:
    return ApiError(ErrorKind.ALREADY_EXISTS, f"Experiment(name={name}) already exists.")


def _check_name(scope: Scope, name: str, field: str = "name") -> None:
    if not name.strip():
        raise missing_parameter(field)
    check_length(field, name, scope.limits.experiment_name_length)


def _check_location(scope: Scope, location: str) -> None:
    """A place that the clients reach: no way up out of it, nothing behind its path."""
    if not location:
        return
    check_length("artifact_location", location, scope.limits.source_length)
    try:
        url = urlsplit(location)
    except ValueError:
        raise invalid_parameter("artifact_location", f"{location[:80]!r} is no URI.") from None
    if url.fragment or ";" in url.path:
        raise invalid_parameter("artifact_location", "it cannot have a fragment or params.")
    if url.scheme in ("runs", "models"):
        raise invalid_parameter("artifact_location", f"{url.scheme}:/ is no place to keep artifacts in.")
    plain = location
    while (once := unquote(plain)) != plain:
        plain = once
    if "\x00" in plain or ".." in re.split(r"[/\\?&=]", plain):
        raise invalid_parameter("artifact_location", f"{location[:80]!r} leads elsewhere by '..'.")
