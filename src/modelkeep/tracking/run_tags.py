"""Tags of runs: set, delete, and both in one step."""

from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, missing_parameter
from modelkeep.core.fields import Tag, TagKey, check_key, check_tag_changes
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.query import Query
from modelkeep.storage.schema import runs
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.guards import RUN
from modelkeep.tracking.runs import LocatedRun, RunId, locate_active_run, run_key, wrote_to
from modelkeep.tracking.values import RUN_NAME_TAG, check_run_tags, drop_run_tags, fitted, set_run_tags

_RENAME = Query(sa.update(runs).where(runs.c.id == sa.bindparam("row")).values(name=sa.bindparam("new_name")))


class SetRunTag(RunId):
    """A tag of a run."""

    key: str
    value: str = ""


@operation("mlflow/runs/set-tag", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
def set_run_tag(tx: Transaction, scope: Scope, request: SetRunTag) -> Empty:
    """Set a tag of a run, over the value that it had. The tag mlflow.runName renames the run."""
    check_key(request.key, scope.limits)
    value = fitted("value", request.value, scope.limits.run_tag_value_length, scope.limits)
    put_run_tags(tx, locate_active_run(tx, scope, run_key(request)), [Tag(request.key, value)])
    return Empty()


class DeleteRunTag(RunId):
    """A tag of a run, by its key."""

    key: str


@operation("mlflow/runs/delete-tag", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
def delete_run_tag(tx: Transaction, scope: Scope, request: DeleteRunTag) -> Empty:
    """Delete a tag of a run. One that is not there is a 404, as in MLflow."""
    if not request.key:
        raise missing_parameter("key")
    key = run_key(request)
    run = locate_active_run(tx, scope, key)
    if not drop_run_tags(tx, run.row, [request.key]):
        raise ApiError(ErrorKind.NOT_FOUND, f"No tag with name: {request.key[:250]} in run with id {key}")
    wrote_to(tx, run)
    return Empty()


class UpdateRunTags(RunId):
    """A run, tags to set and keys to delete."""

    set_tags: list[Tag] | None = None
    delete_tags: list[TagKey] | None = None


@operation(
    "mlflow/internal/runs/update-tags", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE
)
def update_run_tags(tx: Transaction, scope: Scope, request: UpdateRunTags) -> Empty:
    """Set and delete tags of a run in one step: all of it or nothing."""
    tags = check_run_tags(request.set_tags or [], scope.limits, "set_tags")
    _, deleted = check_tag_changes(tags, request.delete_tags or [], scope.limits)
    run = locate_active_run(tx, scope, run_key(request))
    put_run_tags(tx, run, tags)
    drop_run_tags(tx, run.row, deleted)
    return Empty()


def put_run_tags(tx: Transaction, run: LocatedRun, tags: Sequence[Tag]) -> None:
    """Set tags, and the run's name where one of them is it. A run has a name: an empty one changes nothing."""
    kept = [tag for tag in tags if tag.key != RUN_NAME_TAG or tag.value]
    for tag in kept:
        if tag.key == RUN_NAME_TAG:
            tx.run(_RENAME, row=run.row, new_name=tag.value)
    set_run_tags(tx, run.row, kept)
    wrote_to(tx, run)
