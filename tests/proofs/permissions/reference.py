"""The reference: who was granted what on what, and what each call must therefore be answered."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ROOT, DEFAULT = "root", "default"
READ, MANAGE, ADMIN = 1, 2, 3
WORKSPACES = (DEFAULT, "lab")

Resource = tuple[str, ...]
"""`("platform",)`, `("workspace", "lab")`, `("model", "m0")` or `("experiment", "lab", "1")`."""
Grantee = tuple[str, str]
"""USER, GROUP or ROLE, and a name."""


class Step(NamedTuple):
    """One request by `who`, on the path of `workspace`; in MLflow's dialect where that is `default` and `mlflow`."""

    who: str
    call: str
    fields: dict[str, Any]
    workspace: str = DEFAULT
    mlflow: bool = False


class Expected(NamedTuple):
    """Status, MLflow's error code, and what the answer says."""

    status: int
    code: str = ""
    seen: Any = None


class _Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.expected = Expected(status, code)


def _hidden() -> _Refused:
    return _Refused(404, "RESOURCE_DOES_NOT_EXIST")


def _forbidden() -> _Refused:
    return _Refused(403, "PERMISSION_DENIED")


@dataclass
class Reference:
    """One platform with two workspaces."""

    key: str
    grants: dict[Resource, dict[Grantee, int]] = field(default_factory=dict)
    members: dict[Grantee, set[Grantee]] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    """The workspace that each was created in."""
    versions: dict[str, int] = field(default_factory=dict)
    experiments: dict[str, list[str]] = field(default_factory=lambda: {name: ["Default"] for name in WORKSPACES})
    runs: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        creator = {("USER", ROOT): ADMIN}
        self.grants = {("platform",): creator.copy(), ("workspace", "lab"): creator.copy()}

    def take(self, step: Step) -> Expected:
        """Answer a step."""
        try:
            self._enter(step)
            return Expected(200, "", _CALLS[step.call](self, step))
        except _Refused as refused:
            return refused.expected

    def _enter(self, step: Step) -> None:
        """Whoever sees nothing of a platform or a workspace is not told that it is there."""
        if step.call in ("join", "leave"):
            return
        if not self._sees_platform(step.who):
            raise _hidden()
        if step.call not in _OF_PLATFORM and not _of_platform(step) and not self.reaches(step.who, step.workspace):
            raise _hidden()

    def callers(self, who: str) -> set[Grantee]:
        """By what grants may name a user: itself, its groups and roles, and the roles of its groups."""
        names: set[Grantee] = {("USER", who)}
        while more := {one for one, inside in self.members.items() if inside & names} - names:
            names |= more
        return names

    def granted(self, who: str, on: Resource) -> int:
        given = self.grants.get(on, {})
        return max((given.get(one, 0) for one in self.callers(who)), default=0)

    def above(self, on: Resource) -> Iterable[Resource]:
        """What a resource is in."""
        if on[0] == "model":
            yield "workspace", self.models[on[1]]
        if on[0] == "experiment":
            yield "workspace", on[1]
        if on[0] != "platform":
            yield ("platform",)

    def level(self, who: str, on: Resource) -> int:
        """The highest grant counts, there or above."""
        return ADMIN if who == ROOT else max(self.granted(who, one) for one in (on, *self.above(on)))

    def reaches(self, who: str, workspace: str) -> bool:
        """Whether anything of a workspace may be seen; `default` may be where anything of the platform may."""
        if self.level(who, ("platform",)):
            return True
        within = {self._workspace_of(on) for on in self.grants if on != ("platform",) and self.granted(who, on)}
        return workspace in within or (workspace == DEFAULT and bool(within))

    def _sees_platform(self, who: str) -> bool:
        return any(self.reaches(who, workspace) for workspace in WORKSPACES)

    def _workspace_of(self, on: Resource) -> str:
        return self.models[on[1]] if on[0] == "model" else on[1]

    def check(self, who: str, on: Resource, needs: int) -> None:
        """Refuse unless the caller has so much; what it has nothing on is not there, unless it may be seen anyway."""
        if on[0] == "model" and on[1] not in self.models:
            raise _hidden()
        if on[0] == "experiment" and int(on[2]) >= len(self.experiments[on[1]]):
            raise _hidden()
        held = self.level(who, on)
        if not held and (on[0] in ("model", "experiment") or (on[0] == "workspace" and not self.reaches(who, on[1]))):
            raise _hidden()
        if held < needs:
            raise _forbidden()

    def seen_models(self, who: str) -> list[str]:
        return sorted(name for name in self.models if self.level(who, ("model", name)))

    def seen_experiments(self, who: str, workspace: str) -> list[int]:
        numbers = range(len(self.experiments[workspace]))
        return [number for number in numbers if self.level(who, ("experiment", workspace, str(number)))]


def _of_platform(step: Step) -> bool:
    return step.call in ("grant", "permissions") and step.fields["on"][0] in ("platform", "workspace")


def _grant(reference: Reference, step: Step) -> None:
    """What is revoked goes first, with what includes it; what is assigned adds."""
    on, fields = tuple(step.fields["on"]), step.fields
    reference.check(step.who, on, ADMIN)
    given, grantee = reference.grants.setdefault(on, {}), tuple(fields["to"])
    if fields.get("revoke") and given.get(grantee, 0) >= fields["revoke"]:
        del given[grantee]
    if fields.get("assign"):
        given[grantee] = max(given.get(grantee, 0), fields["assign"])


def _permissions(reference: Reference, step: Step) -> list[Any]:
    on = tuple(step.fields["on"])
    reference.check(step.who, on, READ)
    return sorted(
        (*grantee, level, one != on)
        for one in (on, *reference.above(on))
        for grantee, level in reference.grants.get(one, {}).items()
    )


def _join(reference: Reference, step: Step) -> None:
    _only_root(step)
    reference.members.setdefault(tuple(step.fields["into"]), set()).add(tuple(step.fields["member"]))


def _leave(reference: Reference, step: Step) -> None:
    _only_root(step)
    inside = reference.members.get(tuple(step.fields["into"]), set())
    if tuple(step.fields["member"]) not in inside:
        raise _hidden()
    inside.discard(tuple(step.fields["member"]))


def _only_root(step: Step) -> None:
    if step.who != ROOT:
        raise _forbidden()


def _create_model(reference: Reference, step: Step) -> str:
    name = step.fields["name"]
    reference.check(step.who, ("workspace", step.workspace), MANAGE)
    if name in reference.models:
        raise _Refused(400 if step.mlflow else 409, "RESOURCE_ALREADY_EXISTS")
    reference.models[name], reference.versions[name] = step.workspace, 0
    reference.grants["model", name] = {("USER", step.who): ADMIN}
    return str(name)


def _delete_model(reference: Reference, step: Step) -> None:
    name = step.fields["name"]
    reference.check(step.who, ("model", name), MANAGE)
    del reference.models[name], reference.versions[name], reference.grants["model", name]


def _create_version(reference: Reference, step: Step) -> int:
    name = step.fields["name"]
    reference.check(step.who, ("model", name), MANAGE)
    reference.versions[name] += 1
    return reference.versions[name]


def _create_experiment(reference: Reference, step: Step) -> None:
    known = reference.experiments[step.workspace]
    reference.check(step.who, ("workspace", step.workspace), MANAGE)
    if step.fields["name"] in known:
        raise _Refused(400 if step.mlflow else 409, "RESOURCE_ALREADY_EXISTS")
    reference.grants["experiment", step.workspace, str(len(known))] = {("USER", step.who): ADMIN}
    known.append(step.fields["name"])


def _create_run(reference: Reference, step: Step) -> None:
    number = step.fields["experiment"]
    reference.check(step.who, ("experiment", step.workspace, str(number)), MANAGE)
    reference.runs[step.workspace, number] = reference.runs.get((step.workspace, number), 0) + 1


def _on_model(needs: int) -> "_Call":
    return lambda reference, step: reference.check(step.who, ("model", step.fields["name"]), needs)


def _on_experiment(needs: int) -> "_Call":
    return lambda reference, step: reference.check(
        step.who, ("experiment", step.workspace, str(step.fields["experiment"])), needs
    )


def _versions(reference: Reference, step: Step) -> list[Any]:
    seen = reference.seen_models(step.who)
    return [(name, number) for name in seen for number in range(1, reference.versions[name] + 1)]


def _count(reference: Reference, step: Step) -> tuple[int, int]:
    return len(reference.seen_models(step.who)), len(_versions(reference, step))


def _runs(reference: Reference, step: Step) -> list[int]:
    """The experiment of each run."""
    seen = reference.seen_experiments(step.who, step.workspace)
    return [number for number in seen for _ in range(reference.runs.get((step.workspace, number), 0))]


_Call = Callable[[Reference, Step], Any]
_CALLS: dict[str, _Call] = {
    "grant": _grant,
    "permissions": _permissions,
    "join": _join,
    "leave": _leave,
    "create model": _create_model,
    "get model": _on_model(READ),
    "tag model": _on_model(MANAGE),
    "delete model": _delete_model,
    "create version": _create_version,
    "create experiment": _create_experiment,
    "get experiment": _on_experiment(READ),
    "tag experiment": _on_experiment(MANAGE),
    "create run": _create_run,
    "models": lambda reference, step: reference.seen_models(step.who),
    "versions": _versions,
    "count": _count,
    "experiments": lambda reference, step: reference.seen_experiments(step.who, step.workspace),
    "runs": _runs,
    "workspaces": lambda reference, step: sorted(one for one in WORKSPACES if reference.reaches(step.who, one)),
}
_OF_PLATFORM = {"workspaces"}
LISTS = ("models", "versions", "count", "experiments", "runs")
