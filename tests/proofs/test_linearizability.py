"""16 clients on one SQLite server, and on two servers with one PostgreSQL: one order explains all that they saw."""

import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.proofs.clients import Clients
from tests.proofs.effort import LONG, Effort, Round
from tests.proofs.history import History
from tests.proofs.linear.checker import Operation, explain
from tests.proofs.linear.recording import any_call, operations_of
from tests.proofs.linear.registered_model import REGISTERED_MODEL
from tests.support.api import Api
from tests.support.postgres import new_database
from tests.support.server import RunningServer

_CLIENTS, _MODELS, _QUICK = 16, 3, 1
_EVENTS = 3_000 if LONG else 500
_numbers = itertools.count()


@pytest.fixture(scope="module", params=["one SQLite server", "two servers on PostgreSQL"])
def urls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[str]]:
    home: Path = tmp_path_factory.mktemp("linear")
    with ExitStack() as stack:
        if "SQLite" in request.param:
            yield [stack.enter_context(RunningServer(home / "data", "--no-access-log")).url]
            return
        flags = ["--database", stack.enter_context(new_database()), "--no-access-log"]
        yield [stack.enter_context(RunningServer(home / name, *flags)).url for name in ("first", "second")]


def test_one_order_explains_every_answer(urls: Sequence[str]) -> None:
    effort = Effort("linearizability")
    for one in effort.rounds(_QUICK):
        with one:
            for model, operations in _recorded(urls, one).items():
                effort.seen["operations checked"] += len(operations)
                order = explain(REGISTERED_MODEL, operations)
                assert order is not None, _told(model, operations)


def _recorded(urls: Sequence[str], one: Round) -> dict[str, list[Operation]]:
    history = History()
    models = [f"model-{one.seed}-{next(_numbers)}" for _ in range(_MODELS)]
    for model in models:
        Api(urls[0], "/api/2.0/mlflow").post("registered-models/create", name=model)
    with Clients(
        urls, _CLIENTS, one.seed, lambda recorder, source: any_call(recorder, source, models), history
    ) as clients:
        clients.wait_for(_EVENTS)
    return operations_of(history)


def _until(operations: Sequence[Operation], end: float) -> list[Operation]:
    """The history up to a moment: of what was under way it is not known whether it was done."""
    begun = (one for one in operations if one.invoked <= end)
    return [one if one.returned <= end else one._replace(output=None, returned=math.inf) for one in begun]


def _told(model: str, operations: Sequence[Operation]) -> str:
    """The shortest beginning of the history that no order explains."""
    by_end = sorted(operations, key=lambda operation: operation.returned)
    low, high = 0, len(by_end)
    while low + 1 < high:
        middle = (low + high) // 2
        beginning = _until(by_end, by_end[middle - 1].returned)
        low, high = (low, middle) if explain(REGISTERED_MODEL, beginning) is None else (middle, high)
    shown = "\n".join(
        f"{one.invoked / 1e6:.3f} {one.returned / 1e6:.3f} {one.input} -> {one.output}" for one in by_end[:high][-40:]
    )
    return f"no order of the first {high} answers on {model} explains them; the last of them:\n{shown}"
