"""Tags of experiments: set, delete, and both in one step."""

from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, missing_parameter
from modelkeep.core.fields import Tag, TagKey, check_key, check_length, check_tag_changes
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiment_tags, experiments
from modelkeep.storage.tag_table import TagTable
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.experiments import ExperimentId, about_experiment, locate_active_experiment
from modelkeep.tracking.guards import EXPERIMENT

_TAGS = TagTable(experiment_tags, "experiment_id")
_TOUCH = Query(
    sa.update(experiments)
    .where(experiments.c.id == sa.bindparam("experiment"))
    .values(revision=experiments.c.revision + 1)
)


class SetExperimentTag(ExperimentId):
    """A tag of an experiment."""

    key: str
    value: str = ""


@operation(
    "mlflow/experiments/set-experiment-tag",
    verb="POST",
    writes=True,
    needs=Permission.MANAGE,
    on=EXPERIMENT,
    reach=Reach.WORKSPACE,
)
def set_experiment_tag(tx: Transaction, scope: Scope, request: SetExperimentTag) -> Empty:
    """Set a tag of an experiment, over the value that it had."""
    check_key(request.key, scope.limits)
    check_length("value", request.value, scope.limits.experiment_tag_value_length)
    _change(tx, scope, request, [Tag(request.key, request.value)], [])
    return Empty()


class DeleteExperimentTag(ExperimentId):
    """A tag of an experiment, by its key."""

    key: str


@operation(
    "mlflow/experiments/delete-experiment-tag",
    verb="POST",
    writes=True,
    needs=Permission.MANAGE,
    on=EXPERIMENT,
    reach=Reach.WORKSPACE,
)
def delete_experiment_tag(tx: Transaction, scope: Scope, request: DeleteExperimentTag) -> Empty:
    """Delete a tag of an experiment. One that is not there is a 404, as in MLflow."""
    if not request.key:
        raise missing_parameter("key")
    if not _change(tx, scope, request, [], [request.key]):
        problem = f"No tag with name: {request.key[:250]} in experiment with id {request.experiment_id}"
        raise ApiError(ErrorKind.NOT_FOUND, problem)
    return Empty()


class UpdateExperimentTags(ExperimentId):
    """An experiment, tags to set and keys to delete."""

    set_tags: list[Tag] | None = None
    delete_tags: list[TagKey] | None = None


@operation(
    "mlflow/internal/experiments/update-experiment-tags",
    verb="POST",
    writes=True,
    needs=Permission.MANAGE,
    on=EXPERIMENT,
    reach=Reach.WORKSPACE,
)
def update_experiment_tags(tx: Transaction, scope: Scope, request: UpdateExperimentTags) -> Empty:
    """Set and delete tags of an experiment in one step: all of it or nothing."""
    longest = scope.limits.experiment_tag_value_length
    changes = check_tag_changes(request.set_tags or [], request.delete_tags or [], scope.limits, value_length=longest)
    _change(tx, scope, request, *changes)
    return Empty()


def _change(tx: Transaction, scope: Scope, request: ExperimentId, tags: Sequence[Tag], deleted: Sequence[str]) -> int:
    """Returns how many of the tags to delete were there."""
    found = locate_active_experiment(tx, scope, request.experiment_id)
    _TAGS.put(tx, tags, found.row)
    dropped = _TAGS.drop(tx, deleted, found.row)
    if dropped or tags:
        tx.run(_TOUCH, experiment=found.row)
    about_experiment(tx, found.row)
    return dropped
