"""Users whom an identity provider knows: found by what it calls them, made at their first log-in, and its groups."""

from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, not_authenticated
from modelkeep.core.scope import Scope
from modelkeep.identity import lookup
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.lookup import KnownUser
from modelkeep.identity.principals import Kind
from modelkeep.identity.users import UserDetails, insert_user
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import memberships, principals
from modelkeep.storage.transaction import Transaction

_p, _m = principals.c, memberships.c
_GROUPS = Query(
    sa.select(_p.id).where(_p.kind == Kind.GROUP.value, _p.platform_id.is_(None), _p.name.in_(one_of("names")))
)
_MEMBER_OF = Query(
    sa.select(_p.id)
    .select_from(memberships.join(principals, _p.id == _m.group_id))
    .where(_m.member_id == sa.bindparam("user"), _p.kind == Kind.GROUP.value)
)
_JOIN = Query(sa.insert(memberships).values(group_id=sa.bindparam("group"), member_id=sa.bindparam("user")))
_LEAVE = Query(sa.delete(memberships).where(_m.group_id == sa.bindparam("group"), _m.member_id == sa.bindparam("user")))


def find_provided(tx: Transaction, issuer: str, subject: str, groups: Sequence[str] | None) -> KnownUser | None:
    """The user, None where there is none yet or its groups are not as the provider says."""
    user = lookup.by_subject(tx, issuer, subject)
    if user is None or (groups is not None and _memberships(tx, user.id) != _named(tx, groups)):
        return None
    return user


def receive_provided(
    tx: Transaction, scope: Scope, name: str, details: UserDetails, groups: Sequence[str] | None, *, create: bool
) -> int:
    """The row id of the user whom the provider means, with its groups as the provider says.

    A user that is here already is never taken for the provider's because it has the same name: whoever may choose a
    name at the provider would be that user.
    """
    issuer, subject = details.issuer or "", details.subject or ""
    known = lookup.by_subject(tx, issuer, subject)
    if known is None and not create:
        raise not_authenticated()
    try:
        user = known.id if known is not None else insert_user(tx, scope, name, "", details)
    except ApiError:
        raise not_authenticated() from None
    if groups is not None:
        now, wanted = _memberships(tx, user), _named(tx, groups)
        for group in sorted(wanted - now):
            tx.run(_JOIN, group=group, user=user)
        for group in sorted(now - wanted):
            tx.run(_LEAVE, group=group, user=user)
        note_identity_change(tx)
    return user


def _named(tx: Transaction, groups: Sequence[str]) -> set[int]:
    return {row[0] for row in tx.all(_GROUPS, names=json_array(list(groups)))}


def _memberships(tx: Transaction, user: int) -> set[int]:
    return {row[0] for row in tx.all(_MEMBER_OF, user=user)}
