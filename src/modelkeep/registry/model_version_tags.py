"""Tags of model versions: set, delete, and both in one step."""

from collections.abc import Sequence

from modelkeep.core.fields import Tag, TagKey, check_key, check_tag_changes, check_tags
from modelkeep.core.operation import Empty, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.events import Event, announce
from modelkeep.registry.guards import VERSION
from modelkeep.registry.model_versions import (
    KIND,
    NamedVersion,
    current_etag,
    identity,
    locate_model_version,
    touch_model_version,
)
from modelkeep.registry.tags import RegistryTags
from modelkeep.storage.schema import model_version_tags, model_versions
from modelkeep.storage.transaction import Transaction

_TAGS = RegistryTags(model_version_tags, model_versions, {"model_id": "model_id", "version": "version"})


class SetModelVersionTag(NamedVersion):
    """A tag of a version."""

    key: str
    value: str


@operation("mlflow/model-versions/set-tag", verb="POST", writes=True, needs=Permission.MANAGE, on=VERSION)
def set_model_version_tag(tx: Transaction, scope: Scope, request: SetModelVersionTag) -> Empty:
    """Set a tag of a version, over the value that it had."""
    tags = [Tag(request.key, request.value)]
    check_key(request.key, scope.limits)
    check_tags(tags, scope.limits, "tag")
    _change(tx, scope, request, tags, [])
    return Empty()


class DeleteModelVersionTag(NamedVersion):
    """A tag of a version, by its key."""

    key: str


@operation("mlflow/model-versions/delete-tag", verb="DELETE", writes=True, needs=Permission.MANAGE, on=VERSION)
def delete_model_version_tag(tx: Transaction, scope: Scope, request: DeleteModelVersionTag) -> Empty:
    """Delete a tag of a version. A tag that is not there is no error."""
    check_key(request.key, scope.limits)
    _change(tx, scope, request, [], [request.key])
    return Empty()


class UpdateModelVersionTags(NamedVersion):
    """A version, tags to set and keys to delete."""

    set_tags: list[Tag] | None = None
    delete_tags: list[TagKey] | None = None


@operation("mlflow/internal/model-versions/update-tags", verb="POST", writes=True, needs=Permission.MANAGE, on=VERSION)
def update_model_version_tags(tx: Transaction, scope: Scope, request: UpdateModelVersionTags) -> Empty:
    """Set and delete tags of a version in one step: all of it or nothing."""
    changes = check_tag_changes(request.set_tags or [], request.delete_tags or [], scope.limits)
    _change(tx, scope, request, *changes)
    return Empty()


def _change(tx: Transaction, scope: Scope, request: NamedVersion, tags: Sequence[Tag], deleted: Sequence[str]) -> None:
    model, number, prompt, watched = locate_model_version(tx, scope, request.name, request.version)
    _TAGS.put(tx, tags, model, number)
    dropped = _TAGS.drop(tx, deleted, model, number)
    if dropped or tags:
        touch_model_version(tx, model, number)
    if watched:
        of = {"name": request.name, "version": str(number)}
        for tag in tags:
            event = Event.PROMPT_VERSION_TAG_SET if prompt else Event.VERSION_TAG_SET
            announce(tx, scope, event, model, {**of, "key": tag.key, "value": tag.value})
        for gone in dropped:
            event = Event.PROMPT_VERSION_TAG_DELETED if prompt else Event.VERSION_TAG_DELETED
            announce(tx, scope, event, model, {**of, "key": gone})
    key = identity(model, number)
    tx.about(KIND, key, current_etag(tx, key))
