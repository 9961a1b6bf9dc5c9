"""An experiment: its runs in a table whose columns, filter, order and page stand in the address."""

from typing import Any

from starlette.responses import JSONResponse, Response

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.tracking.experiments import Experiment, ExperimentId, UpdateExperiment, get_experiment, update_experiment
from modelkeep.tracking.lifecycle import ViewType
from modelkeep.tracking.run_table import TableRun
from modelkeep.tracking.runs import DeleteRun, RunId, delete_run, restore_run
from modelkeep.ui.filters import FilterProblem, as_filter
from modelkeep.ui.forms import Form
from modelkeep.ui.links import run_link
from modelkeep.ui.listing import Sorting, here, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.tracking_pages.experiments import view_type_of
from modelkeep.ui.tracking_pages.run_columns import KINDS, columns_of, keys_to_choose, read_columns
from modelkeep.ui.tracking_pages.run_rows import Asked, rows_of, runs_page
from modelkeep.ui.view import action, view

_ATTRIBUTES = {
    "name": "attributes.run_name",
    "status": "attributes.status",
    "started": "-attributes.start_time",
    "user": "attributes.user_id",
}
_OFFERED = 20
_OFFERED_TO_SCRIPT = 50
_MOST_SELECTED = 100


async def load_experiment(page: Page) -> Experiment:
    """The experiment of the address."""
    request = ExperimentId(page.parameter("experiment_id"))
    return (await page.call(get_experiment, request)).experiment


async def may_change(page: Page, experiment: Experiment) -> bool:
    """Whether the caller may change this experiment and what is in it."""
    await page.caller.learn([update_experiment], UpdateExperiment(experiment.experiment_id))
    return page.may(update_experiment)


@view("/p/{platform}/w/{workspace}/experiments/{experiment_id}")
@view("/p/{platform}/w/{workspace}/experiments/{experiment_id}/runs")
async def experiment(page: Page) -> Response:
    """The runs of one experiment."""
    shown = await load_experiment(page)
    text, view_type = page.asked("q"), view_type_of(page)
    columns = await columns_of(page, shown.experiment_id)
    sorting = _sorting(page, columns)
    nested = not text and view_type is ViewType.ACTIVE_ONLY and page.asked("view") != "flat"
    asked = Asked(shown.experiment_id, as_filter(text, words="run_name"), view_type, sorting.order_by, columns, nested)
    found: list[TableRun] = []
    token: Any = ""
    problem, status = None, 200
    try:
        answer = await runs_page(page, asked)
        found, token = answer.runs, answer.next_page_token
    except ApiError as error:
        if error.kind is not ErrorKind.INVALID_PARAMETER:
            raise
        problem, status = FilterProblem(text, error), 400
    choosing = "keys" in page.request.query_params
    return page.render(
        "tracking/experiment.html",
        status=status,
        place="experiments",
        experiment=shown,
        rows=await rows_of(page, asked, found),
        columns=columns,
        named_columns=[("column", name) for name in page.request.query_params.getlist("column")],
        offered=await keys_to_choose(page, shown.experiment_id, page.asked("keys"), _OFFERED) if choosing else {},
        shown_keys={kind: [column.key for column in columns if column.kind == kind] for kind in KINDS},
        choosing=choosing,
        query=text,
        state=page.asked("state"),
        nested=nested,
        may_change=await may_change(page, shown),
        sorting=sorting,
        problem=problem,
        pages=pages_of(page, token),
        unfold=lambda run_id: _unfolded(page, run_id),
    )


def _sorting(page: Page, columns: list[Any]) -> Sorting:
    """By attributes, by the columns, and by what the address names though it is no column."""
    asked = page.asked("sort").removeprefix("-")
    known = {column.name: column.order for column in (*columns, *read_columns([asked]))}
    return Sorting(page, _ATTRIBUTES | known, "-started")


def _unfolded(page: Page, run_id: str) -> str:
    """The same table with the children of this run shown, or hidden where they are."""
    present = page.request.query_params.getlist("open")
    return here(page, open=[key for key in present if key != run_id] if run_id in present else [*present, run_id])


@view("/p/{platform}/w/{workspace}/experiments/{experiment_id}/keys")
async def keys(page: Page) -> Response:
    """Keys that can be columns, for the script that offers them while somebody types."""
    return JSONResponse(
        await keys_to_choose(page, page.parameter("experiment_id"), page.asked("contains"), _OFFERED_TO_SCRIPT)
    )


@action("/p/{platform}/w/{workspace}/experiments/{experiment_id}/runs", shows=experiment)
async def with_selected(page: Page, form: Form) -> Response:
    """Compare, delete or restore the ticked runs."""
    chosen, back = form.all("run"), page.in_workspace("experiments", page.parameter("experiment_id"))
    if not chosen:
        raise invalid_parameter("run", "tick the runs that you mean first.")
    if len(chosen) > _MOST_SELECTED:
        raise invalid_parameter("run", f"{len(chosen)} are ticked, at most {_MOST_SELECTED} can be.")
    if form.text("do") == "compare":
        if len(chosen) == 1:
            return page.go_to(run_link(page.platform, page.workspace, chosen[0]))
        return page.go_to(page.in_workspace("compare", run=chosen))
    several = "1 run was" if len(chosen) == 1 else f"{len(chosen)} runs were"
    if form.text("do") == "restore":
        for run in chosen:
            await page.call(restore_run, RunId(run_id=run))
        return page.go_to(back, f"{several} restored.")
    if form.text("do") != "delete":
        raise invalid_parameter("do", "only compare, delete and restore are known.")
    for run in chosen:
        await page.call(delete_run, DeleteRun(run_id=run))
    return page.go_to(back, f"{several} deleted. Deleted runs can be restored from the list of them.")
