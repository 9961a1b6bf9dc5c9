"""What runs read and made: datasets and logged models.

Models are kept by the ids that they are given with: they may be of another server.
"""

from collections.abc import Sequence

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.fields import check_length
from modelkeep.core.limits import Limits
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.schema import run_models
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.datasets import check_dataset_inputs, store_dataset_inputs
from modelkeep.tracking.guards import RUN
from modelkeep.tracking.run_records import DatasetInput, ModelInput, ModelOutput
from modelkeep.tracking.runs import RunId, locate_active_run, run_key, wrote_to

# As long as the column that keeps them.
_MODEL_ID_LENGTH = 64

_INSERT = BulkInsert(run_models, ("run_id", "direction", "model_key", "step"), ignore_known)


class LogInputs(RunId):
    """MLflow's clients send `datasets` and `models`, Oracle's `dataset_inputs`."""

    datasets: list[DatasetInput] | None = None
    dataset_inputs: list[DatasetInput] | None = None
    models: list[ModelInput] | None = None


@operation("mlflow/runs/log-inputs", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
def log_inputs(tx: Transaction, scope: Scope, request: LogInputs) -> Empty:
    """Log datasets and models that a run read. What is logged already stays as it is, with its tags."""
    datasets, further, models = request.datasets or [], request.dataset_inputs or [], request.models or []
    check_dataset_inputs(datasets, scope.limits, "datasets")
    check_dataset_inputs(further, scope.limits, "dataset_inputs")
    _check_models(models, scope.limits)
    run = locate_active_run(tx, scope, run_key(request))
    if datasets or further:
        store_dataset_inputs(tx, run, [*datasets, *further])
    tx.insert(_INSERT, sorted((run.row, "input", model.model_id, 0) for model in models))
    wrote_to(tx, run)
    return Empty()


class LogOutputs(RunId):
    """Logged models that a run made, each with the step at which it did."""

    models: list[ModelOutput]


@operation("mlflow/runs/outputs", verb="POST", writes=True, needs=Permission.MANAGE, on=RUN, reach=Reach.WORKSPACE)
def log_outputs(tx: Transaction, scope: Scope, request: LogOutputs) -> Empty:
    """Log models that a run made. The same model at the same step again is no error."""
    if not request.models:
        raise missing_parameter("models")
    _check_models(request.models, scope.limits)
    run = locate_active_run(tx, scope, run_key(request))
    tx.insert(_INSERT, sorted((run.row, "output", model.model_id, model.step) for model in request.models))
    wrote_to(tx, run)
    return Empty()


def _check_models(models: Sequence[ModelInput | ModelOutput], limits: Limits) -> None:
    if len(models) > limits.datasets_per_request:
        raise invalid_parameter("models", f"{len(models)} were given, {limits.datasets_per_request} are allowed.")
    for place, model in enumerate(models):
        if not model.model_id:
            raise missing_parameter(f"models[{place}].model_id")
        check_length(f"models[{place}].model_id", model.model_id, _MODEL_ID_LENGTH)
