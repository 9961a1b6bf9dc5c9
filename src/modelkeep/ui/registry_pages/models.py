"""The list of registered models, and making one."""

from starlette.responses import Response

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.fields import Tag
from modelkeep.registry.registered_model_search import SearchRegisteredModels, search_registered_models
from modelkeep.registry.registered_models import CreateRegisteredModel, RegisteredModel, create_registered_model
from modelkeep.ui.filters import FilterProblem, as_filter, both
from modelkeep.ui.forms import Form
from modelkeep.ui.listing import ROWS, Sorting, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.texts import read_tags
from modelkeep.ui.view import action, view

_COLUMNS = {"name": "name", "updated": "-last_updated_timestamp"}


@view("/p/{platform}/models")
async def models(page: Page) -> Response:
    """Models by name, or those that a search finds."""
    return await list_models(page, "registry/models.html", "models")


async def list_models(page: Page, template: str, place: str, condition: str = "") -> Response:
    """The models that meet the condition and what was searched for."""
    text, sorting = page.asked("q"), Sorting(page, _COLUMNS, "name")
    found: list[RegisteredModel] = []
    token, problem, status = "", None, 200
    try:
        answer = await page.call(
            search_registered_models,
            SearchRegisteredModels(
                both(as_filter(text), condition), ROWS, sorting.order_by, page.asked("page") or None
            ),
        )
        found, token = answer.registered_models, answer.next_page_token or ""
    except ApiError as error:
        if error.kind is not ErrorKind.INVALID_PARAMETER:
            raise
        problem, status = FilterProblem(text, error), 400
    return page.render(
        template,
        status=status,
        place=place,
        models=found,
        newest={model.name: _newest(model) for model in found},
        query=text,
        sorting=sorting,
        problem=problem,
        create=create_registered_model,
        pages=pages_of(page, token),
    )


def _newest(model: RegisteredModel) -> str:
    return str(max((int(version.version) for version in model.latest_versions), default=""))


@view("/p/{platform}/new-model")
async def new_model(page: Page) -> Response:
    """The form for a model."""
    page.demand(create_registered_model)
    return page.render("registry/new_model.html", place="models", kind="model")


@action("/p/{platform}/new-model", shows=new_model)
async def create_model(page: Page, form: Form) -> Response:
    """Make a model and go to it."""
    name = await make_model(page, form)
    return page.go_to(page.at("models", name), f"The model {name} was created.")


async def make_model(page: Page, form: Form, *marks: Tag) -> str:
    """Make what the form describes, with further tags that say what it is; its name."""
    name = form.text("name")
    await page.call(
        create_registered_model,
        CreateRegisteredModel(name, [*marks, *read_tags(form.raw("tags"))], form.raw("description").strip()),
        retry_token=form.raw("retry_token"),
    )
    return name
