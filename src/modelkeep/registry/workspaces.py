"""Workspaces of a platform, as the WorkspaceClient of Oracle's SDK has them."""

import re
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import (
    ApiError,
    ErrorKind,
    invalid_parameter,
    missing_parameter,
    platform_not_found,
    workspace_not_found,
)
from modelkeep.core.fields import check_length, page_size
from modelkeep.core.guard import PLATFORM, VISIBLE
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.grants import WORKSPACE_GRANTS
from modelkeep.identity.sight import bound_to_caller
from modelkeep.registry.guards import NAMED_WORKSPACE
from modelkeep.registry.workspace_rows import COLUMNS, Workspace, from_row
from modelkeep.search.listing import SortBy, SortOrder
from modelkeep.search.order import Order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.storage.errors import ForeignKeyViolation, UniqueViolation
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import workspaces
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.experiments import add_default_experiment
from modelkeep.tracking.removal import remove_artifacts_of_workspace

DEFAULT_WORKSPACE = "default"
KIND = "workspace"

_DISPLAY_NAME_LENGTH = 255
_LARGEST_PAGE = 1_000
_NOT_IN_KEYS = re.compile(r"[^a-z0-9_.\-]+")

_w = workspaces.c
_ONE = (_w.platform_id == sa.bindparam("platform"), _w.key == sa.bindparam("name"))
_GET = Query(sa.select(*COLUMNS).where(*_ONE))
_LOCATE = Query(sa.select(_w.id, _w.revision, _w.type).where(*_ONE).with_for_update())
_INSERT = Query(
    sa.insert(workspaces)
    .values(
        {
            column.name: sa.bindparam(column.name)
            for column in workspaces.columns
            if column.name not in ("id", "updated_at", "updated_by", "revision", "last_experiment")
        }
        | {
            "updated_at": sa.bindparam("created_at"),
            "updated_by": sa.bindparam("created_by"),
            "revision": 1,
        }
    )
    .returning(_w.id)
)
_UPDATE = Query(
    sa.update(workspaces)
    .where(_w.id == sa.bindparam("workspace"))
    .values(
        {
            column.name: sa.func.coalesce(sa.bindparam(f"_{column.name}", type_=sa.Text), column)
            for column in (_w.display_name, _w.description, _w.default_catalog_key)
        }
        | {
            "updated_at": sa.bindparam("now"),
            "updated_by": sa.bindparam("user"),
            "revision": _w.revision + 1,
        }
    )
)
_DELETE = Query(sa.delete(workspaces).where(_w.id == sa.bindparam("workspace")))


class WorkspaceCollection(msgspec.Struct):
    """One page of workspaces; the header `opc-next-page` names the next."""

    items: list[Workspace]


class WorkspaceDetails(msgspec.Struct, rename="camel", kw_only=True):
    """What a workspace can be given. Networks are not this server's to configure, so none is accepted."""

    description: str | None = None
    default_catalog_key: str | None = None
    network_configuration_details: dict[str, Any] | None = None


class CreateWorkspaceDetails(WorkspaceDetails, rename="camel", kw_only=True):
    """The workspace's key is made of its display name."""

    display_name: str


@operation("workspaces", verb="POST", writes=True, needs=Permission.MANAGE, on=PLATFORM, reach=Reach.PLATFORM)
def create_workspace(tx: Transaction, scope: Scope, request: CreateWorkspaceDetails) -> Workspace:
    """Create a workspace of a platform."""
    _check_details(scope, request)
    _check_display_name(request.display_name)
    key = _free_key(tx, scope, request.display_name)
    try:
        created = _insert(tx, scope, scope.platform, key, request.display_name, "USER", request)
    except UniqueViolation:
        raise _exists(request.display_name) from None
    except ForeignKeyViolation:
        raise platform_not_found(scope.tenancy.platform_key if scope.tenancy else "") from None
    if WORKSPACE_GRANTS.give_creator(tx, scope, created):
        note_identity_change(tx)
    return _load(tx, scope, key)


class WorkspaceKey(msgspec.Struct, kw_only=True):
    """Which workspace."""

    workspace_key: str = msgspec.field(name="workspaceKey")


@operation("workspaces/{workspaceKey}", needs=Permission.READ, on=NAMED_WORKSPACE, reach=Reach.PLATFORM)
def get_workspace(tx: Transaction, scope: Scope, request: WorkspaceKey) -> Workspace:
    """Get a workspace by its key."""
    return _load(tx, scope, request.workspace_key)


class UpdateWorkspaceDetails(WorkspaceDetails, rename="camel", kw_only=True):
    """What is absent stays as it is."""

    workspace_key: str
    display_name: str | None = None


@operation(
    "workspaces/{workspaceKey}",
    verb="PUT",
    writes=True,
    needs=Permission.MANAGE,
    on=NAMED_WORKSPACE,
    reach=Reach.PLATFORM,
)
def update_workspace(tx: Transaction, scope: Scope, request: UpdateWorkspaceDetails) -> Workspace:
    """Change a workspace's display name, description or default catalog."""
    _check_details(scope, request)
    if request.display_name is not None:
        _check_display_name(request.display_name)
    workspace, _ = _locate(tx, scope, request.workspace_key)
    try:
        tx.run(
            _UPDATE,
            workspace=workspace,
            _display_name=request.display_name,
            _description=request.description,
            _default_catalog_key=request.default_catalog_key,
            now=scope.now,
            user=scope.principal.name,
        )
    except UniqueViolation:
        raise _exists(request.display_name or "") from None
    return _load(tx, scope, request.workspace_key)


@operation(
    "workspaces/{workspaceKey}",
    verb="DELETE",
    writes=True,
    needs=Permission.MANAGE,
    on=NAMED_WORKSPACE,
    reach=Reach.PLATFORM,
)
def delete_workspace(tx: Transaction, scope: Scope, request: WorkspaceKey) -> Empty:
    """Delete a workspace with its experiments and their artifacts. Models and versions are the platform's, and stay."""
    workspace, kind = _locate(tx, scope, request.workspace_key)
    if kind == "DEFAULT":
        raise invalid_parameter("workspaceKey", f"'{request.workspace_key}' is the platform's default; it stays.")
    remove_artifacts_of_workspace(tx, workspace, scope.now)
    tx.run(_DELETE, workspace=workspace)
    # With it go the grants on it and on what was in it.
    note_identity_change(tx)
    tx.about(KIND, str(workspace), "")
    return Empty()


class ListWorkspaces(msgspec.Struct, rename="camel"):
    """Filters and the page of a list. Names come in ascending order by default, times in descending."""

    lifecycle_state: str | None = None
    display_name: str | None = None
    display_name_contains: str | None = None
    type: str | None = None
    limit: Annotated[int, page_size(1_000)] = 100
    page: str | None = None
    sort_order: SortOrder | None = None
    sort_by: SortBy = SortBy.DISPLAY_NAME
    is_private_network_enabled: bool | None = None


@operation("workspaces", needs=Permission.READ, on=VISIBLE, reach=Reach.PLATFORM, scans=True, lists=True)
def list_workspaces(tx: Transaction, scope: Scope, request: ListWorkspaces) -> WorkspaceCollection:
    """List the workspaces of a platform that the caller may see."""
    by_time = request.sort_by is SortBy.TIME_CREATED
    descending = request.sort_order is SortOrder.DESC if request.sort_order else by_time
    filters = _Filters(
        request.lifecycle_state,
        request.display_name,
        request.display_name_contains,
        request.type,
        request.is_private_network_enabled,
    )
    sees_all = scope.access.platform > 0
    caller = bound_to_caller(scope, sees_all=sees_all)
    page = fetch_page(
        tx,
        scope,
        lambda further: _search(filters, by_time, descending, sees_all, further),
        within={"platform": scope.platform},
        values={"seen": json_array(sorted(scope.access.seen))},
        max_results=check_max_results(request.limit, _LARGEST_PAGE, "limit"),
        page_token=request.page or "",
        bound_to=(
            "workspaces",
            repr(filters),
            request.sort_by.value,
            str(descending),
            *caller,
        ),
        field="page",
    )
    tx.next_page = page.next_page_token or None
    return WorkspaceCollection([from_row(row) for row in page.rows])


class _Filters(NamedTuple):
    """What a list is narrowed to."""

    lifecycle_state: str | None
    display_name: str | None
    display_name_contains: str | None
    type: str | None
    is_private_network_enabled: bool | None


@lru_cache(256)
def _search(filters: _Filters, by_time: bool, descending: bool, sees_all: bool, further: bool) -> Search:
    conditions: list[sa.ColumnElement[bool]] = [_w.platform_id == sa.bindparam("platform")]
    if not sees_all:
        conditions.append(_w.id.in_(one_of("seen", numbers=True)))
    if filters.display_name is not None:
        conditions.append(_w.display_name == filters.display_name)
    if filters.display_name_contains is not None:
        conditions.append(sa.func.replace(_w.display_name, filters.display_name_contains, "") != _w.display_name)
    if filters.type is not None:
        conditions.append(_w.type == filters.type.upper())
    # Every workspace is active and without a private network, so these choose all or none.
    if (filters.lifecycle_state or "ACTIVE").upper() != "ACTIVE" or filters.is_private_network_enabled:
        conditions.append(sa.false())
    orders = [
        Order("timeCreated", _w.created_at, descending)
        if by_time
        else Order("displayName", _w.display_name, descending),
        Order("id", _w.id, descending),
    ]
    return make_search(sa.select(*COLUMNS).where(*conditions), orders, further=further)


def add_default_workspace(tx: Transaction, scope: Scope, platform: int) -> None:
    """The workspace that every platform is made with."""
    _insert(tx, scope, platform, DEFAULT_WORKSPACE, DEFAULT_WORKSPACE, "DEFAULT", WorkspaceDetails())


def _insert(
    tx: Transaction,
    scope: Scope,
    platform: int,
    key: str,
    display_name: str,
    kind: str,
    details: WorkspaceDetails,
) -> int:
    created = tx.one(
        _INSERT,
        platform_id=platform,
        key=key,
        display_name=display_name,
        type=kind,
        description=details.description or "",
        default_catalog_key=details.default_catalog_key or "",
        created_at=scope.now,
        created_by=scope.principal.name,
    )
    workspace = int(created[0]) if created else 0
    add_default_experiment(tx, workspace, scope.now)
    return workspace


def _check_display_name(name: str) -> None:
    if not name.strip():
        raise missing_parameter("displayName")
    check_length("displayName", name, _DISPLAY_NAME_LENGTH)


def _check_details(scope: Scope, details: WorkspaceDetails) -> None:
    check_length("description", details.description or "", scope.limits.description_length)
    check_length("defaultCatalogKey", details.default_catalog_key or "", _DISPLAY_NAME_LENGTH)
    if details.network_configuration_details is not None:
        raise invalid_parameter(
            "networkConfigurationDetails",
            "this server's network is not configured by workspace; leave it out.",
        )


def _free_key(tx: Transaction, scope: Scope, display_name: str) -> str:
    """A key that can stand in a path: the display name in lower case, numbered where it is taken."""
    plain = _NOT_IN_KEYS.sub("-", display_name.lower()).strip("-.") or "workspace"
    key, number = plain, 1
    while tx.one(_GET, platform=scope.platform, name=key) is not None:
        number += 1
        key = f"{plain}-{number}"
    return key


def _exists(display_name: str) -> ApiError:
    return ApiError(ErrorKind.ALREADY_EXISTS, f"A workspace with the display name '{display_name}' exists.")


def _locate(tx: Transaction, scope: Scope, key: str) -> tuple[int, str]:
    row = tx.one(_LOCATE, platform=scope.platform, name=key)
    if row is None:
        raise _not_found(scope, key)
    workspace, revision, kind = row
    tx.expect(workspace_etag(workspace, revision))
    return workspace, kind


def _load(tx: Transaction, scope: Scope, key: str) -> Workspace:
    row = tx.one(_GET, platform=scope.platform, name=key)
    if row is None:
        raise _not_found(scope, key)
    workspace, revision = row[-2:]
    tx.about(KIND, str(workspace), workspace_etag(workspace, revision))
    return from_row(row)


def _not_found(scope: Scope, key: str) -> ApiError:
    return workspace_not_found(scope.tenancy.platform_key if scope.tenancy else "", key)


def workspace_etag(workspace: int, revision: int) -> str:
    return f'"w{workspace}.{revision}"'


_REVISION = Query(sa.select(_w.revision).where(_w.id == sa.bindparam("workspace")))


def current_etag(tx: Transaction, key: str) -> str:
    """The etag that the workspace with this row id has now, "" where it is gone."""
    row = tx.one(_REVISION, workspace=int(key))
    return workspace_etag(int(key), row[0]) if row else ""
