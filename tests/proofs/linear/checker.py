"""Whether a history is linearizable: whether one order of its operations explains every answer.

The order must keep what the clients could see: an operation that was answered before another was sent comes first.
The search is Wing's and Gong's: take any operation that no other precedes, see whether the model could have answered
so, go on with the rest, and come back where that leads nowhere. As in Lowe's improvement, what was taken already and
the state it led to are remembered, for another way to the same place leads nowhere as well; a read is taken
as soon as it fits.
"""

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)


class Operation(NamedTuple):
    """One call. `returned` is infinite and `output` None where it is not known whether it was done."""

    input: tuple[Any, ...]
    output: Any
    invoked: float
    returned: float

    @property
    def unknown(self) -> bool:
        return self.returned == math.inf


class Model(NamedTuple, Generic[S]):
    """What one client alone would see: the state after a call and its answer.

    `reads` says whether a call that was answered so changes nothing in any state.
    """

    start: S
    apply: Callable[[S, tuple[Any, ...]], tuple[S, Any]]
    reads: Callable[[tuple[Any, ...], Any], bool]


def explain(model: Model[S], operations: Sequence[Operation]) -> list[Operation] | None:
    """An order that explains all answers, None where there is none. What is unknown may be missing from it."""
    waiting = sorted(operations, key=lambda operation: operation.invoked)
    search = _Search(model, waiting)
    known = sum(1 << place for place, operation in enumerate(waiting) if not operation.unknown)
    order: list[_Step[S]] = []
    taken, state, after = 0, model.start, -1
    while known & ~taken:
        found = search.next(taken, state, after)
        if found is not None:
            order.append(found)
            taken, state, after = taken | 1 << found.place, found.reached, -1
            continue
        while order and order[-1].forced:
            order.pop()
        if not order:
            return None
        taken, state, after = order[-1].taken, order[-1].state, order[-1].place
        order.pop()
    return [waiting[step.place] for step in order]


class _Step(NamedTuple, Generic[S]):
    """An operation that was taken, and where that was. Where it is `forced`, no other needs to be tried instead."""

    place: int
    taken: int
    state: S
    reached: S
    forced: bool


class _Search(Generic[S]):
    """Which operation may come next."""

    def __init__(self, model: Model[S], waiting: Sequence[Operation]) -> None:
        self._apply = model.apply
        self._reads = model.reads
        self._waiting = waiting
        self._seen: set[tuple[int, S]] = set()

    def next(self, taken: int, state: S, after: int) -> _Step[S] | None:
        """The first operation beyond `after` that may come now and leads where nobody was yet.

        A read that fits is taken before all others: an order that has it later is as good with it here.
        """
        found: _Step[S] | None = None
        for place in self._candidates(taken):
            operation = self._waiting[place]
            reached, output = self._apply(state, operation.input)
            if operation.unknown:
                if reached == state:
                    continue
            elif output != operation.output:
                continue
            elif after < 0 and self._reads(operation.input, output):
                return _Step(place, taken, state, reached, forced=True)
            if found is None and place > after and (taken | 1 << place, reached) not in self._seen:
                found = _Step(place, taken, state, reached, forced=False)
        if found is not None:
            self._seen.add((taken | 1 << found.place, found.reached))
        return found

    def _candidates(self, taken: int) -> Iterator[int]:
        """Operations that are not taken and that no other of these precedes."""
        place = (~taken & (taken + 1)).bit_length() - 1
        earliest = math.inf
        while place < len(self._waiting):
            if not taken >> place & 1:
                operation = self._waiting[place]
                # Another was answered before this one was sent, and so before all that follow.
                if operation.invoked > earliest:
                    return
                earliest = min(earliest, operation.returned)
                yield place
            place += 1
