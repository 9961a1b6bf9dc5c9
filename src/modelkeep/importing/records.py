"""What an MLflow holds, as every source hands it over.

What only this server's own archives know comes last in each record and has a default: what holds where a source does
not say.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
Pair = tuple[str, str]
Point = tuple[str, str, int, int, float, int]
"""Run, name of the metric, timestamp, step, value, and whether it is NaN, which is kept as 0."""


class Platform(NamedTuple):
    """A platform. Only archives have platforms."""

    key: str
    description: str
    artifact_root: str
    trace_location: str
    trace_retention: str
    created_at: int
    updated_at: int
    created_by: str
    revision: int


class Workspace(NamedTuple):
    """A workspace of a platform. Only archives have workspaces.

    `number` is the row id that it had, by which its artifacts' root was named. After `last_experiment` the next
    experiment is numbered.
    """

    platform: str
    key: str
    number: int
    display_name: str
    description: str
    kind: str
    catalog: str
    created_at: int
    updated_at: int
    created_by: str
    updated_by: str
    last_experiment: int
    revision: int


class Experiment(NamedTuple):
    """An experiment and its tags."""

    number: int
    name: str
    location: str
    stage: str
    created_at: int
    updated_at: int
    tags: list[Pair]
    revision: int = 1


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
    deleted_at: int | None = None
    revision: int = 1


class Model(NamedTuple):
    """A registered model. `last_version` is the number after which the next is counted.

    `workspace` is the key of the one that it was made in: "" for the platform itself and where it is gone, None for the
    one that is imported into.
    """

    name: str
    description: str
    created_at: int
    updated_at: int
    job: str
    last_version: int
    tags: list[Pair]
    user: str = ""
    workspace: str | None = None
    revision: int = 1


class Version(NamedTuple):
    """A version of a registered model.

    `workspace` is the key of the one that it came from: "" where that is gone, None for the one that is imported into.
    """

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
    workspace: str | None = None
    revision: int = 1


class Alias(NamedTuple):
    """A name of a version."""

    model: str
    name: str
    version: int


class Webhook(NamedTuple):
    """A webhook. `locked` has a secret that could not be read; `events` are as they are kept here."""

    key: str
    name: str
    description: str
    url: str
    status: str
    secret: str
    locked: bool
    events: list[str]
    created_at: int
    updated_at: int


def record(kind: Callable[..., T], *values: Any) -> T:
    """A record of values in the order of its fields, such as a row has them; those that are missing have defaults."""
    return kind(*values)
