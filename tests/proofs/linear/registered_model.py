"""One registered model as the checker sees it: versions with stage and tags, aliases, and the last number given."""

from typing import Any, NamedTuple

from tests.proofs.linear.checker import Model


class Version(NamedTuple):
    number: int
    stage: str = "None"
    tags: frozenset[tuple[str, str]] = frozenset()


class State(NamedTuple):
    last: int = 0
    versions: tuple[Version, ...] = ()
    aliases: frozenset[tuple[str, int]] = frozenset()

    def version(self, number: int) -> Version | None:
        return next((version for version in self.versions if version.number == number), None)

    def aliased(self, alias: str) -> int | None:
        return next((number for name, number in self.aliases if name == alias), None)

    def put(self, *changed: Version) -> "State":
        by_number = {version.number: version for version in (*self.versions, *changed)}
        return self._replace(versions=tuple(by_number[number] for number in sorted(by_number)))


ABSENT = "absent"
DONE = "done"


def apply(state: State, call: tuple[Any, ...]) -> tuple[State, Any]:
    """The state after a call, and its answer."""
    name, *arguments = call
    after, answer = _CALLS[name](state, *arguments)
    return after, answer


def _create(state: State, tag: str) -> tuple[State, Any]:
    number = state.last + 1
    return state.put(Version(number, tags=frozenset({("made", tag)})))._replace(last=number), number


def _delete(state: State, number: int) -> tuple[State, Any]:
    if state.version(number) is None:
        return state, ABSENT
    left = tuple(version for version in state.versions if version.number != number)
    return state._replace(versions=left, aliases=_other_than(state, number=number)), DONE


def _set_alias(state: State, alias: str, number: int) -> tuple[State, Any]:
    if state.version(number) is None:
        return state, ABSENT
    return state._replace(aliases=_other_than(state, alias=alias) | {(alias, number)}), DONE


def _delete_alias(state: State, alias: str) -> tuple[State, Any]:
    return state._replace(aliases=_other_than(state, alias=alias)), DONE


def _get_alias(state: State, alias: str) -> tuple[State, Any]:
    return state, state.aliased(alias) or ABSENT


def _other_than(state: State, alias: str = "", number: int = 0) -> frozenset[tuple[str, int]]:
    return frozenset(one for one in state.aliases if one[0] != alias and one[1] != number)


def _stage(state: State, number: int, stage: str) -> tuple[State, Any]:
    """To a stage; what was in it is archived."""
    moved = state.version(number)
    if moved is None:
        return state, ABSENT
    others = [one._replace(stage="Archived") for one in state.versions if one.stage == stage and one is not moved]
    return state.put(*others, moved._replace(stage=stage)), DONE


def _set_tag(state: State, number: int, key: str, value: str) -> tuple[State, Any]:
    return _tagged(state, number, key, frozenset({(key, value)}))


def _delete_tag(state: State, number: int, key: str) -> tuple[State, Any]:
    return _tagged(state, number, key, frozenset())


def _tagged(state: State, number: int, key: str, new: frozenset[tuple[str, str]]) -> tuple[State, Any]:
    version = state.version(number)
    if version is None:
        return state, ABSENT
    others = frozenset(tag for tag in version.tags if tag[0] != key)
    return state.put(version._replace(tags=others | new)), DONE


def _get(state: State, number: int) -> tuple[State, Any]:
    version = state.version(number)
    if version is None:
        return state, ABSENT
    return state, (version.stage, version.tags, frozenset(name for name, held in state.aliases if held == number))


def _get_model(state: State) -> tuple[State, Any]:
    """The aliases, and the newest version of each stage."""
    newest = {version.stage: version.number for version in state.versions}
    return state, (state.aliases, frozenset(newest.items()))


_CALLS: dict[str, Any] = {
    "create": _create,
    "delete": _delete,
    "set alias": _set_alias,
    "delete alias": _delete_alias,
    "get alias": _get_alias,
    "stage": _stage,
    "set tag": _set_tag,
    "delete tag": _delete_tag,
    "get": _get,
    "get model": _get_model,
}


def _reads(call: tuple[Any, ...], answer: Any) -> bool:
    return bool(answer == ABSENT) or str(call[0]).startswith("get")


REGISTERED_MODEL = Model(State(), apply, _reads)
