"""Random changes of grants, groups and roles on either engine: who may do and see what is what the reference says."""

import itertools
import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.identity.conftest import guard
from tests.proofs.effort import LONG, Effort, Round
from tests.proofs.permissions.reference import READ, ROOT, WORKSPACES, Reference, Step
from tests.proofs.permissions.sequences import everything_seen, permission_sequences
from tests.proofs.permissions.target import Target
from tests.support.api import Api
from tests.support.postgres import new_database
from tests.support.server import RunningServer

_numbers = itertools.count()
_QUICK, _EXAMPLES = 1, 30 if LONG else 4
_CHANGES = {"grant", "join", "leave", "delete model"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def administrator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Of a server where one has to log in, on either engine."""
    with ExitStack() as stack:
        flags = ["--database", stack.enter_context(new_database())] if request.param == "postgresql" else []
        server = RunningServer(tmp_path_factory.mktemp("permissions") / "data", "--no-access-log", *flags)
        yield guard(stack.enter_context(server)).administrator


def test_who_may_do_and_see_what_is_what_the_reference_says(administrator: Api) -> None:
    effort = Effort("stateful")
    for one in effort.rounds(_QUICK):
        with one:
            _search_for_a_difference(administrator, one, effort)


def _search_for_a_difference(administrator: Api, one: Round, effort: Effort) -> None:
    @hypothesis.seed(one.seed)
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(permission_sequences())
    def compare(steps: list[Step]) -> None:
        effort.seen["sequences"] += 1
        key = f"p{next(_numbers)}-{secrets.token_hex(3)}"
        target, reference = Target(administrator, key), Reference(key)
        for step in steps:
            _compare(target, reference, step, effort)
            # Who saw something before may see nothing now.
            if step.call in _CHANGES:
                for call in ("models", "experiments"):
                    _compare(target, reference, Step("u0", call, {}, step.workspace), effort)
        for step in everything_seen():
            _compare(target, reference, step, effort)

    compare()


def _compare(target: Target, reference: Reference, step: Step, effort: Effort) -> None:
    answered, expected = target.take(step), reference.take(step)
    effort.seen["answers compared"] += 1
    effort.seen[f"of them {expected.status}"] += 1
    assert answered == expected, step


@pytest.mark.parametrize("kind", ["model", "experiment", "workspace"])
def test_who_has_lost_the_last_grant_with_what_it_was_on_sees_nothing_at_once(administrator: Api, kind: str) -> None:
    key = f"lost-{kind}-{secrets.token_hex(3)}"
    target = Target(administrator, key)
    on = {"model": ("model", "c.s.m0"), "experiment": ("experiment", "lab", "1"), "workspace": ("workspace", "lab")}[
        kind
    ]
    for step in (
        Step(ROOT, "create model", {"name": "c.s.m0"}, "lab"),
        Step(ROOT, "create experiment", {"name": "e0"}, "lab"),
        Step(ROOT, "grant", {"on": on, "to": ("USER", "u0"), "assign": READ}, "lab"),
        Step("u0", "models", {}, "lab"),
    ):
        assert target.take(step).status == 200
    platform = f"/20260430/aiDataPlatforms/{key}"
    registry = f"{platform}/workspaces/lab/mlops/api/2.0/mlflow"
    if kind == "model":
        administrator.ok("DELETE", f"{registry}/registered-models/delete", {"name": "c.s.m0"})
    elif kind == "experiment":
        listed = administrator.ok("POST", f"{registry}/experiments/search", {"max_results": 10})["experiments"]
        (experiment,) = (one["experiment_id"] for one in listed if one["name"] == "e0")
        administrator.ok("POST", f"{registry}/experiments/delete", {"experiment_id": experiment, "is_permanent": True})
    else:
        administrator.ok("DELETE", f"{platform}/workspaces/lab")
    for workspace in WORKSPACES:
        assert target.take(Step("u0", "models", {}, workspace)).status == 404
