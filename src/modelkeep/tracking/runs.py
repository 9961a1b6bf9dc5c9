"""Runs: create, get, update, delete and restore. What is logged to a run has files of its own."""

import hashlib
from typing import NamedTuple, cast

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter, not_active, run_not_found
from modelkeep.core.fields import Int64, Tag, check_length
from modelkeep.core.ids import new_id
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.query import Query
from modelkeep.storage.schema import runs
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.experiments import locate_experiment_to_fill
from modelkeep.tracking.guards import NEW_RUN, RUN
from modelkeep.tracking.lifecycle import ACTIVE, DELETED
from modelkeep.tracking.removal import remove_run
from modelkeep.tracking.run_names import new_run_name
from modelkeep.tracking.run_records import Run, RunInfo, RunStatus
from modelkeep.tracking.run_rows import COLUMNS, INFO_COLUMNS, RUNS, info_from_row, load_whole
from modelkeep.tracking.values import RUN_NAME_TAG, check_run_tags, set_run_tags

KIND = "run"
DATA_KIND = "run_data"
"""What is logged to a run: an answer to it holds for as long as the run is there to be written to."""


class RunAnswer(msgspec.Struct):
    """One run."""

    run: Run


class RunInfoAnswer(msgspec.Struct):
    """A run without what was logged to it."""

    run_info: RunInfo


class RunId(msgspec.Struct, kw_only=True):
    """Which run; `run_uuid` is an older name of `run_id`."""

    run_id: str | None = None
    run_uuid: str | None = None


class LocatedRun(NamedTuple):
    """A run that is about to be written to."""

    row: int
    experiment: int
    stage: str


_r = runs.c


_KEYED = (_r.workspace_id == sa.bindparam("workspace"), _r.key == sa.bindparam("run"))
_GET = Query(sa.select(*COLUMNS).select_from(RUNS).where(*_KEYED))
_GET_BY_ROW = Query(sa.select(*COLUMNS).select_from(RUNS).where(_r.id == sa.bindparam("row")))
_GET_INFO = Query(sa.select(*INFO_COLUMNS).select_from(RUNS).where(_r.id == sa.bindparam("row")))
_LOCATED = sa.select(_r.id, _r.experiment_id, _r.lifecycle_stage).where(*_KEYED)
_LOCATE = Query(_LOCATED)
_LOCATE_IF_MATCH = Query(_LOCATED.with_for_update())
_INSERT = Query(
    sa.insert(runs)
    .values(
        {
            column.name: sa.bindparam(column.name)
            for column in runs.columns
            if column.name not in ("id", "deleted_at", "recent_points")
        }
    )
    .returning(_r.id)
)
_ROW = _r.id == sa.bindparam("row")
_UPDATE = Query(
    sa.update(runs)
    .where(_ROW)
    .values(
        {
            column.name: sa.func.coalesce(sa.bindparam(f"_{column.name}", type_=column.type), column)
            for column in (_r.status, _r.end_time, _r.name)
        }
    )
)
_MARK = Query(sa.update(runs).where(_ROW).values(lifecycle_stage=sa.bindparam("stage"), deleted_at=sa.bindparam("at")))
_STAGE = Query(sa.select(_r.lifecycle_stage).where(_ROW))


class CreateRun(msgspec.Struct):
    """A run of no name is given one. `start_time` is now where it is absent."""

    experiment_id: str = "0"
    user_id: str | None = None
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: list[Tag] | None = None


@operation("mlflow/runs/create", verb="POST", writes=True, needs=Permission.MANAGE, on=NEW_RUN, reach=Reach.WORKSPACE)
def create_run(tx: Transaction, scope: Scope, request: CreateRun) -> RunAnswer:
    """Create a run in an experiment. It is RUNNING."""
    tags = check_run_tags(request.tags or [], scope.limits)
    named = next((tag.value for tag in tags if tag.key == RUN_NAME_TAG), "")
    if request.run_name and named and request.run_name != named:
        raise invalid_parameter(
            "run_name", f"it is {request.run_name!r}, but the tag {RUN_NAME_TAG} is {named!r}; they must be the same."
        )
    name = request.run_name or named or new_run_name()
    check_length("run_name", name, scope.limits.run_tag_value_length)
    user = request.user_id or scope.principal.name
    check_length("user_id", user, scope.limits.name_length)
    experiment = locate_experiment_to_fill(tx, scope, request.experiment_id or "0")
    key = new_id()
    row = tx.one(
        _INSERT,
        workspace_id=scope.home,
        experiment_id=experiment.row,
        key=key,
        name=name,
        user_id=user,
        status=RunStatus.RUNNING.value,
        start_time=scope.now if request.start_time is None else request.start_time,
        end_time=None,
        lifecycle_stage=ACTIVE,
        artifact_uri=f"{experiment.artifact_location.rstrip('/')}/{key}/artifacts",
    )
    if not named:
        tags = [tag for tag in tags if tag.key != RUN_NAME_TAG] + [Tag(RUN_NAME_TAG, name)]
    set_run_tags(tx, row[0] if row else 0, tags)
    return _answer(tx, tx.one(_GET, workspace=scope.home, run=key) or ())


@operation("mlflow/runs/get", needs=Permission.READ, on=RUN, reach=Reach.WORKSPACE)
def get_run(tx: Transaction, scope: Scope, request: RunId) -> RunAnswer:
    """Get a run and what was logged to it: of each metric its latest value."""
    tx.several()
    key = run_key(request)
    row = tx.one(_GET, workspace=scope.home, run=key)
    if row is None:
        raise run_not_found(key[:80])
    return _answer(tx, row)


class UpdateRun(RunId):
    """What is absent stays as it is."""

    status: RunStatus | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


@operation("mlflow/runs/update", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
def update_run(tx: Transaction, scope: Scope, request: UpdateRun) -> RunInfoAnswer:
    """Change a run's status, end or name."""
    run = locate_active_run(tx, scope, run_key(request))
    name = request.run_name or None
    check_length("run_name", name or "", scope.limits.run_tag_value_length)
    tx.run(
        _UPDATE,
        row=run.row,
        _status=request.status.value if request.status else None,
        _end_time=request.end_time,
        _name=name,
    )
    if name:
        set_run_tags(tx, run.row, [Tag(RUN_NAME_TAG, name)])
    _about(tx, run.row)
    found = tx.one(_GET_INFO, row=run.row)
    return RunInfoAnswer(info_from_row(found or ()))


class DeleteRun(RunId):
    """`is_permanent` leaves nothing to restore; it is Oracle's."""

    is_permanent: bool = False


@operation("mlflow/runs/delete", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
def delete_run(tx: Transaction, scope: Scope, request: DeleteRun) -> Empty:
    """Delete a run. It can be restored until it is collected (`modelkeep gc`)."""
    run = locate_run(tx, scope, run_key(request))
    if request.is_permanent:
        remove_run(tx, run.row, scope.now)
        tx.about(KIND, str(run.row), "")
        return Empty()
    tx.run(_MARK, row=run.row, stage=DELETED, at=scope.now)
    _about(tx, run.row)
    return Empty()


@operation("mlflow/runs/restore", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
def restore_run(tx: Transaction, scope: Scope, request: RunId) -> Empty:
    """Restore a deleted run. One that is not deleted stays as it is."""
    run = locate_run(tx, scope, run_key(request))
    tx.run(_MARK, row=run.row, stage=ACTIVE, at=None)
    _about(tx, run.row)
    return Empty()


def run_key(request: RunId) -> str:
    """The id that a request names its run by."""
    key = request.run_id or request.run_uuid
    if not key:
        raise missing_parameter("run_id")
    return key


def locate_run(tx: Transaction, scope: Scope, key: str) -> LocatedRun:
    """The run with this id in the caller's workspace, if-match held."""
    row = tx.one(_LOCATE_IF_MATCH if tx.conditional else _LOCATE, workspace=scope.home, run=key)
    if row is None:
        raise run_not_found(key[:80])
    if tx.conditional:
        tx.expect(current_etag(tx, str(row[0])))
    return LocatedRun(*row)


def locate_active_run(tx: Transaction, scope: Scope, key: str) -> LocatedRun:
    """The same; raises where it is deleted, for then nothing may be written to it."""
    run = locate_run(tx, scope, key)
    if run.stage != ACTIVE:
        raise not_active("run", key)
    return run


def wrote_to(tx: Transaction, run: LocatedRun) -> None:
    """Say in the record of this write which run it was to."""
    tx.about(DATA_KIND, str(run.row), "")


def state_of_data(tx: Transaction, key: str) -> str:
    """Whether an answer to a write still holds: "" as long as the run is there to be written to."""
    row = tx.one(_STAGE, row=int(key))
    return "" if row and row[0] == ACTIVE else DELETED


def current_etag(tx: Transaction, key: str) -> str:
    """The etag that the run with this row id has now, "" where it is gone.

    It is made of the run's contents: a count of its changes would have to be written with each point of a metric.
    """
    row = tx.one(_GET_BY_ROW, row=int(key))
    return _etag(_encode(load_whole(tx, row))) if row else ""


def _answer(tx: Transaction, row: Row) -> RunAnswer:
    encoded = _encode(load_whole(tx, row))
    tx.about(KIND, str(row[0]), _etag(encoded), str(row[1]))
    return RunAnswer(cast("Run", msgspec.Raw(encoded)))


def _about(tx: Transaction, row: int) -> None:
    tx.about(KIND, str(row), current_etag(tx, str(row)))


def _etag(encoded: bytes) -> str:
    return f'"r{hashlib.blake2b(encoded, digest_size=12).hexdigest()}"'


_encode = msgspec.json.Encoder().encode
