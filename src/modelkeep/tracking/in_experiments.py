"""In which experiments something is searched: those of the caller's workspace that the request names and it may see."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from modelkeep.core.scope import Scope
from modelkeep.identity.grants import EXPERIMENT_GRANTS
from modelkeep.identity.sight import bound_to_caller, sight_parameters
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.schema import experiments
from modelkeep.tracking.experiment_ids import experiment_number

_e = experiments.c
_HERE = (
    _e.workspace_id == sa.bindparam("workspace"),
    # Few experiments are named and each is asked once, so one form of the statement serves every caller.
    sa.or_(
        sa.bindparam("sees_all", type_=sa.Integer) == sa.literal_column("1"),
        EXPERIMENT_GRANTS.any(_e.id),
    ),
)
_ONE = sa.select(_e.id).where(*_HERE, _e.number == sa.bindparam("experiment")).scalar_subquery()
_SEVERAL = sa.select(_e.id).where(*_HERE, _e.number.in_(one_of("experiments", numbers=True)))


class Asked(NamedTuple):
    """Experiments that a request names. Unknown ones, and those that the caller may not see, hold nothing."""

    within: dict[str, Any]
    """Parameters of `in_experiments` that name them, to which a page token is bound."""
    sight: dict[str, Any]
    """Its other parameters: what the caller may see."""
    one: bool
    """Whether there is but one."""
    bound_to: tuple[str, ...]
    """What else a page token is bound to."""


def experiments_asked(scope: Scope, experiment_ids: Sequence[str]) -> Asked:
    """The experiments of the caller's workspace with these ids."""
    numbers = sorted({experiment_number(experiment_id, "experiment_ids") for experiment_id in experiment_ids})
    within = {
        "workspace": scope.home,
        "experiments": json_array(numbers),
        "experiment": numbers[0] if numbers else None,
    }
    sees_all = scope.access.on_workspace(scope.home) > 0
    sight = {"sees_all": int(sees_all), **sight_parameters(scope)}
    return Asked(within, sight, len(numbers) == 1, bound_to_caller(scope, sees_all=sees_all))


def in_experiments(column: Any, *, one: bool = False) -> sa.ColumnElement[bool]:
    """The rows of these experiments. Of one alone, an index below the experiment gives its order as well."""
    found: sa.ColumnElement[bool] = column == _ONE if one else column.in_(_SEVERAL)
    return found
