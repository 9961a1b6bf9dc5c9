"""Searches show what the caller may see, by a condition in their own statement: no page is short, no count is off.

Who has the platform or the workspace sees all there is. Of others it is counted, up to a thousand, how many rows they
see: where these are few, they are found from the grants and sorted; else the search goes along the index of its order
and asks each row, until the page is full.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import sqlalchemy as sa

from modelkeep.core.scope import Scope
from modelkeep.identity.grants import caller_ids
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Transaction

_FEW = 1_000
_GRANTED_WORKSPACES = "granted_workspaces"


class Sight(Enum):
    """How much of what is searched the caller may see."""

    ALL = 0
    FEW = 1
    MANY = 2


def in_granted_workspaces(workspace: Any) -> sa.ColumnElement[bool]:
    """The rows of the workspaces that the caller was granted."""
    found: sa.ColumnElement[bool] = workspace.in_(one_of(_GRANTED_WORKSPACES, numbers=True))
    return found


def sight_parameters(scope: Scope) -> dict[str, str]:
    """The parameters of every condition on what is seen."""
    granted = [workspace for workspace, level in scope.access.workspaces.items() if level > 0]
    return {**caller_ids(scope), _GRANTED_WORKSPACES: json_array(granted)}


def bound_to_caller(scope: Scope, *, sees_all: bool) -> tuple[str, ...]:
    """What a page token is bound to: who may not see all does not go on where another was."""
    return () if sees_all else ("caller", str(scope.principal.ids[:1]), scope.principal.name)


class Seen:
    """The rows of a table that a caller may see.

    `key` is the column that `listed` selects values of; `each` asks a single row; `within` bounds them to the tenant.
    """

    def __init__(
        self, key: sa.Column[Any], listed: Any, each: sa.ColumnElement[bool], within: sa.ColumnElement[bool]
    ) -> None:
        self._listed = key.in_(listed)
        self._each = each
        one: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).where(within, self._listed).limit(sa.literal_column(str(_FEW)))
        )
        self._count = Query(sa.select(sa.func.count()).select_from(one.subquery()))

    def sight(self, tx: Transaction, scope: Scope, *, sees_all: bool, within: Mapping[str, Any]) -> Sight:
        """How much the caller sees, by one statement unless it sees all."""
        if sees_all:
            return Sight.ALL
        row = tx.one(self._count, **within, **sight_parameters(scope))
        return Sight.FEW if row is None or row[0] < _FEW else Sight.MANY

    def condition(self, sight: Sight) -> sa.ColumnElement[bool]:
        """What must hold of a row that is seen."""
        return {Sight.ALL: sa.true(), Sight.FEW: self._listed, Sight.MANY: self._each}[sight]
