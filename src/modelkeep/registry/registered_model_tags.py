"""Tags of registered models: set, delete, and both in one step."""

from collections.abc import Sequence

from modelkeep.core.fields import Tag, TagKey, check_key, check_tag_changes, check_tags
from modelkeep.core.operation import Empty, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.events import Event, announce
from modelkeep.registry.guards import MODEL
from modelkeep.registry.registered_models import (
    NamedModel,
    locate_registered_model,
    touch_registered_model,
)
from modelkeep.registry.tags import RegistryTags
from modelkeep.storage.schema import registered_model_tags, registered_models
from modelkeep.storage.transaction import Transaction

_TAGS = RegistryTags(registered_model_tags, registered_models, {"model_id": "id"})


class SetRegisteredModelTag(NamedModel):
    """A tag of a model."""

    key: str
    value: str


@operation("mlflow/registered-models/set-tag", verb="POST", writes=True, needs=Permission.MANAGE, on=MODEL)
def set_registered_model_tag(tx: Transaction, scope: Scope, request: SetRegisteredModelTag) -> Empty:
    """Set a tag of a model, over the value that it had."""
    tags = [Tag(request.key, request.value)]
    check_key(request.key, scope.limits)
    check_tags(tags, scope.limits, "tag")
    _change(tx, scope, request.name, tags, [])
    return Empty()


class DeleteRegisteredModelTag(NamedModel):
    """A tag of a model, by its key."""

    key: str


@operation("mlflow/registered-models/delete-tag", verb="DELETE", writes=True, needs=Permission.MANAGE, on=MODEL)
def delete_registered_model_tag(tx: Transaction, scope: Scope, request: DeleteRegisteredModelTag) -> Empty:
    """Delete a tag of a model. A tag that is not there is no error."""
    check_key(request.key, scope.limits)
    _change(tx, scope, request.name, [], [request.key])
    return Empty()


class UpdateRegisteredModelTags(NamedModel):
    """A model, tags to set and keys to delete."""

    set_tags: list[Tag] | None = None
    delete_tags: list[TagKey] | None = None


@operation("mlflow/internal/registered-models/update-tags", verb="POST", writes=True, needs=Permission.MANAGE, on=MODEL)
def update_registered_model_tags(tx: Transaction, scope: Scope, request: UpdateRegisteredModelTags) -> Empty:
    """Set and delete tags of a model in one step: all of it or nothing."""
    changes = check_tag_changes(request.set_tags or [], request.delete_tags or [], scope.limits)
    _change(tx, scope, request.name, *changes)
    return Empty()


def _change(tx: Transaction, scope: Scope, name: str, tags: Sequence[Tag], deleted: Sequence[str]) -> None:
    model, prompt, watched = locate_registered_model(tx, scope, name)
    _TAGS.put(tx, tags, model)
    dropped = _TAGS.drop(tx, deleted, model)
    if dropped or tags:
        touch_registered_model(tx, model)
    # MLflow has no events of a model's own tags, only of a prompt's.
    if watched and prompt:
        for tag in tags:
            announce(tx, scope, Event.PROMPT_TAG_SET, model, {"name": name, "key": tag.key, "value": tag.value})
        for gone in dropped:
            announce(tx, scope, Event.PROMPT_TAG_DELETED, model, {"name": name, "key": gone})
