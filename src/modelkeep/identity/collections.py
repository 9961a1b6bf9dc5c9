"""What groups and roles have in common.

Groups hold users; roles hold users and groups, and may belong to a platform.
"""

from typing import Annotated

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.fields import Timestamp, check_length, page_size
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.principals import (
    Kind,
    contains,
    delete_principal,
    etag,
    find_principal,
    insert_principal,
    locate_principal,
    platform_id,
    principal_not_found,
    require_administrator,
    touch_principal,
)
from modelkeep.search.order import Order
from modelkeep.search.page import check_max_results, fetch_page, make_search
from modelkeep.storage.expressions import json_objects
from modelkeep.storage.query import Query
from modelkeep.storage.schema import memberships, platforms, principals
from modelkeep.storage.transaction import Row, Transaction

LARGEST_PAGE = 1_000

_p, _m = principals.c, memberships.c
_member = sa.alias(principals, "member")
_MEMBERS = (
    sa.select(json_objects("kind", _member.c.kind, "name", _member.c.name))
    .select_from(memberships.join(_member, _member.c.id == _m.member_id))
    .where(_m.group_id == _p.id)
    .scalar_subquery()
)
_ALL = sa.select(
    _p.name, _p.description, platforms.c.key, _p.created_at, _p.updated_at, _p.created_by, _MEMBERS, _p.revision, _p.id
).select_from(principals.outerjoin(platforms, platforms.c.id == _p.platform_id))
_GET = Query(_ALL.where(_p.id == sa.bindparam("principal")))
_IS_MEMBER = Query(
    sa.select(_m.group_id).where(_m.group_id == sa.bindparam("collection"), _m.member_id == sa.bindparam("member"))
)
_ADD = Query(sa.insert(memberships).values(group_id=sa.bindparam("collection"), member_id=sa.bindparam("member")))
_REMOVE = Query(
    sa.delete(memberships).where(_m.group_id == sa.bindparam("collection"), _m.member_id == sa.bindparam("member"))
)


class Member(msgspec.Struct):
    """A user or a group."""

    kind: str
    name: str


class Collection(msgspec.Struct):
    """A group or a role with its members. `platform` is the one that a role belongs to, "" for all."""

    name: str
    description: str
    platform: str
    created_at: Timestamp
    updated_at: Timestamp
    created_by: str
    members: list[Member]


class CreateCollection(msgspec.Struct, kw_only=True):
    """A new group or role."""

    name: str
    description: str = ""
    platform: Annotated[str, msgspec.Meta(description="The one platform that a role belongs to; empty for all.")] = ""


class CollectionName(msgspec.Struct, kw_only=True):
    """Which group or role."""

    name: str
    platform: str = ""


class UpdateCollection(CollectionName, kw_only=True):
    """What is absent stays as it is."""

    description: str | None = None


class MemberOf(CollectionName, kw_only=True):
    """Which member of which group or role."""

    kind: Annotated[
        str,
        msgspec.Meta(description="`user`, and of a role also `group`.", extra_json_schema={"enum": ["user", "group"]}),
    ]
    member: str


class ListCollections(msgspec.Struct):
    """One page, by name."""

    max_results: Annotated[int, page_size(1_000)] = 100
    page_token: str = ""
    containing: Annotated[str, msgspec.Meta(description="A part of the name.")] = ""


def create(tx: Transaction, scope: Scope, kind: Kind, request: CreateCollection) -> Collection:
    require_administrator(scope, f"create {kind.value}s")
    check_length("description", request.description, scope.limits.description_length)
    if request.platform and kind is Kind.GROUP:
        raise invalid_parameter("platform", "groups are everywhere the same; a role may belong to a platform.")
    principal = insert_principal(tx, scope, kind, request.name, request.description, platform_id(tx, request.platform))
    note_identity_change(tx)
    return _load(tx, kind, principal)


def page(tx: Transaction, scope: Scope, kind: Kind, request: ListCollections) -> tuple[list[Collection], str]:
    require_administrator(scope, f"list {kind.value}s")
    found = fetch_page(
        tx,
        scope,
        lambda further: make_search(
            _ALL.where(_p.kind == kind.value, contains(_p.name)),
            [Order("name", _p.name, False), Order("id", _p.id, False)],
            further=further,
        ),
        within={},
        values={"containing": request.containing},
        max_results=check_max_results(request.max_results, LARGEST_PAGE),
        page_token=request.page_token,
        bound_to=(kind.value, request.containing),
    )
    return [_from_row(row) for row in found.rows], found.next_page_token


def get(tx: Transaction, scope: Scope, kind: Kind, request: CollectionName) -> Collection:
    found = find_principal(tx, kind, request.name, platform_id(tx, request.platform))
    if found is None or found not in scope.principal.ids:
        require_administrator(scope, f"see {kind.value}s of others")
    if found is None:
        raise principal_not_found(kind, request.name)
    return _load(tx, kind, found)


def update(tx: Transaction, scope: Scope, kind: Kind, request: UpdateCollection) -> Collection:
    principal = _located(tx, scope, kind, request)
    check_length("description", request.description or "", scope.limits.description_length)
    touch_principal(tx, principal, scope.now, request.description)
    return _load(tx, kind, principal)


def delete(tx: Transaction, scope: Scope, kind: Kind, request: CollectionName) -> None:
    delete_principal(tx, kind, _located(tx, scope, kind, request))
    note_identity_change(tx)


def add_member(tx: Transaction, scope: Scope, kind: Kind, request: MemberOf) -> Collection:
    collection, member = _member_of(tx, scope, kind, request)
    if tx.one(_IS_MEMBER, collection=collection, member=member) is None:
        tx.run(_ADD, collection=collection, member=member)
        touch_principal(tx, collection, scope.now)
        note_identity_change(tx)
    return _load(tx, kind, collection)


def remove_member(tx: Transaction, scope: Scope, kind: Kind, request: MemberOf) -> Collection:
    collection, member = _member_of(tx, scope, kind, request)
    if not tx.run(_REMOVE, collection=collection, member=member):
        raise ApiError(ErrorKind.NOT_FOUND, f"The {request.kind} '{request.member}' is no member of '{request.name}'.")
    touch_principal(tx, collection, scope.now)
    note_identity_change(tx)
    return _load(tx, kind, collection)


def _located(tx: Transaction, scope: Scope, kind: Kind, request: CollectionName) -> int:
    require_administrator(scope, f"change {kind.value}s")
    return locate_principal(tx, kind, request.name, platform_id(tx, request.platform))


def _member_of(tx: Transaction, scope: Scope, kind: Kind, request: MemberOf) -> tuple[int, int]:
    collection = _located(tx, scope, kind, request)
    allowed = ("user",) if kind is Kind.GROUP else ("user", "group")
    if request.kind not in allowed:
        raise invalid_parameter(
            "kind", f"{request.kind[:40]!r} cannot be a member of a {kind.value}; {', '.join(allowed)} can."
        )
    member = find_principal(tx, Kind(request.kind), request.member)
    if member is None:
        raise principal_not_found(Kind(request.kind), request.member)
    return collection, member


def _load(tx: Transaction, kind: Kind, principal: int) -> Collection:
    row = tx.one(_GET, principal=principal)
    if row is None:
        raise principal_not_found(kind, str(principal))
    tx.about(kind.value, str(principal), etag(principal, row[-2]))
    return _from_row(row)


def _from_row(row: Row) -> Collection:
    name, description, platform, created_at, updated_at, created_by, members, *_ = row
    known = msgspec.json.decode(members, type=list[Member])
    return Collection(
        name,
        description or "",
        platform or "",
        created_at,
        updated_at,
        created_by,
        sorted(known, key=lambda member: (member.kind, member.name)),
    )
