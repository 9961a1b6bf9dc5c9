"""Who was granted what, and the form that changes it: the same on every kind of resource."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.scope import Scope
from modelkeep.identity.permissions import (
    GranteeType,
    ListPermissions,
    PermissionAssignees,
    PermissionCollection,
    PermissionDetails,
    PermissionName,
    PermissionSummary,
)
from modelkeep.storage.transaction import Transaction
from modelkeep.ui.forms import Form
from modelkeep.ui.listing import ROWS, Pages, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.texts import chosen

Asked = TypeVar("Asked", bound=ListPermissions)

_KEY = "grants"
_KINDS = [kind.value for kind in GranteeType]
_LEVELS = [level.value for level in PermissionName]


class Card(NamedTuple):
    """A page of the grants on a resource, and what the form of another lets one choose from."""

    grants: Sequence[PermissionSummary] = ()
    pages: Pages = Pages("", "")
    kinds: Sequence[str] = _KINDS
    levels: Sequence[str] = _LEVELS


async def granted(
    page: Page, function: Callable[[Transaction, Scope, Asked], PermissionCollection], request: Asked
) -> Card:
    """The card of permissions of what `request` names; the address says which page of them, `?grants=…`."""
    asked = msgspec.structs.replace(request, limit=ROWS, page=page.asked(_KEY) or None)
    found, token = await page.calls.call_page(function, page.scope, asked)
    return Card(found.items, pages_of(page, token, _KEY))


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
