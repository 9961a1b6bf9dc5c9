"""The same random sequences of requests to MLflow's server and to this one, each answer compared."""

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.proofs.allowances import Allowance, read_allowances
from tests.proofs.effort import LONG, Effort, Round
from tests.proofs.peer import mlflow_server
from tests.proofs.sequences import mlflow_sequences
from tests.proofs.steps import Step
from tests.proofs.target import Target, comparable
from tests.support.api import Api
from tests.support.needs import need
from tests.support.server import RunningServer

_numbers = itertools.count()
_QUICK, _EXAMPLES = 1, 40 if LONG else 4


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URLs of MLflow's server and of this one."""
    need("mlflow", "mlflow>=3.17.2")
    home = tmp_path_factory.mktemp("mlflow")
    with ExitStack() as stack:
        mlflow = stack.enter_context(mlflow_server(home))
        yield mlflow, stack.enter_context(RunningServer(home / "data")).url


def test_every_answer_is_mlflows_or_a_difference_that_is_explained(both: tuple[str, str]) -> None:
    effort = Effort("differential")
    allowances = read_allowances()
    for one in effort.rounds(_QUICK):
        with one:
            _search_for_a_difference(both, one, effort, allowances)


def _search_for_a_difference(both: tuple[str, str], one: Round, effort: Effort, allowances: list[Allowance]) -> None:
    @hypothesis.seed(one.seed)
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        # Each attempt asks MLflow's server as well, some ten milliseconds a request.
        phases=[Phase.generate, *([Phase.shrink] if LONG else [])],
        suppress_health_check=list(HealthCheck),
    )
    @given(mlflow_sequences())
    def compare(steps: list[Step]) -> None:
        effort.seen["sequences"] += 1
        _compare(both, steps, effort, allowances)

    compare()


def _compare(both: tuple[str, str], steps: list[Step], effort: Effort, allowances: list[Allowance]) -> None:
    workspace = f"sequence-{next(_numbers)}"
    for url in both:
        assert Api(url).call("POST", "/api/3.0/mlflow/workspaces", {"name": workspace}).status < 300
    mlflow, here = (Target(url, [workspace]) for url in both)
    for step in steps:
        theirs, raw = mlflow.take(step)
        ours, _ = here.take(step)
        effort.seen["answers compared"] += 1
        if comparable(step, theirs) == comparable(step, ours):
            continue
        allowed = [allowance for allowance in allowances if allowance.covers(step, theirs, ours)]
        assert allowed, _told(step, theirs, ours, raw.body)
        effort.seen[f"{allowed[0].call} {allowed[0].mlflow} / {allowed[0].here}"] += 1
        if allowed[0].ends:
            return


def _told(step: Step, theirs: object, ours: object, body: object) -> str:
    told = {"step": repr(step), "MLflow": repr(theirs), "modelkeep": repr(ours), "MLflow said": repr(body)[:500]}
    return json.dumps(told, indent=1, ensure_ascii=False)
