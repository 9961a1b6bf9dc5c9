"""Random sequences: grants given, changed and taken, by whoever may and whoever may not, and work between them."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.proofs.permissions.reference import DEFAULT, LISTS, ROOT, WORKSPACES, Step
from tests.proofs.permissions.target import GROUP, MODELS, ROLE, USERS
from tests.proofs.weights import weighted

_WORKSPACES = st.sampled_from(WORKSPACES)
_NUMBERS = st.integers(0, 2)
_MODELS = st.sampled_from(MODELS)
_LEVELS = st.sampled_from([0, 1, 2, 3])
_RESOURCES = st.one_of(
    st.just(("platform",)),
    st.tuples(st.just("workspace"), _WORKSPACES),
    st.tuples(st.just("model"), _MODELS),
    st.tuples(st.just("experiment"), _WORKSPACES, _NUMBERS.map(str)),
)
_TO_USER = st.sampled_from(USERS).map(lambda name: ("USER", name))
_TO_ALL = st.sampled_from([("GROUP", GROUP), ("ROLE", ROLE)])
_GRANTS = st.fixed_dictionaries(
    {"on": _RESOURCES, "to": st.one_of(_TO_USER, _TO_ALL), "assign": _LEVELS, "revoke": _LEVELS}
).filter(lambda fields: fields["assign"] or fields["revoke"])
_MEMBERS = st.one_of(
    st.fixed_dictionaries({"into": _TO_ALL, "member": _TO_USER}),
    st.just({"into": ("ROLE", ROLE), "member": ("GROUP", GROUP)}),
)


def _fields(**named: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(named)


_MODEL, _EXPERIMENT = _fields(name=_MODELS), _fields(experiment=_NUMBERS)
_WORK = {
    "create model": _MODEL,
    "get model": _MODEL,
    "tag model": _MODEL,
    "delete model": _MODEL,
    "create version": _MODEL,
    "create experiment": _fields(name=st.sampled_from(["e0", "e1"])),
    "get experiment": _EXPERIMENT,
    "tag experiment": _EXPERIMENT,
    "create run": _EXPERIMENT,
    "permissions": _fields(on=_RESOURCES),
    "workspaces": st.just({}),
    **dict.fromkeys(LISTS, st.just({})),
}
_ANY = st.sampled_from([*USERS, *USERS, ROOT])


def _steps(call: str, fields: SearchStrategy[dict[str, Any]], who: SearchStrategy[str] = _ANY) -> SearchStrategy[Step]:
    return st.builds(Step, who, st.just(call), fields, _WORKSPACES, st.booleans()).map(_spoken)


def _spoken(step: Step) -> Step:
    """An experiment is named on its workspace's path. MLflow's dialect knows one workspace, and has no counts."""
    on = step.fields.get("on", ("",))
    if on[0] == "experiment":
        step = step._replace(workspace=on[1])
    return step._replace(mlflow=step.mlflow and step.workspace == DEFAULT and step.call != "count")


_LATER = 5
_MAY = st.sampled_from([ROOT, ROOT, *USERS])
_STEP = weighted(
    (6, _steps("grant", _GRANTS, _MAY)),
    (2, _steps("join", _MEMBERS, _MAY)),
    (2, _steps("leave", _MEMBERS, _MAY)),
    *((1, _steps(call, fields)) for call, fields in _WORK.items()),
)

# So that most steps meet something.
_FIRST = [
    Step(ROOT, "create model", {"name": MODELS[0]}, "lab"),
    Step(ROOT, "create version", {"name": MODELS[0]}),
    Step(ROOT, "create experiment", {"name": "e0"}, "lab"),
    Step(ROOT, "create run", {"experiment": 1}, "lab"),
    Step(ROOT, "create run", {"experiment": 0}),
    Step(ROOT, "join", {"into": ("GROUP", GROUP), "member": ("USER", "u0")}),
    Step(ROOT, "join", {"into": ("ROLE", ROLE), "member": ("USER", "u1")}),
]


def permission_sequences(most: int = 50) -> SearchStrategy[list[Step]]:
    """Steps of an administrator and three users on one platform."""
    return st.lists(_STEP, min_size=20, max_size=most).map(lambda steps: _FIRST + _taken_again(steps))


def _taken_again(steps: list[Step]) -> list[Step]:
    """What was granted alone is revoked some steps later, as it was granted: random steps seldom do just that."""
    found: list[Step] = []
    for place, step in enumerate(steps):
        found.append(step)
        earlier = steps[place - _LATER] if place >= _LATER else None
        if earlier and earlier.call == "grant" and not earlier.fields["revoke"]:
            level = earlier.fields["assign"]
            found.append(Step(ROOT, "grant", {**earlier.fields, "assign": 0, "revoke": level}, earlier.workspace))
    return found


def everything_seen() -> list[Step]:
    """Every list and count, by each user in each workspace."""
    lists = [Step(who, call, {}, place) for who in (ROOT, *USERS) for place in WORKSPACES for call in LISTS]
    return lists + [Step(who, "workspaces", {}) for who in USERS]
