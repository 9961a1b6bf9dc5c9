"""The reference as a whole: tenants, retry tokens and etags around its calls."""

import contextlib
import copy
from typing import NamedTuple

from tests.proofs.reference import registry, tracking
from tests.proofs.reference.records import Refused, Subject, Tenant, conflict
from tests.proofs.reference.registry import Said
from tests.proofs.steps import Step
from tests.proofs.target import Outcome

_CALLS = registry.CALLS | tracking.CALLS


class Expected(NamedTuple):
    """What a step must be answered. `etag_of` is what the etag, if any, belongs to."""

    outcome: Outcome
    etag_of: Subject | None = None


class _Kept(NamedTuple):
    step: Step
    said: Said


class Reference:
    """Takes steps one by one. Where permissions come, they are asked here, before the call."""

    def __init__(self, tenants: int) -> None:
        self.tenants = [Tenant(number) for number in range(tenants)]
        self._tokens: dict[str, _Kept] = {}
        self._if_match: Subject | None = None

    def matched_subject(self, step: Step) -> Subject | None:
        """What the step's `if-match` would be compared with now."""
        probe = copy.deepcopy(self.tenants[step.tenant])
        asked: list[Subject] = []
        with contextlib.suppress(Refused):
            _CALLS[step.call](probe, step.fields, asked.append)
        return asked[0] if asked else None

    def take(self, step: Step, *, matches: bool = True) -> Expected:
        """Answer a step. `matches` is whether its `if-match` names the etag of now."""
        tenant = self.tenants[step.tenant]
        before = copy.deepcopy(tenant) if step.if_match else tenant
        asked: list[Subject] = []

        def expect(subject: Subject) -> None:
            asked.append(subject)
            if step.if_match and not matches:
                raise conflict(412)

        try:
            said = self._replayed(step) if step.token else None
            if said is None:
                said = _CALLS[step.call](tenant, step.fields, expect)
                if step.if_match and not step.reads and not asked:
                    # Nothing has an etag that could match.
                    self.tenants[step.tenant] = before
                    raise conflict(412)
                if step.token and not step.reads:
                    self._tokens[step.token] = _Kept(step, said)
        except Refused as refused:
            return Expected(Outcome(refused.oracle if step.oracle else refused.status, refused.code))
        return Expected(Outcome(200, "", said.seen), said.about if said.etag else None)

    def _replayed(self, step: Step) -> Said | None:
        kept = self._tokens.get(step.token or "") if not step.reads else None
        if kept is None:
            return None
        if (kept.step.call, kept.step.tenant, kept.step.fields) != (step.call, step.tenant, step.fields):
            raise conflict(409)
        if kept.said.about is not None and not self._holds(kept.said.about):
            raise conflict(409)
        return kept.said

    def _holds(self, about: Subject) -> bool:
        kind, identity, revision = about
        now = {kind: revision for kind, other, revision in self._subjects() if other == identity}
        if kind == "run data":
            return any(run.identity == identity and run.stage == "active" for t in self.tenants for run in t.runs)
        return bool(now.get(kind, "gone") == revision)

    def _subjects(self) -> list[Subject]:
        return [
            subject
            for tenant in self.tenants
            for subject in (
                *(model.subject for model in tenant.models.values()),
                *(model.subject_of(one) for model in tenant.models.values() for one in model.versions.values()),
                *(experiment.subject for experiment in tenant.experiments),
                *(run.subject for run in tenant.runs),
            )
        ]
