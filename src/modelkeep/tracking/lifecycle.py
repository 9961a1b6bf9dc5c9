"""Deleted and restored: what is deleted stays until it is collected, and is not written to meanwhile."""

from enum import Enum
from typing import Any

import sqlalchemy as sa

ACTIVE = "active"
DELETED = "deleted"


class ViewType(Enum):
    """Which stages a search answers."""

    ACTIVE_ONLY = "ACTIVE_ONLY"
    DELETED_ONLY = "DELETED_ONLY"
    ALL = "ALL"


def in_view(stage: Any, view: ViewType) -> sa.ColumnElement[bool]:
    """The rows of a column of stages that a search answers."""
    if view is ViewType.ALL:
        return sa.true()
    return sa.ColumnElement.__eq__(stage, ACTIVE if view is ViewType.ACTIVE_ONLY else DELETED)
