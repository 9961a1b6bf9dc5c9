"""The list of prompts, and making one. A prompt's own page is that of the registered model that it is."""

from starlette.responses import Response

from modelkeep.core.fields import Tag
from modelkeep.registry.registered_models import create_registered_model
from modelkeep.registry.rules import PROMPT_TAG
from modelkeep.ui.forms import Form
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.models import list_models, make_model
from modelkeep.ui.registry_pages.prompt_text import PROMPTS_ALONE
from modelkeep.ui.view import action, view


@view("/p/{platform}/prompts")
async def prompts(page: Page) -> Response:
    """Prompts by name, or those that a search finds."""
    return await list_models(page, "registry/prompts.html", "prompts", PROMPTS_ALONE)


@view("/p/{platform}/new-prompt")
async def new_prompt(page: Page) -> Response:
    """The form for a prompt, which has no text yet."""
    page.demand(create_registered_model)
    return page.render("registry/new_model.html", place="prompts", kind="prompt")


@action("/p/{platform}/new-prompt", shows=new_prompt)
async def create_prompt(page: Page, form: Form) -> Response:
    """Make a prompt and go to where its first text is written."""
    name = await make_model(page, form, Tag(PROMPT_TAG, "true"))
    return page.go_to(page.at("models", name, "write"), f"The prompt {name} was created. Write its first text.")
