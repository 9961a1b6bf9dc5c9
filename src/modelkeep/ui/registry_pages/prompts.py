"""The list of prompts. A prompt's own page is that of the registered model that it is."""

from starlette.responses import Response

from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.models import list_models
from modelkeep.ui.registry_pages.prompt_text import PROMPTS_ALONE
from modelkeep.ui.view import view


@view("/p/{platform}/prompts")
async def prompts(page: Page) -> Response:
    """Prompts by name, or those that a search finds."""
    return await list_models(page, "registry/prompts.html", "prompts", PROMPTS_ALONE)
