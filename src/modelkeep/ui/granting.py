"""Who was granted what, and the form that changes it: the same on every kind of resource."""

from typing import Any, NamedTuple

from modelkeep.core.errors import invalid_parameter
from modelkeep.identity.permissions import (
    GranteeType,
    PermissionAssignees,
    PermissionDetails,
    PermissionName,
)
from modelkeep.ui.forms import Form
from modelkeep.ui.registry_pages.texts import chosen

GRANTING: dict[str, Any] = {
    "kinds": [kind.value for kind in GranteeType],
    "levels": [level.value for level in PermissionName],
}
"""What the card of permissions lets one choose from."""


class Change(NamedTuple):
    """What a form of that card asks for, and what to say once it is done."""

    assign: PermissionDetails | None
    revoke: PermissionDetails | None
    notice: str


def read_change(form: Form) -> Change:
    """Grant a level, or take away all that the one whose button was pressed was granted here."""
    if "revoke" in form:
        kind, _, grantee = form.raw("revoke").partition(":")
        revoked = PermissionDetails(_assignees(kind, grantee), [PermissionName.READ])
        return Change(None, revoked, f"{grantee} has no permission of its own here any more.")
    grantee, level = form.text("grantee"), chosen(PermissionName, "permission", form.text("permission"))
    assigned = PermissionDetails(_assignees(form.text("kind"), grantee), [level])
    return Change(assigned, None, f"{grantee} has {level.value} now.")


def _assignees(kind: str, grantee: str) -> PermissionAssignees:
    if not grantee:
        raise invalid_parameter("grantee", "give the name of a user, group or role.")
    return PermissionAssignees(chosen(GranteeType, "kind", kind), [grantee])
