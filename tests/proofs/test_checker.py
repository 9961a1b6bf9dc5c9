"""The linearizability checker finds what it is for: small histories, right and wrong ones."""

import itertools
import math
import random
from typing import Any

import pytest

from tests.proofs.linear.checker import Model, Operation, explain
from tests.proofs.linear.registered_model import ABSENT, DONE, REGISTERED_MODEL, State, apply


def _op(call: tuple[Any, ...], output: Any, invoked: float, returned: float) -> Operation:
    return Operation(call, output, invoked, returned)


def _unknown(call: tuple[Any, ...], invoked: float) -> Operation:
    return Operation(call, None, invoked, math.inf)


def _in_turn(*calls: tuple[tuple[Any, ...], Any]) -> list[Operation]:
    return [_op(call, output, 2 * place, 2 * place + 1) for place, (call, output) in enumerate(calls)]


def _version(stage: str = "None", tag: str = "x", *aliases: str) -> Any:
    return stage, frozenset({("made", tag)}), frozenset(aliases)


_RIGHT = {
    "nothing": [],
    "one after the other": _in_turn(
        (("create", "x"), 1), (("set alias", "a", 1), DONE), (("get alias", "a"), 1), (("delete", 1), DONE),
        (("get alias", "a"), ABSENT), (("create", "y"), 2), (("get", 1), ABSENT),
    ),
    "two at once, answered the other way round": [
        _op(("create", "x"), 2, 0, 10), _op(("create", "y"), 1, 1, 9), _op(("get", 1), _version(tag="y"), 11, 12),
    ],
    "a read beside a write that has either": [
        _op(("create", "x"), 1, 0, 10), _op(("get", 1), ABSENT, 1, 9), _op(("get", 1), _version(), 2, 9.5),
    ],
    "an unknown write that was done later": [
        _unknown(("create", "x"), 0), _op(("get", 1), ABSENT, 1, 2), _op(("get", 1), _version(), 3, 4),
    ],
    "an unknown write that was never done": [_unknown(("create", "x"), 0), _op(("create", "y"), 1, 1, 2)],
    "a stage that archives another": _in_turn(
        (("create", "x"), 1), (("create", "y"), 2), (("stage", 1, "Staging"), DONE), (("stage", 2, "Staging"), DONE),
        (("get", 1), _version("Archived")), (("get", 2), _version("Staging", "y")),
    ),
}  # fmt: skip
_WRONG = {
    "a number twice": _in_turn((("create", "x"), 1), (("create", "y"), 1)),
    "a number twice, at once": [_op(("create", "x"), 1, 0, 10), _op(("create", "y"), 1, 0, 10)],
    "a number left out": _in_turn((("create", "x"), 1), (("create", "y"), 3)),
    "a number given again after its version was deleted": _in_turn(
        (("create", "x"), 1), (("delete", 1), DONE), (("create", "y"), 1)
    ),
    "a lost write": _in_turn((("create", "x"), 1), (("get", 1), ABSENT)),
    "a read of the past": _in_turn(
        (("create", "x"), 1), (("set tag", 1, "made", "y"), DONE), (("get", 1), _version(tag="x"))
    ),
    "two reads that see two writes in two orders": [
        _op(("create", "x"), 1, 0, 1),
        _op(("set tag", 1, "made", "y"), DONE, 2, 10), _op(("set tag", 1, "made", "z"), DONE, 2, 10),
        _op(("get", 1), _version(tag="y"), 3, 4), _op(("get", 1), _version(tag="z"), 5, 6),
        _op(("get", 1), _version(tag="y"), 7, 8),
    ],
    "an alias that points to what was deleted": _in_turn(
        (("create", "x"), 1), (("set alias", "a", 1), DONE), (("delete", 1), DONE), (("get alias", "a"), 1)
    ),
    "half a stage: two in one": _in_turn(
        (("create", "x"), 1), (("create", "y"), 2), (("stage", 1, "Staging"), DONE), (("stage", 2, "Staging"), DONE),
        (("get", 1), _version("Staging")),
    ),
    "a version deleted twice": _in_turn((("create", "x"), 1), (("delete", 1), DONE), (("delete", 1), DONE)),
    "an unknown write done twice": [
        _op(("create", "x"), 1, 0, 1), _unknown(("set tag", 1, "made", "y"), 2),
        _op(("get", 1), _version(tag="y"), 3, 4), _op(("set tag", 1, "made", "z"), DONE, 5, 6),
        _op(("get", 1), _version(tag="y"), 7, 8),
    ],
}  # fmt: skip


@pytest.mark.parametrize("history", _RIGHT.values(), ids=_RIGHT)
def test_a_right_history_is_explained(history: list[Operation]) -> None:
    order = explain(REGISTERED_MODEL, history)
    assert order is not None
    assert {one for one in history if not one.unknown} <= set(order)


@pytest.mark.parametrize("history", _WRONG.values(), ids=_WRONG)
def test_a_wrong_history_is_not(history: list[Operation]) -> None:
    assert explain(REGISTERED_MODEL, history) is None


@pytest.mark.parametrize("seed", range(300))
def test_it_agrees_with_trying_every_order(seed: int) -> None:
    """On small random histories of a register, of which about half are right."""
    source = random.Random(seed)
    history = []
    for _ in range(source.randint(1, 6)):
        invoked = source.uniform(0, 10)
        call = source.choice([("write", source.randint(1, 2)), ("read",)])
        output = None if call[0] == "write" else source.randint(0, 2)
        unknown = call[0] == "write" and source.random() < 0.2
        history.append(_op(call, output, invoked, math.inf if unknown else invoked + source.uniform(0, 5)))
    assert (explain(_REGISTER, history) is not None) == _by_every_order(history)


def _write_or_read(state: int, call: tuple[Any, ...]) -> tuple[int, Any]:
    return (call[1], None) if call[0] == "write" else (state, state)


_REGISTER: Model[int] = Model(0, _write_or_read, lambda call, answer: call[0] == "read")


def _by_every_order(history: list[Operation]) -> bool:
    unknown = [one for one in history if one.unknown]
    for count in range(len(unknown) + 1):
        for left_out in itertools.combinations(unknown, count):
            kept = [one for one in history if one not in left_out]
            if any(_explains(order) for order in itertools.permutations(kept)):
                return True
    return False


def _explains(order: tuple[Operation, ...]) -> bool:
    state = 0
    for place, one in enumerate(order):
        if any(later.returned < one.invoked for later in order[place + 1 :]):
            return False
        state, output = _write_or_read(state, one.input)
        if not one.unknown and output != one.output:
            return False
    return True


@pytest.mark.parametrize("seed", range(20))
def test_a_spoilt_answer_in_a_long_history_is_found(seed: int) -> None:
    """A history as it is recorded, right by construction; one answer of it is then changed."""
    source = random.Random(seed)
    history = _simulated(source, 300)
    assert explain(REGISTERED_MODEL, history) is not None
    created = [place for place, one in enumerate(history) if one.input[0] == "create"]
    spoilt = source.choice(created[1:])
    history[spoilt] = history[spoilt]._replace(output=history[created[0]].output)
    assert explain(REGISTERED_MODEL, history) is None


def _simulated(source: random.Random, count: int) -> list[Operation]:
    """Eight clients whose calls take effect at a random moment between the asking and the answer."""
    state = State()
    calls = [
        ("create", "x"),
        ("set alias", "a", 1),
        ("get alias", "a"),
        ("get", 2),
        ("set tag", 2, "k", "v"),
        ("delete", 1),
    ]
    moments = sorted(source.uniform(0, count / 8) for _ in range(count))
    history = []
    for moment in moments:
        call = source.choice(calls)
        state, output = apply(state, call)
        history.append(_op(call, output, moment - source.uniform(0, 1), moment + source.uniform(0, 1)))
    return history
