"""Asks a running server every question, one client, and notes how long its answers take."""

import time
from collections.abc import Callable, Iterator

import msgspec

from bench.calls import Refused, call
from bench.plan import Plan, run_apart
from bench.scale import registry_questions, tracking_questions
from bench.scale.questions import Question, Unanswered
from bench.scale.volume import Volume

_PAGES = (
    "/p/default",
    "/p/default/models",
    "/p/default/experiments",
    "/p/default/runs",
)
"""Pages for people, as far as this server has them."""


class Answered(msgspec.Struct):
    """How long one question takes at one share; `problem` says why it was not measured."""

    engine: str
    share: float
    group: str
    name: str
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    answers: int = 0
    problem: str = ""


class Budget:
    """How long a whole run may take: what comes too late is left out and named."""

    def __init__(self, minutes: float) -> None:
        self._until = time.monotonic() + minutes * 60

    @property
    def is_spent(self) -> bool:
        return time.monotonic() > self._until


def ask_all(
    port: int,
    engine: str,
    volume: Volume,
    seconds: float,
    only: str,
    budget: Budget,
    tell: Callable[[str], None],
) -> Iterator[Answered]:
    """Every question whose group and name contain `only`, each for so many seconds."""
    for question in _questions(port, volume):
        if only not in f"{question.group}, {question.name}":
            continue
        answered = Answered(engine, volume.share, question.group, question.name)
        if budget.is_spent:
            answered.problem = "the time was over"
        else:
            _ask(port, question, seconds, answered)
        tell(f"  {answered.group}, {answered.name}: {answered.problem or f'{answered.p50_ms:.2f} ms'}")
        yield answered


def _questions(port: int, volume: Volume) -> Iterator[Question]:
    yield from registry_questions.questions(volume)
    yield from tracking_questions.questions(volume)
    for path in _PAGES:
        try:
            call(port, "GET", path)
        except Refused:
            continue
        yield Question("pages", path, "GET", path, [{}], is_page=True)


def _ask(port: int, question: Question, seconds: float, answered: Answered) -> None:
    try:
        requests = question.requests(port)
        outcome = run_apart(
            Plan(port=port, clients=1, requests=requests, seconds=seconds, warm_up=seconds / 4, whole=True)
        )
    except (Unanswered, Refused, OSError) as problem:
        answered.problem = str(problem)
        return
    answered.p50_ms, answered.p99_ms, answered.answers = outcome.p50_ms, outcome.p99_ms, outcome.answered
    if outcome.errors:
        answered.problem = f"{outcome.errors}: {outcome.sample[:200]}"
