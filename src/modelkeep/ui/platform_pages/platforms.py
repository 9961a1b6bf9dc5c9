"""The platforms of the server, and making one."""

from starlette.responses import Response

from modelkeep.core.operation import Empty
from modelkeep.registry.platforms import CreatePlatform, create_platform, list_platforms
from modelkeep.ui.forms import Form
from modelkeep.ui.links import platform_link
from modelkeep.ui.page import Page
from modelkeep.ui.view import action, view


@view("/platforms")
async def platforms(page: Page) -> Response:
    """All platforms that the caller may see."""
    found = await page.call(list_platforms, Empty())
    return page.render("platform/platforms.html", place="platforms", platforms=found.items, create=create_platform)


@action("/platforms", shows=platforms)
async def add_platform(page: Page, form: Form) -> Response:
    """Make a platform and go to it."""
    made = await page.call(
        create_platform,
        CreatePlatform(form.text("id"), form.text("description")),
        retry_token=form.raw("retry_token"),
    )
    return page.go_to(platform_link(made.id, "models"), f"The platform {made.id} was created.")
