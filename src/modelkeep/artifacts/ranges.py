"""Which bytes of a file a request asks for, and whether it has them already: RFC 9110, parts 13 and 14."""

import re
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime

from modelkeep.artifacts.store import Held

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII | re.IGNORECASE)
Header = Callable[[str], str | None]


class Unsatisfiable(Exception):
    """The range begins behind the file's end."""


def last_modified(held: Held) -> str:
    return formatdate(held.modified, usegmt=True)


def is_known(header: Header, held: Held) -> bool:
    """Whether the caller has this very file already, so that 304 is the answer."""
    named = header("if-none-match")
    if named is not None:
        return named.strip() == "*" or held.etag in [_weakless(etag) for etag in named.split(",")]
    since = _seconds(header("if-modified-since"))
    return since is not None and int(held.modified) <= since


def wanted(header: Header, held: Held) -> tuple[int, int] | None:
    """The bytes asked for, from and up to; None for the whole, as where a range is of another state of the file.

    Several ranges are answered by the whole file, which is allowed and what nobody here asks for.
    """
    given = header("range")
    match = _RANGE.fullmatch(given) if given else None
    if match is None or not (match[1] or match[2]) or not _still(header("if-range"), held):
        return None
    if not match[1]:
        length = int(match[2])
        if not length or not held.size:
            raise Unsatisfiable
        return max(0, held.size - length), held.size
    start = int(match[1])
    stop = int(match[2]) + 1 if match[2] else held.size
    if stop <= start and match[2]:
        return None
    if start >= held.size:
        raise Unsatisfiable
    return start, min(stop, held.size)


def _still(condition: str | None, held: Held) -> bool:
    if condition is None:
        return True
    if condition.lstrip().startswith(('"', "W/")):
        return condition.strip() == held.etag
    return _seconds(condition) == int(held.modified)


def _weakless(etag: str) -> str:
    return etag.strip().removeprefix("W/")


def _seconds(date: str | None) -> int | None:
    try:
        return int(parsedate_to_datetime(date).timestamp()) if date else None
    except (ValueError, OverflowError):
        return None
