"""Models as MLflow 2 logs them: a list in a tag of their run, from which its pages and clients read them."""

import json
from typing import Any

import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter, too_long
from modelkeep.core.fields import Tag
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.query import Query
from modelkeep.storage.schema import run_tags
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.guards import RUN
from modelkeep.tracking.runs import RunId, locate_active_run, run_key, wrote_to
from modelkeep.tracking.values import set_run_tags

_HISTORY_TAG = "mlflow.log-model.history"
_MANDATORY = ("artifact_path", "flavors", "run_id", "utc_time_created")
_KEPT = ("run_id", "artifact_path", "utc_time_created", "model_uuid")

_HISTORY = Query(
    sa.select(run_tags.c.value).where(run_tags.c.run_id == sa.bindparam("row"), run_tags.c.key == _HISTORY_TAG)
)


class LogModel(RunId):
    """`model_json` is what the model's file `MLmodel` says, as JSON."""

    model_json: str


@operation("mlflow/runs/log-model", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
def log_model(tx: Transaction, scope: Scope, request: LogModel) -> Empty:
    """Note a model among those that a run logged. Where the list would be too long, its oldest are left out."""
    entry = json.dumps(_entry(request.model_json))
    longest = scope.limits.tag_value_length
    if len(entry) + 2 > longest:
        raise too_long("model_json", len(entry) + 2, longest)
    run = locate_active_run(tx, scope, run_key(request))
    known = tx.one(_HISTORY, row=run.row)
    history = [*(_models(known[0]) if known else ()), entry]
    # Cut in the middle it would be no JSON, and no client could read any of it.
    while sum(len(model) + 2 for model in history) > longest:
        del history[0]
    set_run_tags(tx, run.row, [Tag(_HISTORY_TAG, f"[{', '.join(history)}]")])
    wrote_to(tx, run)
    return Empty()


def _entry(model_json: str) -> dict[str, Any]:
    if not model_json:
        raise missing_parameter("model_json")
    try:
        model = json.loads(model_json)
    except (ValueError, RecursionError):
        raise invalid_parameter("model_json", f"{model_json[:200]!r} is no valid JSON.") from None
    if not isinstance(model, dict):
        raise invalid_parameter("model_json", "it must be a JSON object.")
    if missing := [field for field in _MANDATORY if field not in model]:
        raise invalid_parameter("model_json", f"it is missing mandatory fields: {', '.join(missing)}.")
    if not isinstance(model["flavors"], dict):
        raise invalid_parameter("model_json", "its 'flavors' must be an object.")
    return {field: model[field] for field in _KEPT if field in model} | {
        "flavors": {name: _without_config(flavor) for name, flavor in model["flavors"].items()}
    }


def _without_config(flavor: Any) -> Any:
    """A flavor's `config` may be as large as its library likes, and nobody looks for it here."""
    return {key: value for key, value in flavor.items() if key != "config"} if isinstance(flavor, dict) else flavor


def _models(text: str) -> list[str]:
    """The entries of a list, each as its JSON; none where somebody has put something else into the tag."""
    try:
        models = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [json.dumps(model) for model in models] if isinstance(models, list) else []
