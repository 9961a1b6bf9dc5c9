"""From a credential to the user that it belongs to, with all ids that grants may name: one statement each."""

from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.permission import Permission
from modelkeep.core.scope import Principal
from modelkeep.identity.principals import Kind
from modelkeep.storage.expressions import json_objects
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    access_tokens,
    api_keys,
    browser_sessions,
    memberships,
    principals,
    session_tokens,
    users,
)
from modelkeep.storage.transaction import Transaction

_p, _u, _t, _k, _b = principals.c, users.c, access_tokens.c, api_keys.c, browser_sessions.c
_direct, _through = sa.alias(memberships, "direct"), sa.alias(memberships, "through")
# A user is in groups and roles, and its groups are in roles; deeper it does not go.
_BELONGS = (
    sa.select(json_objects("group", _direct.c.group_id, "role", _through.c.group_id))
    .select_from(_direct.outerjoin(_through, _through.c.member_id == _direct.c.group_id))
    .where(_direct.c.member_id == _u.id)
    .scalar_subquery()
)
_WHO = (_u.id, _p.name, _u.is_administrator, _u.acts_for_others, _BELONGS)
_USERS = users.join(principals, _p.id == _u.id)
_ENABLED = _u.is_disabled == 0
_BY_TOKEN = Query(
    sa.select(*_WHO, sa.null(), _t.id, _t.permission, _t.platform_id, _t.expires_at)
    .select_from(_USERS.join(access_tokens, _t.user_id == _u.id))
    .where(_t.digest == sa.bindparam("digest"), _ENABLED)
)
_BY_KEY = Query(
    sa.select(*_WHO, _k.public_key, _k.id)
    .select_from(_USERS.join(api_keys, _k.user_id == _u.id))
    .where(_k.key_id == sa.bindparam("key_id"), _ENABLED)
)
_BY_SESSION = Query(
    sa.select(*_WHO, sa.null(), sa.literal(0), sa.literal(int(Permission.ADMIN)), sa.null(), _b.expires_at)
    .select_from(_USERS.join(browser_sessions, _b.user_id == _u.id))
    .where(_b.digest == sa.bindparam("digest"), _ENABLED)
)
_BY_SESSION_TOKEN = Query(
    sa.select(
        *_WHO, sa.null(), sa.literal(0), sa.literal(int(Permission.ADMIN)), sa.null(), session_tokens.c.expires_at
    )
    .select_from(_USERS.join(session_tokens, session_tokens.c.user_id == _u.id))
    .where(session_tokens.c.id == sa.bindparam("token"), _u.id == sa.bindparam("user"), _ENABLED)
)
_NAMED = sa.select(*_WHO, _u.password_hash).select_from(_USERS).where(_ENABLED)
_BY_NAME = Query(_NAMED.where(_p.kind == Kind.USER.value, _p.name == sa.bindparam("name"), _p.platform_id.is_(None)))
_BY_ID = Query(_NAMED.where(_u.id == sa.bindparam("user")))
_BY_SUBJECT = Query(
    _NAMED.where(_u.issuer == sa.bindparam("issuer"), _u.subject == sa.bindparam("subject"), _u.subject != "")
)
_ANY_USER = Query(sa.select(_u.id).limit(1))


class KnownUser(NamedTuple):
    """A user and what one of its credentials says."""

    id: int
    name: str
    administrator: bool
    acts_for_others: bool
    groups: tuple[int, ...]
    """The row ids of its groups and roles."""
    material: str = ""
    """What proves it: of a key its PEM, of a user its password's hash."""
    credential: int = 0
    """The row id of the token or key."""
    ceiling: Permission = Permission.ADMIN
    only_platform: int | None = None
    expires_at: int | None = None

    def principal(self, caller: str = "") -> Principal:
        """Who calls, and for whom where that is another."""
        ids = (self.id, *self.groups)
        return Principal(self.name, self.administrator, ids, self.ceiling, self.only_platform, caller)


def by_token(tx: Transaction, digest: bytes) -> KnownUser | None:
    """Whose access token this is. Disabled users are not found, by whatever they are looked for."""
    return _known(tx, _BY_TOKEN, digest=digest)


def by_key(tx: Transaction, key_id: str) -> KnownUser | None:
    """Whose API key this is."""
    return _known(tx, _BY_KEY, key_id=key_id)


def by_session(tx: Transaction, digest: bytes) -> KnownUser | None:
    """Who logged in by a browser."""
    return _known(tx, _BY_SESSION, digest=digest)


def by_session_token(tx: Transaction, token: str, user: int) -> KnownUser | None:
    """Whose session token this is, None where it was revoked."""
    return _known(tx, _BY_SESSION_TOKEN, token=token, user=user)


def by_name(tx: Transaction, name: str) -> KnownUser | None:
    return _known(tx, _BY_NAME, name=name)


def by_id(tx: Transaction, user: int) -> KnownUser | None:
    return _known(tx, _BY_ID, user=user)


def by_subject(tx: Transaction, issuer: str, subject: str) -> KnownUser | None:
    """Whom an identity provider calls this."""
    return _known(tx, _BY_SUBJECT, issuer=issuer, subject=subject)


def any_user(tx: Transaction) -> bool:
    """Whether there are users at all, enabled or not."""
    return tx.one(_ANY_USER) is not None


def _known(tx: Transaction, query: Query, **wanted: Any) -> KnownUser | None:
    row = tx.one(query, **wanted)
    if row is None:
        return None
    user, name, administrator, acts, belongs, material, *credential = row
    groups = {number for pair in msgspec.json.decode(belongs) for number in pair.values() if number is not None}
    known = KnownUser(user, name, bool(administrator), bool(acts), tuple(sorted(groups)), material or "")
    if not credential:
        return known
    number, *limits = credential
    if not limits:
        return known._replace(credential=number)
    permission, platform, expires_at = limits
    return known._replace(
        credential=number, ceiling=Permission(permission), only_platform=platform, expires_at=expires_at
    )
