"""Who may do what on a platform, and the form that grants it."""

from starlette.responses import Response

from modelkeep.identity.permissions import ListPermissions, ManagePermission
from modelkeep.registry.permissions import (
    list_platform_permissions,
    manage_platform_permission,
)
from modelkeep.ui.forms import Form
from modelkeep.ui.granting import granted, read_change
from modelkeep.ui.page import Page
from modelkeep.ui.view import action, view


@view("/p/{platform}/permissions")
async def permissions(page: Page) -> Response:
    """What was granted on the platform, by name."""
    return page.render(
        "platform/permissions.html",
        place="permissions",
        granted=await granted(page, list_platform_permissions, ListPermissions()),
        grant=manage_platform_permission,
    )


@action("/p/{platform}/permissions", shows=permissions)
async def change_permission(page: Page, form: Form) -> Response:
    """Grant a level, or take one's away."""
    change = read_change(form)
    request = ManagePermission(assign_permission_details=change.assign, revoke_permission_details=change.revoke)
    await page.call(manage_platform_permission, request)
    return page.go_to(page.at("permissions"), change.notice)
