"""The way in, and how pages look."""

from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from modelkeep.registry.platforms import DEFAULT_PLATFORM
from modelkeep.ui.forms import Form
from modelkeep.ui.links import platform_link
from modelkeep.ui.page import THEME_COOKIE, Page
from modelkeep.ui.view import action, view

_YEAR_SECONDS = 31_536_000


@view("/")
async def home(page: Page) -> Response:
    return RedirectResponse(platform_link(DEFAULT_PLATFORM, "models"), 303)


@view("/p/{platform}")
async def platform_home(page: Page) -> Response:
    return RedirectResponse(page.at("models"), 303)


@action("/theme")
async def choose_theme(page: Page, form: Form) -> Response:
    """Light, dark, or as the browser has it."""
    back = urlsplit(page.request.headers.get("referer", ""))
    response = RedirectResponse((back.path or "/") + (f"?{back.query}" if back.query else ""), 303)
    theme = form.text("theme")
    if theme in ("light", "dark"):
        response.set_cookie(THEME_COOKIE, theme, max_age=_YEAR_SECONDS, samesite="lax")
    else:
        response.delete_cookie(THEME_COOKIE)
    return response
