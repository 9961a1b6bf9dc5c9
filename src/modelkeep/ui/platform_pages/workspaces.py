"""The workspaces of a platform, and making one."""

from starlette.responses import Response

from modelkeep.registry.workspaces import (
    CreateWorkspaceDetails,
    ListWorkspaces,
    create_workspace,
    list_workspaces,
)
from modelkeep.ui.forms import Form
from modelkeep.ui.listing import ROWS, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.view import action, view


@view("/p/{platform}/workspaces")
async def workspaces(page: Page) -> Response:
    """Workspaces by name."""
    request = ListWorkspaces(limit=ROWS, page=page.asked("page") or None)
    found, token = await page.calls.call_page(list_workspaces, page.scope, request)
    return page.render(
        "platform/workspaces.html",
        place="workspaces",
        workspaces=found.items,
        create=create_workspace,
        pages=pages_of(page, token),
    )


@action("/p/{platform}/workspaces", shows=workspaces)
async def add_workspace(page: Page, form: Form) -> Response:
    """Make a workspace."""
    details = CreateWorkspaceDetails(display_name=form.text("displayName"), description=form.text("description"))
    made = await page.call(create_workspace, details, retry_token=form.raw("retry_token"))
    return page.go_to(page.at("workspaces"), f"The workspace {made.display_name} was created.")
