"""In which experiments something is searched: those of the caller's workspace that the request names."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from modelkeep.core.scope import Scope
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.schema import experiments
from modelkeep.tracking.experiment_ids import experiment_number

_e = experiments.c
_HERE = _e.workspace_id == sa.bindparam("workspace")
_ONE = sa.select(_e.id).where(_HERE, _e.number == sa.bindparam("experiment")).scalar_subquery()
_SEVERAL = sa.select(_e.id).where(_HERE, _e.number.in_(one_of("experiments", numbers=True)))


def experiments_asked(scope: Scope, experiment_ids: Sequence[str]) -> tuple[dict[str, Any], bool]:
    """The parameters of `in_experiments`, and whether there is but one experiment. Unknown ones hold nothing."""
    numbers = sorted({experiment_number(experiment_id, "experiment_ids") for experiment_id in experiment_ids})
    asked = {"workspace": scope.home, "experiments": json_array(numbers), "experiment": numbers[0] if numbers else None}
    return asked, len(numbers) == 1


def in_experiments(column: Any, *, one: bool = False) -> sa.ColumnElement[bool]:
    """The rows of these experiments. Of one alone, an index below the experiment gives its order as well."""
    found: sa.ColumnElement[bool] = column == _ONE if one else column.in_(_SEVERAL)
    return found
