"""A run as both dialects answer it."""

from enum import Enum

import msgspec

from modelkeep.core.fields import Int64, Tag, Timestamp


class RunStatus(Enum):
    """How far a run has come."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"
    # Oracle's clients know it; MLflow's do not.
    INTERNAL_ERROR = "INTERNAL_ERROR"


class Metric(msgspec.Struct, gc=False):
    """A value of a metric. What is no finite number is the string NaN, Infinity or -Infinity."""

    key: str
    value: float | str
    timestamp: Timestamp = 0
    step: int = 0


class Param(msgspec.Struct):
    """A param and its value."""

    key: str
    value: str = ""


class RunInfo(msgspec.Struct, gc=False):
    """What a run is. `end_time` is absent while it runs; `run_uuid` is an older name of `run_id`."""

    run_id: str
    run_uuid: str
    run_name: str
    experiment_id: str
    user_id: str
    status: RunStatus
    start_time: Timestamp
    artifact_uri: str
    lifecycle_stage: str
    end_time: Timestamp | msgspec.UnsetType = msgspec.UNSET


class RunData(msgspec.Struct):
    """What was logged: of each metric its latest value."""

    metrics: list[Metric]
    params: list[Param]
    tags: list[Tag]


class Dataset(msgspec.Struct):
    """Data that a run read. `schema` and `profile` are texts of its client's."""

    name: str
    digest: str
    source_type: str = ""
    source: str = ""
    schema: str | None = None
    profile: str | None = None


class DatasetInput(msgspec.Struct):
    """A dataset and what it was used for."""

    dataset: Dataset
    tags: list[Tag] = []


class ModelInput(msgspec.Struct):
    """A logged model that a run read."""

    model_id: str


class ModelOutput(msgspec.Struct):
    """A logged model that a run made, and at which step."""

    model_id: str
    step: Int64 = 0


class RunInputs(msgspec.Struct):
    """What a run read."""

    dataset_inputs: list[DatasetInput]
    model_inputs: list[ModelInput]


class RunOutputs(msgspec.Struct):
    """What a run made."""

    model_outputs: list[ModelOutput]


class Run(msgspec.Struct):
    """A run, as both dialects answer it."""

    info: RunInfo
    data: RunData
    inputs: RunInputs
    outputs: RunOutputs


def metric_value(value: float, is_nan: int) -> float | str:
    """As JSON can have it."""
    if is_nan:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def nullable_metric_value(value: float | None) -> float | str:
    """The same of a value that is None for NaN."""
    return "NaN" if value is None else metric_value(value, 0)
