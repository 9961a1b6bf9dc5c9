"""The experiments of a workspace, and making one."""

from typing import Any

from starlette.responses import RedirectResponse, Response

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.fields import Tag
from modelkeep.tracking.experiment_search import SearchExperiments, search_experiments
from modelkeep.tracking.experiments import CreateExperiment, Experiment, create_experiment
from modelkeep.tracking.lifecycle import ViewType
from modelkeep.ui.filters import FilterProblem, as_filter
from modelkeep.ui.forms import Form
from modelkeep.ui.listing import ROWS, Sorting, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.texts import read_tags
from modelkeep.ui.tracking_pages.notes import NOTE_TAG
from modelkeep.ui.view import action, view

_COLUMNS = {"name": "name", "created": "-creation_time", "updated": "-last_update_time"}


@view("/p/{platform}/w/{workspace}")
async def workspace_home(page: Page) -> Response:
    return RedirectResponse(page.in_workspace("experiments"), 303)


@view("/p/{platform}/w/{workspace}/experiments")
async def experiments(page: Page) -> Response:
    """Experiments by their time, or those that a search finds; deleted ones on request."""
    text, sorting, view_type = page.asked("q"), Sorting(page, _COLUMNS, "-created"), view_type_of(page)
    found: list[Experiment] = []
    token: Any = ""
    problem, status = None, 200
    try:
        answer = await page.call(
            search_experiments,
            SearchExperiments(
                max_results=ROWS,
                page_token=page.asked("page") or None,
                filter=as_filter(text),
                order_by=sorting.order_by,
                view_type=view_type,
            ),
        )
        found, token = answer.experiments, answer.next_page_token
    except ApiError as error:
        if error.kind is not ErrorKind.INVALID_PARAMETER:
            raise
        problem, status = FilterProblem(text, error), 400
    return page.render(
        "tracking/experiments.html",
        status=status,
        place="experiments",
        experiments=found,
        query=text,
        state=page.asked("state"),
        sorting=sorting,
        problem=problem,
        create=create_experiment,
        pages=pages_of(page, token),
    )


def view_type_of(page: Page) -> ViewType:
    """What the address asks for: deleted ones, or those that are not."""
    return ViewType.DELETED_ONLY if page.asked("state") == "deleted" else ViewType.ACTIVE_ONLY


@view("/p/{platform}/w/{workspace}/new-experiment")
async def new_experiment(page: Page) -> Response:
    """The form for an experiment."""
    page.demand(create_experiment)
    return page.render("tracking/new_experiment.html", place="experiments", create=create_experiment)


@action("/p/{platform}/w/{workspace}/new-experiment", shows=new_experiment)
async def add_experiment(page: Page, form: Form) -> Response:
    """Make an experiment and go to it."""
    tags = read_tags(form.raw("tags"))
    if note := form.raw("description").strip():
        tags.append(Tag(NOTE_TAG, note))
    made = await page.call(
        create_experiment,
        CreateExperiment(form.text("name"), form.text("artifact_location") or None, tags),
        retry_token=form.raw("retry_token"),
    )
    return page.go_to(
        page.in_workspace("experiments", made.experiment_id), f"The experiment {form.text('name')} was created."
    )
