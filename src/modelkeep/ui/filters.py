"""What people type into a search box: plain words, or MLflow's filter language."""

import re

from modelkeep.core.errors import ApiError
from modelkeep.ui.pointing import place_in

_LANGUAGE = re.compile(r"[=<>]|\b(?:LIKE|ILIKE|IN|IS)\b", re.IGNORECASE)
_AROUND = 60


def as_filter(text: str, *, words: str = "name") -> str:
    """A filter as operations take it. Plain words must all be in the attribute named `words`."""
    text = text.strip()
    if not text or _LANGUAGE.search(text):
        return text
    return " AND ".join(f"{words} ILIKE {quoted(f'%{word}%')}" for word in text.split())


def quoted(value: str) -> str:
    """A value as the filter language writes it."""
    return "'" + value.replace("'", "''") + "'"


def both(*filters: str) -> str:
    """All of these filters together."""
    return " AND ".join(text for text in filters if text)


class FilterProblem:
    """A filter that cannot be read, and the place in it: `before`, `at` and `after` are its text around that."""

    def __init__(self, text: str, problem: ApiError) -> None:
        place = place_in(problem)
        self.message = problem.message
        self.before = self.at = self.after = ""
        if place is not None:
            place = min(place, len(text))
            self.before = text[max(0, place - _AROUND) : place]
            self.at = text[place : place + 1]
            self.after = text[place + 1 : place + _AROUND]
