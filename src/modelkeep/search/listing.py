"""How Oracle's lists are ordered."""

from enum import Enum


class SortOrder(Enum):
    """Direction of a list."""

    ASC = "ASC"
    DESC = "DESC"


class SortBy(Enum):
    """Column of a list."""

    TIME_CREATED = "timeCreated"
    DISPLAY_NAME = "displayName"
