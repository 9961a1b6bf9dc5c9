"""Log-ins of browsers: only a digest of what the cookie says is kept."""

import sqlalchemy as sa

from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.principals import values_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import browser_sessions, users
from modelkeep.storage.transaction import Transaction

_b = browser_sessions.c
_INSERT = Query(sa.insert(browser_sessions).values(values_of(browser_sessions)))
_DELETE = Query(sa.delete(browser_sessions).where(_b.digest == sa.bindparam("which")))
_FORGET = Query(sa.delete(browser_sessions).where(_b.expires_at < sa.bindparam("now")))
_LOGGED_IN = Query(sa.update(users).where(users.c.id == sa.bindparam("user")).values(last_login_at=sa.bindparam("now")))


def open_session(tx: Transaction, user: int, digest: bytes, now: int, expires_at: int, address: str) -> None:
    """Note that a user has logged in; the sessions of all whose time is over are forgotten."""
    tx.run(_FORGET, now=now)
    tx.run(_INSERT, user_id=user, digest=digest, created_at=now, expires_at=expires_at, address=address)
    tx.run(_LOGGED_IN, user=user, now=now)


def close_session(tx: Transaction, digest: bytes) -> None:
    """Log out."""
    if tx.run(_DELETE, which=digest):
        note_identity_change(tx)
