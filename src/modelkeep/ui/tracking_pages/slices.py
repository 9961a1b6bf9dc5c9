"""Long lists of keys on a page: searched by a part of the key, and shown some at a time."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from modelkeep.ui.listing import here
from modelkeep.ui.page import Page

_SHOWN = 100


class Slice(NamedTuple):
    """What of a list is shown. `name` is what the address calls the search in it."""

    name: str
    items: Sequence[Any]
    found: int
    whole: int
    text: str
    before: str
    after: str
    """The addresses of the parts around this one, "" where there is none."""


def slice_of(page: Page, items: Sequence[Any], name: str, shown: int = _SHOWN) -> Slice:
    """The part of a list that the address asks for: `?metric=loss&metric-from=100`."""
    text = page.asked(name)
    found = [item for item in items if text.lower() in item.key.lower()] if text else items
    asked = page.asked(f"{name}-from", "0")
    start = min(int(asked), len(found)) if asked.isdecimal() and len(asked) < 10 else 0
    return Slice(
        name,
        found[start : start + shown],
        len(found),
        len(items),
        text,
        here(page, **{f"{name}-from": max(0, start - shown) or None}) if start else "",
        here(page, **{f"{name}-from": start + shown}) if start + shown < len(found) else "",
    )
