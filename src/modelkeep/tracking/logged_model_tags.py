"""Tags and params of logged models, after their creation."""

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.fields import Tag
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.guards import LOGGED_MODEL
from modelkeep.tracking.logged_model_values import TAGS, check_values, store_params
from modelkeep.tracking.logged_models import LoggedModelId, locate_logged_model, touch_logged_model
from modelkeep.tracking.run_records import Param


class SetLoggedModelTags(LoggedModelId):
    """Tags to set, each over the value that its key had."""

    tags: list[Tag] | None = None


@operation(
    "mlflow/logged-models/{model_id}/tags",
    verb="PATCH",
    writes=True,
    needs=Permission.MANAGE,
    on=LOGGED_MODEL,
    reach=Reach.WORKSPACE,
)
def set_logged_model_tags(tx: Transaction, scope: Scope, request: SetLoggedModelTags) -> Empty:
    """Set tags of a logged model."""
    tags, _ = check_values(request.tags or [], [], scope.limits)
    row = locate_logged_model(tx, scope, request.model_id)
    TAGS.put(tx, tags, row)
    touch_logged_model(tx, row)
    return Empty()


class LoggedModelTagKey(LoggedModelId):
    """A tag of a logged model, by its key."""

    tag_key: str


@operation(
    "mlflow/logged-models/{model_id}/tags/{tag_key}",
    verb="DELETE",
    writes=True,
    needs=Permission.MANAGE,
    on=LOGGED_MODEL,
    reach=Reach.WORKSPACE,
    takes_rest=True,
)
def delete_logged_model_tag(tx: Transaction, scope: Scope, request: LoggedModelTagKey) -> Empty:
    """Delete a tag of a logged model. One that is not there is a 404, as in MLflow."""
    row = locate_logged_model(tx, scope, request.model_id)
    if not TAGS.drop(tx, [request.tag_key], row):
        problem = f"No tag with key {request.tag_key[:250]!r} found for model with ID {request.model_id!r}."
        raise ApiError(ErrorKind.NOT_FOUND, problem)
    touch_logged_model(tx, row)
    return Empty()


class LogLoggedModelParams(LoggedModelId):
    """Params to set. What is set already keeps its value."""

    params: list[Param] | None = None


@operation(
    "mlflow/logged-models/{model_id}/params",
    verb="POST",
    writes=True,
    needs=Permission.MANAGE,
    on=LOGGED_MODEL,
    reach=Reach.WORKSPACE,
)
def log_logged_model_params(tx: Transaction, scope: Scope, request: LogLoggedModelParams) -> Empty:
    """Set params of a logged model, each once: the same value again is no error, another is."""
    _, params = check_values([], request.params or [], scope.limits)
    row = locate_logged_model(tx, scope, request.model_id)
    store_params(tx, row, params)
    touch_logged_model(tx, row)
    return Empty()
