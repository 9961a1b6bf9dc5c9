"""Who may do what with a model: shown on its page, granted and taken away there."""

from starlette.responses import Response

from modelkeep.core.errors import invalid_parameter
from modelkeep.identity.permissions import (
    GranteeType,
    PermissionAssignees,
    PermissionDetails,
    PermissionName,
)
from modelkeep.registry.permissions import ManageRegisteredModelPermission, manage_registered_model_permission
from modelkeep.ui.forms import Form
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.model import model
from modelkeep.ui.registry_pages.texts import chosen
from modelkeep.ui.view import action


@action("/p/{platform}/models/{name}/permissions", shows=model)
async def change_permission(page: Page, form: Form) -> Response:
    """Grant a level, or take away all that the one whose button was pressed was granted here."""
    name = page.parameter("name")
    if "revoke" in form:
        kind, _, grantee = form.raw("revoke").partition(":")
        revoked = PermissionDetails(_assignees(kind, grantee), [PermissionName.READ])
        request = ManageRegisteredModelPermission(
            registered_model_key=name, revoke_registered_model_permission_details=revoked
        )
        notice = f"{grantee} has no permission of its own here any more."
    else:
        grantee, level = form.text("grantee"), chosen(PermissionName, "permission", form.text("permission"))
        assigned = PermissionDetails(_assignees(form.text("kind"), grantee), [level])
        request = ManageRegisteredModelPermission(
            registered_model_key=name, assign_registered_model_permission_details=assigned
        )
        notice = f"{grantee} has {level.value} now."
    await page.call(manage_registered_model_permission, request)
    return page.go_to(page.at("models", name), notice)


def _assignees(kind: str, grantee: str) -> PermissionAssignees:
    if not grantee:
        raise invalid_parameter("grantee", "give the name of a user, group or role.")
    return PermissionAssignees(chosen(GranteeType, "kind", kind), [grantee])
