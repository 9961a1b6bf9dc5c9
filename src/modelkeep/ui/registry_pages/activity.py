"""What was done to a model and its versions."""

from starlette.responses import Response

from modelkeep.registry.registered_models import NamedModel, get_registered_model
from modelkeep.server.audit import ModelHistoryOf, get_registered_model_history
from modelkeep.ui.page import Page
from modelkeep.ui.view import view


@view("/p/{platform}/models/{name}/activity")
async def activity(page: Page) -> Response:
    """The latest writes."""
    name = page.parameter("name")
    await page.call(get_registered_model, NamedModel(name))
    history = await page.call(get_registered_model_history, ModelHistoryOf(name))
    return page.render("registry/activity.html", place="models", name=name, history=history)
