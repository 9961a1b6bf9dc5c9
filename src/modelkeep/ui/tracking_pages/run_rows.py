"""The rows of a table of runs: nested runs stand below their parents once these are unfolded."""

from typing import NamedTuple

from modelkeep.tracking.lifecycle import ViewType
from modelkeep.tracking.run_search import PARENT_TAG
from modelkeep.tracking.run_table import RunTable, SearchRunTable, TableRun, search_run_table
from modelkeep.ui.filters import quoted
from modelkeep.ui.listing import ROWS
from modelkeep.ui.page import Page
from modelkeep.ui.tracking_pages.run_columns import Column

_PARENT = f"tags.`{PARENT_TAG}`"
_MOST_UNFOLDED = 20


class Row(NamedTuple):
    """A run, how deep it is nested, and whether its children stand below it."""

    run: TableRun
    depth: int
    unfolded: bool
    further: bool
    """It is the last of its parent's children that are shown, and there are more."""


class Asked(NamedTuple):
    """What of an experiment is shown, and how."""

    experiment_id: str
    filter: str
    view_type: ViewType
    order_by: list[str]
    columns: list[Column]
    nested: bool


async def runs_page(page: Page, asked: Asked) -> RunTable:
    """A page of runs. Nested, it has those alone whose parent is not shown: it may be deleted, or elsewhere."""
    return await _search(page, asked, asked.filter, page.asked("page"), outermost=asked.nested)


async def rows_of(page: Page, asked: Asked, found: list[TableRun]) -> list[Row]:
    """Runs with those nested in them, where the address unfolds them."""
    unfolded = page.request.query_params.getlist("open")[:_MOST_UNFOLDED] if asked.nested else []
    rows: list[Row] = []

    async def add(runs: list[TableRun], depth: int, further: bool) -> None:
        for place, run in enumerate(runs):
            is_open = run.info.run_id in unfolded and run.children > 0
            rows.append(Row(run, depth, is_open, further and place == len(runs) - 1))
            if is_open:
                unfolded.remove(run.info.run_id)
                children = await _search(page, asked, f"{_PARENT} = {quoted(run.info.run_id)}", "")
                await add(children.runs, depth + 1, isinstance(children.next_page_token, str))

    await add(found, 0, False)
    return rows


async def _search(page: Page, asked: Asked, text: str, token: str, *, outermost: bool = False) -> RunTable:
    keys = {kind: [column.key for column in asked.columns if column.kind == kind] for kind in ("metrics", "params")}
    tags = [column.key for column in asked.columns if column.kind == "tags"]
    return await page.call(
        search_run_table,
        SearchRunTable(
            experiment_ids=[asked.experiment_id],
            filter=text,
            run_view_type=asked.view_type,
            max_results=ROWS,
            order_by=asked.order_by,
            page_token=token or None,
            metric_keys=keys["metrics"],
            param_keys=keys["params"],
            tag_keys=tags,
            outermost=outermost,
        ),
    )
