"""Groups: sets of users that are granted something together."""

import msgspec

from modelkeep.core.guard import CALLER, SERVER
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity import collections
from modelkeep.identity.collections import (
    Collection,
    CollectionName,
    CreateCollection,
    ListCollections,
    MemberOf,
    UpdateCollection,
)
from modelkeep.identity.principals import Kind
from modelkeep.storage.transaction import Transaction

KIND = Kind.GROUP.value


class GroupAnswer(msgspec.Struct):
    """One group."""

    group: Collection


class Groups(msgspec.Struct):
    """Groups, and the page that follows."""

    groups: list[Collection]
    next_page_token: str = ""


@operation(
    "modelkeep/groups", verb="POST", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER, status=201
)
def create_group(tx: Transaction, scope: Scope, request: CreateCollection) -> GroupAnswer:
    """Create a group."""
    return GroupAnswer(collections.create(tx, scope, Kind.GROUP, request))


@operation("modelkeep/groups", needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER, scans=True)
def list_groups(tx: Transaction, scope: Scope, request: ListCollections) -> Groups:
    """List groups with their members."""
    return Groups(*collections.page(tx, scope, Kind.GROUP, request))


@operation("modelkeep/groups/{name}", needs=Permission.READ, on=CALLER, reach=Reach.SERVER, scans=True)
def get_group(tx: Transaction, scope: Scope, request: CollectionName) -> GroupAnswer:
    """Get a group. Others than administrators see those that they are in."""
    return GroupAnswer(collections.get(tx, scope, Kind.GROUP, request))


@operation("modelkeep/groups/{name}", verb="PATCH", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER)
def update_group(tx: Transaction, scope: Scope, request: UpdateCollection) -> GroupAnswer:
    """Change a group's description."""
    return GroupAnswer(collections.update(tx, scope, Kind.GROUP, request))


@operation("modelkeep/groups/{name}", verb="DELETE", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER)
def delete_group(tx: Transaction, scope: Scope, request: CollectionName) -> Empty:
    """Delete a group with what it was granted. Its members stay."""
    collections.delete(tx, scope, Kind.GROUP, request)
    return Empty()


@operation(
    "modelkeep/groups/{name}/members", verb="POST", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER
)
def add_group_member(tx: Transaction, scope: Scope, request: MemberOf) -> GroupAnswer:
    """Add a user; one that is in it already stays."""
    return GroupAnswer(collections.add_member(tx, scope, Kind.GROUP, request))


@operation(
    "modelkeep/groups/{name}/members", verb="DELETE", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER
)
def remove_group_member(tx: Transaction, scope: Scope, request: MemberOf) -> GroupAnswer:
    """Remove a member."""
    return GroupAnswer(collections.remove_member(tx, scope, Kind.GROUP, request))
