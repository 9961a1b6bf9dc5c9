"""The differences to MLflow that `docs/differences.md` explains."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from tests.proofs.steps import Step
from tests.proofs.target import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"
_ROW = re.compile(
    r"\| `(?P<call>[^`]+)` \| (?P<mlflow>[^|]+) \| (?P<here>[^|]+) \| (?P<then>[^|]+) \| (?P<why>[^|]+) \|"
)


class Allowance(NamedTuple):
    """One row: where both answer so, the sequence goes on, ends, or is compared without some fields."""

    call: str
    mlflow: str
    here: str
    then: str

    @property
    def ends(self) -> bool:
        return self.then.startswith("ends")

    @property
    def left_out(self) -> set[str]:
        return set(re.findall(r"`(\w+)`", self.then))

    def covers(self, step: Step, mlflow: Outcome, here: Outcome) -> bool:
        if (self.call, self.mlflow, self.here) != (step.call, _spoken(mlflow), _spoken(here)):
            return False
        return not self.left_out or _without(mlflow.seen, self.left_out) == _without(here.seen, self.left_out)


def read_allowances() -> list[Allowance]:
    """The rows of the page; each must say why."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    found = [match for row in rows if (match := _ROW.fullmatch(row))]
    assert len(found) == len(rows), "a row of docs/differences.md cannot be read"
    allowances = [Allowance(*(match[name].strip() for name in Allowance._fields)) for match in found]
    for allowance in allowances:
        assert re.fullmatch(r"(goes on|ends)(, without `.+`)?", allowance.then), allowance
    return allowances


def _spoken(outcome: Outcome) -> str:
    return f"{outcome.status} {outcome.code}".strip()


def _without(said: Any, fields: set[str]) -> Any:
    if isinstance(said, list):
        return sorted((_without(one, fields) for one in said), key=repr)
    if isinstance(said, dict):
        return sorted((name, value) for name, value in said.items() if name not in fields)
    return said
