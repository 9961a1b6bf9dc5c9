"""Searches show what the caller may see, by a condition in their own statement: no page is short, no count is off.

Who has the platform or the workspace sees all there is. Of others it is counted, up to a thousand, how many rows they
see: where these are few, they are found from the grants and sorted; else the search goes along the index of its order
and asks each row, until the page is full.
"""

from enum import Enum
from typing import Any, NamedTuple

import sqlalchemy as sa

from modelkeep.core.scope import Scope
from modelkeep.identity.grants import caller_ids
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Transaction

_FEW = 1_000
_GRANTED_WORKSPACES = "granted_workspaces"
_SEEN_KEYS = "seen_keys"


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


class Seeing(NamedTuple):
    """What one caller sees: how much, and the parameters of the condition on it."""

    sight: Sight
    parameters: dict[str, str]


class Seen:
    """The rows of a table that a caller may see.

    `key` is the column that `listed` selects values of, each perhaps more than once; `each` asks a single row. Where a
    key stands for many rows, `many` says that these are counted as well.
    """

    def __init__(self, key: sa.Column[Any], listed: Any, each: sa.ColumnElement[bool], *, many: bool = False) -> None:
        few: sa.ColumnElement[int] = sa.literal_column(str(_FEW))
        found = listed.subquery("listed")
        self._list = Query(sa.select(*found.c).limit(few))
        self._found: sa.ColumnElement[bool] = key.in_(one_of(_SEEN_KEYS, numbers=True))
        self._each = each
        rows = sa.select(sa.literal_column("1")).where(self._found).limit(few).subquery("rows")
        self._count = Query(sa.select(sa.func.count()).select_from(rows)) if many else None

    def look(self, tx: Transaction, scope: Scope, *, sees_all: bool) -> Seeing:
        """How much the caller sees: by a statement or two, unless it sees all.

        What is found from the grants is handed to the search by its keys: no planner has to guess how many they are.
        """
        parameters = {**sight_parameters(scope), _SEEN_KEYS: "[]"}
        if sees_all:
            return Seeing(Sight.ALL, parameters)
        keys = [row[0] for row in tx.all(self._list, **parameters)]
        if len(keys) >= _FEW:
            return Seeing(Sight.MANY, parameters)
        parameters[_SEEN_KEYS] = json_array(sorted(set(keys)))
        row = tx.one(self._count, **parameters) if self._count else None
        return Seeing(Sight.MANY if row and row[0] >= _FEW else Sight.FEW, parameters)

    def condition(self, sight: Sight) -> sa.ColumnElement[bool]:
        """What must hold of a row that is seen."""
        return {Sight.ALL: sa.true(), Sight.FEW: self._found, Sight.MANY: self._each}[sight]
