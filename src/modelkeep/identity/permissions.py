"""Grants as Oracle's `managePermission` and `permissions` have them, the same for every kind of resource.

What is assigned adds to what was granted; what is revoked is taken with all that includes it.
"""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.fields import page_size
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.grants import PLATFORM_GRANTS, WORKSPACE_GRANTS, Grants
from modelkeep.identity.principals import Kind
from modelkeep.identity.targets import find_target
from modelkeep.search.listing import SortBy, SortOrder
from modelkeep.search.order import Order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.storage.schema import platforms, principals, workspaces
from modelkeep.storage.transaction import Transaction

_LARGEST_PAGE = 1_000
_FIELDS = ("assignPermissionDetails", "revokePermissionDetails")


class GranteeType(Enum):
    """Kinds of principals, as grants name them."""

    USER = "USER"
    ROLE = "ROLE"
    GROUP = "GROUP"


class PermissionName(Enum):
    """Each includes those before it."""

    READ = "READ"
    MANAGE = "MANAGE"
    ADMIN = "ADMIN"


class PermissionAssignees(msgspec.Struct):
    """Users, groups or roles, by their names or ids."""

    type: GranteeType
    targets: list[str]


class PermissionDetails(msgspec.Struct):
    """Who, and which permissions."""

    assignees: PermissionAssignees
    permissions: list[PermissionName]


class PermissionSummary(msgspec.Struct, rename="camel"):
    """What one was granted. One that is inherited was granted on `resource_name`, in which the resource is."""

    grantee: str
    grantee_name: str
    grantee_type: GranteeType
    grantee_permissions: list[PermissionName]
    is_inherited: bool
    resource_name: str


class PermissionCollection(msgspec.Struct):
    """One page of grants; the header `opc-next-page` names the next."""

    items: list[PermissionSummary]


class ManagePermission(msgspec.Struct, rename="camel", kw_only=True):
    """Permissions to assign and to revoke; what is revoked goes first."""

    assign_permission_details: PermissionDetails | None = None
    revoke_permission_details: PermissionDetails | None = None


class ListPermissions(msgspec.Struct, rename="camel", kw_only=True):
    """The page of a list. Names come in ascending order by default, times in descending."""

    limit: Annotated[int, page_size(1_000)] = 100
    page: str | None = None
    sort_order: SortOrder | None = None
    sort_by: SortBy | None = None


class Granted(NamedTuple):
    """A resource on which something is granted, by row ids; `workspace` is what it inherits from, None for nothing."""

    grants: Grants
    row: int
    name: str
    platform: int
    workspace: int | None


def change_permissions(
    tx: Transaction,
    scope: Scope,
    on: Granted,
    assign: PermissionDetails | None,
    revoke: PermissionDetails | None,
    fields: tuple[str, str] = _FIELDS,
) -> None:
    """Revoke and assign in one step: all of it or nothing. `fields` are the names of both in the request."""
    tx.about(f"{on.grants.kind}_permissions", str(on.row), "")
    if assign is None and revoke is None:
        raise missing_parameter(fields[0])
    for principal in _targets(tx, scope, on, revoke, fields[1]):
        held = on.grants.level(tx, on.row, principal)
        if revoke and held is not None and held >= min(Permission[name.name] for name in revoke.permissions):
            on.grants.take(tx, on.row, principal)
    for principal in _targets(tx, scope, on, assign, fields[0]):
        held = on.grants.level(tx, on.row, principal) or 0
        if assign:
            level = max(Permission[name.name] for name in assign.permissions)
            if level > held:
                on.grants.give(tx, scope, on.row, principal, level)


def _targets(
    tx: Transaction, scope: Scope, on: Granted, details: PermissionDetails | None, field: str
) -> Sequence[int]:
    """The row ids of those named, each once and in one order, so that two changes never wait for each other."""
    if details is None:
        return ()
    targets, most = details.assignees.targets, scope.limits.permission_targets
    if not targets:
        raise missing_parameter(f"{field}.assignees.targets")
    if not details.permissions:
        raise missing_parameter(f"{field}.permissions")
    if len(targets) > most:
        raise invalid_parameter(f"{field}.assignees.targets", f"{len(targets)} are named, {most} are allowed.")
    kind = Kind[details.assignees.type.name]
    where = f"{field}.assignees.targets"
    return sorted({find_target(tx, kind, target, on.platform, where) for target in targets})


def page_of_permissions(tx: Transaction, scope: Scope, on: Granted, request: ListPermissions) -> PermissionCollection:
    """Who was granted what on a resource, there or where it inherits from."""
    by_time = request.sort_by is SortBy.TIME_CREATED
    descending = request.sort_order is SortOrder.DESC if request.sort_order else by_time
    page = fetch_page(
        tx,
        scope,
        lambda further: _search(on.grants, by_time, descending, further),
        within={"resource": on.row, "platform": on.platform, "workspace": on.workspace},
        values={},
        max_results=check_max_results(request.limit, _LARGEST_PAGE, "limit"),
        page_token=request.page or "",
        bound_to=("permissions", on.grants.table.name, str(by_time), str(descending)),
        field="page",
    )
    tx.next_page = page.next_page_token or None
    return PermissionCollection([_summary(on, row) for row in page.rows])


def _summary(on: Granted, row: Any) -> PermissionSummary:
    principal, name, kind, level, depth, above, *_ = row
    return PermissionSummary(
        str(principal),
        name,
        GranteeType(kind.upper()),
        [PermissionName[Permission(level).name]],
        depth > 0,
        above or on.name,
    )


def _granted(grants: Grants, resource: str, depth: int, name: Any) -> sa.Select[Any]:
    g, p = grants.table.c, principals.c
    return (
        sa.select(p.id, p.name, p.kind, g.permission, sa.literal_column(str(depth)).label("depth"), name.label("above"))
        .add_columns(g.granted_at)
        .join_from(grants.table, principals, p.id == g.principal_id)
        .where(grants.resource == sa.bindparam(resource, type_=sa.BigInteger), g.permission > sa.literal_column("0"))
    )


@lru_cache(64)
def _search(own: Grants, by_time: bool, descending: bool, further: bool) -> Search:
    nothing = sa.literal_column("''", sa.Text)
    parts = [_granted(own, "resource", 0, nothing)]
    if own is not PLATFORM_GRANTS:
        key = sa.select(platforms.c.key).where(platforms.c.id == sa.bindparam("platform")).scalar_subquery()
        parts.append(_granted(PLATFORM_GRANTS, "platform", 2, key))
    if own not in (PLATFORM_GRANTS, WORKSPACE_GRANTS):
        key = sa.select(workspaces.c.key).where(workspaces.c.id == sa.bindparam("workspace")).scalar_subquery()
        parts.append(_granted(WORKSPACE_GRANTS, "workspace", 1, key))
    found = sa.union_all(*parts).subquery("granted")
    c = found.c
    orders = [
        Order("timeCreated", c.granted_at, descending) if by_time else Order("displayName", c.name, descending),
        Order("id", c.id, descending),
        Order("depth", c.depth, descending),
    ]
    columns = (c.id, c.name, c.kind, c.permission, c.depth, c.above)
    return make_search(sa.select(*columns), orders, further=further)
