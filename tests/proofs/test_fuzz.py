"""Schemathesis over the whole OpenAPI document: no input is a 500, and every answer is one that the document names.

All of its checks run. What fits the schema is accepted, or it names what is not there (404) or clashes (409), or it is
refused by a rule that JSON Schema cannot say: `unsaid.py` lists those, and nothing else may refuse it.
"""

import contextlib
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.identity.conftest import guard
from tests.proofs.effort import LONG, Effort, Round
from tests.proofs.unsaid import may_refuse
from tests.support.api import Api
from tests.support.needs import need
from tests.support.server import RunningServer

# A round of a long run is all operations of the document, under each of their prefixes.
_QUICK, _OPERATIONS, _CASES = 1, None if LONG else 8, 6 if LONG else 4


_CONDITIONS = {"dh-user-principal", "if-match", "X-MLFLOW-WORKSPACE", "opc-request-id"}
"""Headers by which nearly every request is refused before it is looked at, as what they name is not there."""
_LANGUAGES = {"filter", "filter_string", "order_by", "page_token", "page"}
"""Optional fields whose values a schema cannot describe: nearly all that are drawn are refused."""


class Fuzzed(NamedTuple):
    """The operations of a server's document, and what is there to be met by a request."""

    operations: list[Any]
    known: dict[str, str]
    server: RunningServer
    headers: dict[str, str]
    """Who asks: an administrator, who may do everything."""


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    schemathesis = need("schemathesis", "schemathesis")
    with RunningServer(tmp_path_factory.mktemp("fuzz") / "data", "--no-access-log") as server:
        # One where one has to log in: an open server becomes one as soon as a request makes a user.
        headers = guard(server).administrator.headers
        schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations()]
        yield Fuzzed(operations, _something_to_meet(server, headers), server, headers)


def _something_to_meet(server: RunningServer, headers: dict[str, str]) -> dict[str, str]:
    """A model with a version and an alias, a run and a logged model, by the names of the fields that name them."""
    api = Api(server.url, "/api/2.0/mlflow", headers)
    api.post("registered-models/create", name="known")
    run = api.post("runs/create", experiment_id="0", run_name="known")["run"]["info"]["run_id"]
    api.post("model-versions/create", name="known", source="s3://b/k", run_id=run)
    api.post("registered-models/alias", name="known", alias="known", version="1")
    model = api.post("logged-models", experiment_id="0", name="known")["model"]["info"]["model_id"]
    return {
        "name": "known",
        "alias": "known",
        "version": "1",
        "run_id": run,
        "experiment_id": "0",
        "model_id": model,
        "aiDataPlatformId": "default",
        "workspaceKey": "default",
        "workspace_name": "default",
    }


def test_no_input_is_a_500_and_every_answer_is_as_documented(fuzzed: Fuzzed) -> None:
    effort = Effort("fuzz")
    answered: dict[str, set[int]] = defaultdict(set)
    for one in effort.rounds(_QUICK):
        with one:
            count = _OPERATIONS or len(fuzzed.operations)
            for operation in one.random.sample(fuzzed.operations, count):
                answered[operation.label] |= _fuzz(fuzzed, operation, one, effort)
            for status in sorted(set().union(*answered.values())):
                effort.seen[f"operations answered {status}"] = sum(status in seen for seen in answered.values())
    assert b"Traceback" not in fuzzed.server.problems, fuzzed.server.problems.decode()


def _fuzz(fuzzed: Fuzzed, operation: Any, one: Round, effort: Effort) -> set[int]:
    """What the operation answered."""
    from schemathesis import GenerationMode

    effort.seen["operations"] += 1
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    answered = _send(fuzzed, right, one, effort, meets=True)
    # An operation that takes nothing cannot be given anything wrong.
    with contextlib.suppress(hypothesis.errors.Unsatisfiable):
        wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        answered |= _send(fuzzed, wrong, one, effort, meets=False)
    return answered


def _send(fuzzed: Fuzzed, cases: Any, one: Round, effort: Effort, *, meets: bool) -> set[int]:
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    answered: set[int] = set()

    @hypothesis.seed(one.seed)
    @settings(
        max_examples=_CASES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, source=st.randoms(use_true_random=False))
    def check(case: Any, source: random.Random) -> None:
        if meets:
            _meet(case, fuzzed.known, source)
        response = case.call(headers=fuzzed.headers)
        effort.seen["requests"] += 1
        effort.seen[f"answered {response.status_code}"] += 1
        answered.add(response.status_code)
        unsaid = [positive_data_acceptance] if may_refuse(case, response) else []
        case.validate_response(response, headers=fuzzed.headers, excluded_checks=unsaid)

    check()
    return answered


def _meet(case: Any, known: dict[str, str], source: random.Random) -> None:
    """Have most requests name what is there; what fits the schema fits it afterwards."""
    for name in set(case.headers or ()) & _CONDITIONS:
        if source.random() < 0.8:
            del case.headers[name]
    for fields in (case.path_parameters, case.query, case.body):
        if isinstance(fields, dict):
            for name in set(fields) & set(known):
                if isinstance(fields[name], str) and source.random() < 0.8:
                    fields[name] = known[name]
            for name in set(fields) & _LANGUAGES:
                if source.random() < 0.8:
                    del fields[name]
