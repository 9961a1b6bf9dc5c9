"""What an examination finds."""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """How it stands: an error keeps a server from starting or from keeping its promises."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Finding(NamedTuple):
    """One line: what was looked at, what was found, and what to do about it, "" where nothing is."""

    check: str
    state: State
    found: str
    advice: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check, State.OK, found)


def warning(check: str, found: str, advice: str) -> Finding:
    return Finding(check, State.WARNING, found, advice)


def error(check: str, found: str, advice: str) -> Finding:
    return Finding(check, State.ERROR, found, advice)
