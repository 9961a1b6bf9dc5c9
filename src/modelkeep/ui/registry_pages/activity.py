"""What was done to a model and its versions."""

from starlette.responses import Response

from modelkeep.registry.registered_models import NamedModel, get_registered_model
from modelkeep.server.audit import ModelHistoryOf, get_registered_model_history
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.prompt_text import shelf_of
from modelkeep.ui.view import view


@view("/p/{platform}/models/{name}/activity")
async def activity(page: Page) -> Response:
    """The latest writes."""
    name = page.parameter("name")
    shown = (await page.call(get_registered_model, NamedModel(name))).registered_model
    history = await page.call(get_registered_model_history, ModelHistoryOf(name))
    return page.render("registry/activity.html", name=name, history=history, **shelf_of(page, shown.tags))
