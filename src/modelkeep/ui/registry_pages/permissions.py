"""Who may do what with a model: shown on its page, granted and taken away there."""

from starlette.responses import Response

from modelkeep.registry.permissions import ManageRegisteredModelPermission, manage_registered_model_permission
from modelkeep.ui.forms import Form
from modelkeep.ui.granting import read_change
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.model import model
from modelkeep.ui.view import action


@action("/p/{platform}/models/{name}/permissions", shows=model)
async def change_permission(page: Page, form: Form) -> Response:
    """Grant a level, or take one's away."""
    name, change = page.parameter("name"), read_change(form)
    request = ManageRegisteredModelPermission(
        registered_model_key=name,
        assign_registered_model_permission_details=change.assign,
        revoke_registered_model_permission_details=change.revoke,
    )
    await page.call(manage_registered_model_permission, request)
    return page.go_to(page.at("models", name), change.notice)
