"""Lists whose order and page stand in their addresses: `?sort=-updated&page=…`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from modelkeep.ui.links import link

if TYPE_CHECKING:
    from modelkeep.ui.page import Page

ROWS = 50


class Sorting:
    """The column by which a list is ordered, and the addresses of the other orders.

    `columns` gives for each key of the address what the operation calls it, with "-" before it where descending is
    what one asks for first. In an address "-" before the key descends.
    """

    def __init__(self, page: "Page", columns: Mapping[str, str], otherwise: str) -> None:
        asked = page.asked("sort", otherwise)
        if asked.removeprefix("-") not in columns:
            asked = otherwise
        self._page = page
        self._otherwise = otherwise
        self._columns = columns
        self.key = asked.removeprefix("-")
        self.descending = asked.startswith("-")

    @property
    def order_by(self) -> list[str]:
        """As operations take it."""
        return [f"{self._columns[self.key].removeprefix('-')} {'DESC' if self.descending else 'ASC'}"]

    @property
    def asked(self) -> str:
        """What the address says, "" for the usual order."""
        text = f"-{self.key}" if self.descending else self.key
        return "" if text == self._otherwise else text

    def href(self, key: str) -> str:
        """The same list in the order of this column, the other way round where it is that already."""
        turned = f"-{key}" if self._columns[key].startswith("-") else key
        if key == self.key:
            turned = key if self.descending else f"-{key}"
        return here(self._page, sort="" if turned == self._otherwise else turned, page_=None)


def here(page: "Page", **changed: Any) -> str:
    """The address of this page with some values of its query changed, or left out where they are None or ""."""
    query: dict[str, Any] = {}
    for key in page.request.query_params:
        query.setdefault(key, page.request.query_params.getlist(key))
    query |= {key.rstrip("_"): value for key, value in changed.items()}
    # The path is decoded, and no segment can hold a "/".
    return link(*page.path.strip("/").split("/"), **query)


class Pages(NamedTuple):
    """The addresses of the first page and of the one after this, "" where one is on it."""

    first: str
    further: str


def pages_of(page: "Page", token: Any, key: str = "page") -> Pages:
    """The pages around this one; `token` is what the operation answered for the next.

    `key` is what the address calls the page: a view with two lists turns them one by one.
    """
    further = here(page, **{f"{key}_": token}) if isinstance(token, str) and token else ""
    return Pages(here(page, **{f"{key}_": None}) if page.asked(key) else "", further)
