"""A workspace itself: what is in it, its description, and who may do what in it."""

from starlette.responses import Response

from modelkeep.core.operation import Empty
from modelkeep.registry.counts import count_workspace
from modelkeep.registry.permissions import (
    ListWorkspacePermissions,
    ManageWorkspacePermission,
    list_workspace_permissions,
    manage_workspace_permission,
)
from modelkeep.registry.workspace_rows import Workspace
from modelkeep.registry.workspaces import (
    UpdateWorkspaceDetails,
    WorkspaceKey,
    delete_workspace,
    get_workspace,
    update_workspace,
)
from modelkeep.ui.forms import Form
from modelkeep.ui.granting import Card, granted, read_change
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.texts import confirm
from modelkeep.ui.view import action, view

_PATH = "/p/{platform}/w/{workspace}/overview"


async def _load(page: Page) -> Workspace | None:
    """The workspace; None where the caller sees something in it, and not the workspace itself."""
    key = WorkspaceKey(workspace_key=page.workspace)
    await page.caller.learn([get_workspace, update_workspace, delete_workspace], key)
    await page.caller.learn([manage_workspace_permission], ManageWorkspacePermission(workspace_key=page.workspace))
    return await page.call(get_workspace, key) if page.may(get_workspace) else None


@view(_PATH)
async def overview(page: Page) -> Response:
    """What the caller may see of a workspace."""
    shown = await _load(page)
    request = ListWorkspacePermissions(workspace_key=page.workspace)
    await page.caller.learn([list_workspace_permissions], request)
    may_list = page.may(list_workspace_permissions)
    return page.render(
        "platform/workspace.html",
        place="overview",
        shown=shown,
        counts=await page.call(count_workspace, Empty()),
        granted=await granted(page, list_workspace_permissions, request) if may_list else Card(),
        grant=manage_workspace_permission,
        update=update_workspace,
        delete=delete_workspace,
    )


@action(f"{_PATH}/details", shows=overview)
async def change_workspace(page: Page, form: Form) -> Response:
    """Give the workspace another name or description."""
    details = UpdateWorkspaceDetails(
        workspace_key=page.workspace,
        display_name=form.text("displayName"),
        description=form.text("description"),
    )
    await page.call(update_workspace, details)
    return page.go_to(page.in_workspace("overview"), "The workspace was saved.")


@action(f"{_PATH}/permissions", shows=overview)
async def change_permission(page: Page, form: Form) -> Response:
    """Grant a level, or take one's away."""
    change = read_change(form)
    request = ManageWorkspacePermission(
        workspace_key=page.workspace,
        assign_permission_details=change.assign,
        revoke_permission_details=change.revoke,
    )
    await page.call(manage_workspace_permission, request)
    return page.go_to(page.in_workspace("overview"), change.notice)


@view(f"{_PATH}/delete")
async def delete_form(page: Page) -> Response:
    shown = await _load(page)
    page.demand(delete_workspace)
    counts = await page.call(count_workspace, Empty())
    return page.render("platform/delete_workspace.html", place="overview", shown=shown, counts=counts)


@action(f"{_PATH}/delete", shows=delete_form)
async def remove_workspace(page: Page, form: Form) -> Response:
    confirm(form.text("confirmed"), page.workspace)
    await page.call(delete_workspace, WorkspaceKey(workspace_key=page.workspace))
    return page.go_to(page.at("workspaces"), f"The workspace {page.workspace} was deleted.")
