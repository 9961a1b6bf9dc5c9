"""Secrets that must be read again, such as those that sign: kept encrypted, and never answered or logged.

The key is in the database too: a look at the table of what they belong to shows none of them, but who has the whole
database has them.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert

from modelkeep.storage.query import Query
from modelkeep.storage.schema import server_secrets
from modelkeep.storage.transaction import Transaction

_KEY = "sealing"
_s = server_secrets.c
_FIND = Query(sa.select(_s.value).where(_s.name == _KEY))
_KEEP = Query(
    Insert(server_secrets).values(name=_KEY, value=sa.bindparam("made", type_=sa.LargeBinary)).on_conflict_do_nothing()
)


class Unreadable(Exception):
    """A sealed secret was sealed with another key."""

    def __init__(self) -> None:
        super().__init__("The secret cannot be read, so nothing was sent: give the webhook its secret again.")


def seal(tx: Transaction, secret: str) -> bytes:
    """Encrypt a secret, in a transaction that writes: the first of all makes the key."""
    from cryptography.fernet import Fernet

    row = tx.one(_FIND)
    if row is None:
        tx.run(_KEEP, made=Fernet.generate_key())
        row = tx.one(_FIND)
    if row is None:
        raise LookupError("the key that was just kept is not there")
    return Fernet(bytes(row[0])).encrypt(secret.encode())


def unseal(tx: Transaction, sealed: bytes) -> str:
    """The secret again. Raises `Unreadable`."""
    from cryptography.fernet import Fernet, InvalidToken

    row = tx.one(_FIND)
    if row is None:
        raise Unreadable
    try:
        return Fernet(bytes(row[0])).decrypt(bytes(sealed)).decode()
    except InvalidToken:
        raise Unreadable from None
