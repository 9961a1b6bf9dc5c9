"""How the server is: what is on it, what it was set to, and what an examination of it finds."""

from starlette.responses import Response

from modelkeep.core.operation import Empty
from modelkeep.core.settings import origins_of, shown_value
from modelkeep.registry.counts import count_server
from modelkeep.server.doctor.findings import Finding
from modelkeep.ui.forms import Form
from modelkeep.ui.page import Page
from modelkeep.ui.view import action, view


@view("/server")
async def server(page: Page) -> Response:
    """Counts and settings, for administrators."""
    return await _shown(page)


async def _shown(page: Page, findings: list[Finding] | None = None) -> Response:
    counts = await page.call(count_server, Empty())
    settings = origins_of(page.calls.settings)
    return page.render(
        "platform/server.html",
        place="server",
        counts=counts,
        given=[(origin, shown_value(origin)) for origin in settings if origin.source != "default"],
        others=[(origin, shown_value(origin)) for origin in settings if origin.source == "default"],
        findings=findings,
    )


@action("/server", shows=server)
async def examine_server(page: Page, form: Form) -> Response:
    """Look at what the server stands on, as `modelkeep doctor` does."""
    page.demand(count_server)
    return await _shown(page, await page.calls.examine())
