"""Roles: sets of users and groups that are granted something together, everywhere or on one platform."""

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

KIND = Kind.ROLE.value


class RoleAnswer(msgspec.Struct):
    """One role."""

    role: Collection


class Roles(msgspec.Struct):
    """Roles, and the page that follows."""

    roles: list[Collection]
    next_page_token: str = ""


@operation(
    "modelkeep/roles", verb="POST", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER, status=201
)
def create_role(tx: Transaction, scope: Scope, request: CreateCollection) -> RoleAnswer:
    """Create a role."""
    return RoleAnswer(collections.create(tx, scope, Kind.ROLE, request))


@operation("modelkeep/roles", needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER, scans=True)
def list_roles(tx: Transaction, scope: Scope, request: ListCollections) -> Roles:
    """List roles with their members."""
    return Roles(*collections.page(tx, scope, Kind.ROLE, request))


@operation("modelkeep/roles/{name}", needs=Permission.READ, on=CALLER, reach=Reach.SERVER, scans=True)
def get_role(tx: Transaction, scope: Scope, request: CollectionName) -> RoleAnswer:
    """Get a role. Others than administrators see those that they are in."""
    return RoleAnswer(collections.get(tx, scope, Kind.ROLE, request))


@operation("modelkeep/roles/{name}", verb="PATCH", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER)
def update_role(tx: Transaction, scope: Scope, request: UpdateCollection) -> RoleAnswer:
    """Change a role's description."""
    return RoleAnswer(collections.update(tx, scope, Kind.ROLE, request))


@operation("modelkeep/roles/{name}", verb="DELETE", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER)
def delete_role(tx: Transaction, scope: Scope, request: CollectionName) -> Empty:
    """Delete a role with what it was granted. Its members stay."""
    collections.delete(tx, scope, Kind.ROLE, request)
    return Empty()


@operation(
    "modelkeep/roles/{name}/members", verb="POST", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER
)
def add_role_member(tx: Transaction, scope: Scope, request: MemberOf) -> RoleAnswer:
    """Add a user or a group; one that is in it already stays."""
    return RoleAnswer(collections.add_member(tx, scope, Kind.ROLE, request))


@operation(
    "modelkeep/roles/{name}/members", verb="DELETE", writes=True, needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER
)
def remove_role_member(tx: Transaction, scope: Scope, request: MemberOf) -> RoleAnswer:
    """Remove a member."""
    return RoleAnswer(collections.remove_member(tx, scope, Kind.ROLE, request))
