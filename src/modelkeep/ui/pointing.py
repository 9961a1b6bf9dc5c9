"""What an error points at: the field of a form, the place in a filter."""

import re

from modelkeep.core.errors import ApiError

_FIELD = re.compile(r"parameter '(?P<field>[^']+)'")
_PLACE = re.compile(r"at character (?P<place>\d+)")


def field_of(problem: ApiError | None) -> str:
    """The field that an error is about, "" where it is about none."""
    found = _FIELD.search(problem.message) if problem else None
    return found["field"] if found else ""


def place_in(problem: ApiError) -> int | None:
    """The character of a filter, counted from 0, at which an error points."""
    found = _PLACE.search(problem.message)
    return int(found["place"]) - 1 if found else None
