"""Random sequences of requests on either engine, each answer compared with the reference's."""

import itertools
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.proofs.effort import LONG, Effort, Round
from tests.proofs.invariants import check_registry
from tests.proofs.reference.records import Subject
from tests.proofs.reference.server import Reference
from tests.proofs.sequences import oracle_sequences
from tests.proofs.steps import Step
from tests.proofs.target import Outcome, Target, comparable
from tests.support.api import Api
from tests.support.server import RunningServer

_numbers = itertools.count()
_QUICK, _EXAMPLES = 1, 40 if LONG else 10


def test_every_answer_is_the_references(server: RunningServer) -> None:
    effort = Effort("stateful")
    for one in effort.rounds(_QUICK):
        with one:
            _search_for_a_difference(server, one, effort)


def _search_for_a_difference(server: RunningServer, one: Round, effort: Effort) -> None:
    @hypothesis.seed(one.seed)
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(oracle_sequences())
    def compare(steps: list[Step]) -> None:
        effort.seen["sequences"] += 1
        effort.seen["answers compared"] += len(steps)
        _Comparison(server.url, f"{one.seed}-{next(_numbers)}", effort).run(steps)

    compare()


class _Comparison:
    """One sequence on new tenants of a server and of the reference."""

    def __init__(self, url: str, key: str, effort: Effort) -> None:
        self._seen = effort.seen
        platforms = [f"stateful-{key}-{tenant}" for tenant in "ab"]
        for platform in platforms:
            Api(url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": platform}, status=201)
        self._url, self._platforms = url, platforms
        self._key = key
        self._target = Target(url, platforms)
        self._reference = Reference(len(platforms))
        self._etags: dict[Subject, str] = {}

    def run(self, steps: list[Step]) -> None:
        versions: dict[tuple[int, Any], int] = {}
        for step in steps:
            answered = self._compare(step)
            if step.call == "model-versions/create" and answered.ok and not step.token:
                key = step.tenant, self._reference.tenants[step.tenant].models[step.fields["name"]].identity
                assert answered.seen["version"] > versions.get(key, 0), "numbers of versions grow"
                versions[key] = answered.seen["version"]
            if answered.ok and not step.reads:
                self._read_back(step)
        self._check_whole()

    def _read_back(self, step: Step) -> None:
        """Everything that the write may have changed: of a model all its versions, for an alias changes two."""
        tenant = self._reference.tenants[step.tenant]
        name = step.fields.get("new_name", step.fields.get("name"))
        if name in tenant.models:
            self._compare(Step("registered-models/get", {"name": name}, step.tenant))
            for number in tenant.models[name].versions:
                self._compare(Step("model-versions/get", {"name": name, "version": str(number)}, step.tenant))
        elif "run_id" in step.fields:
            self._compare(Step("runs/get", {"run_id": step.fields["run_id"]}, step.tenant))
        elif "experiment_id" in step.fields:
            self._compare(Step("experiments/get", {"experiment_id": step.fields["experiment_id"]}, step.tenant))

    def _compare(self, step: Step) -> Outcome:
        subject = self._reference.matched_subject(step) if step.if_match else None
        etag = self._etags.get(subject, "") if subject and step.if_match == "now" else ""
        sent = _with_token(step, self._key, if_match=("now" if etag else "old") if step.if_match else None)
        answered, raw = self._target.take(sent, etag)
        expected, etag_of = self._reference.take(step, matches=bool(etag))
        self._seen["answers compared"] += 1
        self._seen[f"of them {expected.status}"] += 1
        assert comparable(step, answered) == comparable(step, expected), (step, raw.body)
        if etag_of is None:
            assert not answered.etag, (step, "an etag of nothing")
        else:
            self._hold_etag(etag_of, answered.etag)
        return answered

    def _hold_etag(self, subject: Subject, etag: str) -> None:
        """One state has one etag, and another has another."""
        assert self._etags.setdefault(subject, etag) == etag, (subject, "the same state, another etag")
        others = [known for known, other in self._etags.items() if other == etag and known != subject]
        assert etag
        assert not others, (subject, others, "another state, the same etag")

    def _check_whole(self) -> None:
        """At the end everything is there that the reference has, and nothing else: no row of another tenant."""
        for number, tenant in enumerate(self._reference.tenants):
            registry = Api(self._url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": self._platforms[number]})
            count = check_registry(registry)
            assert count == sum(1 + len(model.versions) for model in tenant.models.values()), "counts add up"
            everything = {"experiment_ids": [f"exp:{n}" for n in range(4)], "run_view_type": "ALL", "max_results": 50}
            for call, fields in (
                ("registered-models/search", {}),
                ("model-versions/search", {}),
                ("experiments/search", {"view_type": "ALL", "max_results": 50}),
                ("runs/search", everything),
            ):
                self._compare(Step(call, fields, tenant=number))


def _with_token(step: Step, key: str, *, if_match: str | None) -> Step:
    token = f"{key}{step.token}" if step.token else None
    return Step(step.call, step.fields, step.tenant, step.oracle, token, if_match)
