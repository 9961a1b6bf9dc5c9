"""The records of the reference, and what is seen of them."""

from dataclasses import dataclass, field
from typing import Any

Subject = tuple[str, int, Any]
"""Kind, identity and revision of what an answer is about. Equal ones have one etag, others have others."""


class Refused(Exception):
    """An error: MLflow's status and code, and Oracle's status where it is another."""

    def __init__(self, status: int, code: str, oracle: int = 0) -> None:
        super().__init__(status, code)
        self.status, self.code, self.oracle = status, code, oracle or status


def not_found() -> Refused:
    return Refused(404, "RESOURCE_DOES_NOT_EXIST")


def exists() -> Refused:
    return Refused(400, "RESOURCE_ALREADY_EXISTS", 409)


def invalid() -> Refused:
    return Refused(400, "INVALID_PARAMETER_VALUE")


def alias_not_found() -> Refused:
    return Refused(400, "INVALID_PARAMETER_VALUE", 404)


def conflict(status: int) -> Refused:
    """A retry token that holds no more (409), or an etag that is not that of now (412)."""
    return Refused(status, "RESOURCE_CONFLICT")


@dataclass(eq=False)
class Version:
    number: int
    description: str
    source: str
    run: str
    tags: dict[str, str]
    stage: str = "None"
    revision: int = 1


@dataclass(eq=False)
class Model:
    identity: int
    name: str
    description: str
    tags: dict[str, str]
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    last: int = 0
    revision: int = 1

    @property
    def subject(self) -> Subject:
        return "model", self.identity, self.revision

    def subject_of(self, version: Version) -> Subject:
        return "version", self.identity * 1_000 + version.number, version.revision

    def latest(self) -> list[Version]:
        newest = {self.versions[number].stage: self.versions[number] for number in sorted(self.versions)}
        return list(newest.values())

    def view(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "description": self.description,
            "tags": dict(self.tags),
            "aliases": dict(self.aliases),
            "latest": sorted((version.stage, version.number) for version in self.latest()),
        }

    def view_of(self, version: Version) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": version.number,
            "stage": version.stage,
            "description": version.description,
            "source": version.source,
            "run": version.run,
            "tags": dict(version.tags),
            "aliases": sorted(alias for alias, number in self.aliases.items() if number == version.number),
        }


@dataclass(eq=False)
class Experiment:
    identity: int
    name: str
    tags: dict[str, str]
    stage: str = "active"
    revision: int = 1

    @property
    def subject(self) -> Subject:
        return "experiment", self.identity, self.revision

    @property
    def symbol(self) -> str:
        return f"exp:{self.identity % 1_000}"

    def view(self) -> dict[str, Any]:
        return {"id": self.symbol, "name": self.name, "stage": self.stage, "tags": dict(self.tags)}


@dataclass(eq=False)
class Run:
    identity: int
    experiment: Experiment
    name: str
    start: int
    tags: dict[str, str]
    status: str = "RUNNING"
    end: int | None = None
    stage: str = "active"
    params: dict[str, str] = field(default_factory=dict)
    points: dict[str, set[tuple[int, int, float]]] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        # The etag of a run is made of what is seen of it.
        return "run", self.identity, repr(self.view())

    def info(self) -> dict[str, Any]:
        return {
            "id": f"run:{self.identity % 1_000}",
            "experiment": self.experiment.symbol,
            "name": self.name,
            "status": self.status,
            "start": self.start,
            "end": self.end,
            "stage": self.stage,
        }

    def view(self) -> dict[str, Any]:
        return {
            **self.info(),
            "tags": dict(sorted(self.tags.items())),
            "params": dict(sorted(self.params.items())),
            "metrics": {key: max(points) for key, points in sorted(self.points.items())},
        }


@dataclass
class Tenant:
    """Everything of one platform and its one workspace. Identities are unique on the server: its number comes first."""

    number: int
    models: dict[str, Model] = field(default_factory=dict)
    experiments: list[Experiment] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    made: int = 0

    def __post_init__(self) -> None:
        self.experiments.append(Experiment(self.number * 1_000, "Default", {}))
