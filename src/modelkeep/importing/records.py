"""What an MLflow holds, as every source hands it over."""

from typing import NamedTuple

Pair = tuple[str, str]
Point = tuple[str, str, int, int, float, int]
"""Run, name of the metric, timestamp, step, value, and whether it is NaN, which is kept as 0."""


class Experiment(NamedTuple):
    """An experiment and its tags."""

    number: int
    name: str
    location: str
    stage: str
    created_at: int
    updated_at: int
    tags: list[Pair]


class Latest(NamedTuple):
    """The latest value of a metric."""

    key: str
    timestamp: int
    step: int
    value: float
    is_nan: int


class ReadDataset(NamedTuple):
    """A dataset, and what a run used it for."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str
    profile: str
    tags: list[Pair]


class Run(NamedTuple):
    """A run and what was logged to it, but for the history of its metrics.

    `models` has direction (`input` or `output`), id and step of the logged models that it read and made.
    """

    key: str
    experiment: int
    name: str
    user: str
    status: str
    started_at: int
    ended_at: int | None
    stage: str
    deleted_at: int | None
    location: str
    params: list[Pair]
    tags: list[Pair]
    latest: list[Latest]
    datasets: list[ReadDataset]
    models: list[tuple[str, str, int]]


class Measured(NamedTuple):
    """A value that a run measured of a logged model."""

    key: str
    timestamp: int
    step: int
    run: str
    value: float
    is_nan: int
    dataset_name: str
    dataset_digest: str


class LoggedModel(NamedTuple):
    """A logged model and what was logged to it. `status` is the number that MLflow's protocol has for it."""

    key: str
    experiment: int
    name: str
    location: str
    created_at: int
    updated_at: int
    status: int
    status_message: str
    kind: str
    source_run: str
    stage: str
    tags: list[Pair]
    params: list[Pair]
    metrics: list[Measured]


class Model(NamedTuple):
    """A registered model. `last_version` is the number after which the next is counted."""

    name: str
    description: str
    created_at: int
    updated_at: int
    job: str
    last_version: int
    tags: list[Pair]


class Version(NamedTuple):
    """A version of a registered model."""

    model: str
    number: int
    created_at: int
    updated_at: int
    user: str
    stage: str
    description: str
    source: str
    location: str
    run: str
    run_link: str
    logged_model: str
    tags: list[Pair]


class Alias(NamedTuple):
    """A name of a version."""

    model: str
    name: str
    version: int
