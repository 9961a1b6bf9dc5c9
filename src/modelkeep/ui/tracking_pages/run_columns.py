"""The columns of a table of runs: they stand in the address as `metrics.loss`, `params.lr`, `tags.team`."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from modelkeep.tracking.logged_keys import KeyKind, SearchLoggedKeys, search_logged_keys
from modelkeep.tracking.run_table import TableRun
from modelkeep.ui.page import Page

KINDS = tuple(kind.value for kind in KeyKind)
MOST_COLUMNS = 60
_USUAL = {KeyKind.METRICS: 4, KeyKind.PARAMS: 3}
_OF_SYSTEM = "system/"


class Column(NamedTuple):
    """One column. `name` is what the address calls it."""

    kind: str
    key: str

    @property
    def name(self) -> str:
        return f"{self.kind}.{self.key}"

    @property
    def order(self) -> str:
        """What an order calls it, with "-" before it where the largest is what one asks for first."""
        quoted = '"' + self.key.replace('"', '""') + '"'
        return f"{'-' if self.kind == 'metrics' else ''}{self.kind}.{quoted}"

    def of(self, run: TableRun) -> Any:
        """The value that a run has here, None where it has none."""
        for item in getattr(run, self.kind):
            if item.key == self.key:
                return item.value
        return None


def read_columns(names: Iterable[str]) -> list[Column]:
    """Columns as an address names them; what is none is left out."""
    columns: dict[str, Column] = {}
    for name in names:
        kind, _, key = name.strip().partition(".")
        if kind in KINDS and key:
            columns.setdefault(name, Column(kind, key))
    return list(columns.values())[:MOST_COLUMNS]


async def columns_of(page: Page, experiment_id: str) -> list[Column]:
    """The columns that the address asks for, or some metrics and params of the experiment."""
    asked = page.request.query_params.getlist("column")
    if asked:
        return read_columns(asked)
    columns = []
    for kind, most in _USUAL.items():
        found = await page.call(search_logged_keys, SearchLoggedKeys(experiment_id, kind, max_results=4 * most))
        keys = [key for key in found.keys if not key.startswith(_OF_SYSTEM)]
        columns += [Column(kind.value, key) for key in keys[:most]]
    return columns


async def keys_to_choose(page: Page, experiment_id: str, contains: str, most: int) -> dict[str, list[str]]:
    """Keys of each kind that contain a text, no more of a kind than `most`."""
    return {
        kind.value: (await page.call(search_logged_keys, SearchLoggedKeys(experiment_id, kind, contains, most))).keys
        for kind in KeyKind
    }
