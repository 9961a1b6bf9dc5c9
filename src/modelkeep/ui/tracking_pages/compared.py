"""The params and metrics of several runs side by side."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from modelkeep.tracking.run_records import Run


class Key(NamedTuple):
    """A param or metric. `name` is what an address calls it."""

    kind: str
    key: str

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.key}"


class Row(NamedTuple):
    """The values that the runs have of a key, None where a run has none."""

    key: Key
    values: list[Any]
    differs: bool
    is_curve: bool = False
    """It was measured at more than one step, as far as its latest tells."""


class Compared(NamedTuple):
    """All keys of some runs: those that differ first."""

    params: list[Row]
    metrics: list[Row]

    def values_of(self, key: Key) -> list[Any]:
        """The values of a key, as numbers where all that are there are such; what is not finite is None."""
        rows = self.params if key.kind == "params" else self.metrics
        values = next((row.values for row in rows if row.key == key), [])
        numbers = [_number(value) for value in values]
        if all(number is not None for number, value in zip(numbers, values, strict=True) if value is not None):
            return [number if number is not None and math.isfinite(number) else None for number in numbers]
        return values


def compare_values(runs: Sequence[Run]) -> Compared:
    """The params and metrics of runs."""
    metrics = _rows("metrics", [{metric.key: metric.value for metric in run.data.metrics} for run in runs])
    params = _rows("params", [{param.key: param.value for param in run.data.params} for run in runs])
    steps = {metric.key for run in runs for metric in run.data.metrics if metric.step > 0}
    return Compared(params, [row._replace(is_curve=row.key.key in steps) for row in metrics])


def _rows(kind: str, values: Sequence[dict[str, Any]]) -> list[Row]:
    keys = sorted({key for of_run in values for key in of_run})
    rows = []
    for key in keys:
        listed = [of_run.get(key) for of_run in values]
        rows.append(Row(Key(kind, key), listed, any(value != listed[0] for value in listed)))
    return sorted(rows, key=lambda row: (not row.differs, row.key.key.startswith("system/"), row.key.key))


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
