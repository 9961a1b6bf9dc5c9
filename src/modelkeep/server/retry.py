"""Retry tokens: a write sent again is answered again, byte for byte, and not done again.

The token is a column of the record that every write leaves, unique for its caller. So the first attempt pays
nothing to look for it: a second one trips over the record, is undone, and finds the answer there.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import invalid_parameter, invalidated_retry_token
from modelkeep.core.operation import Operation
from modelkeep.core.scope import Scope
from modelkeep.server.http import Answer
from modelkeep.storage.query import Query
from modelkeep.storage.schema import write_records
from modelkeep.storage.transaction import Subject, Transaction

_MILLISECONDS_AN_HOUR = 3_600_000
_TOKEN_LENGTH = 64

_r = write_records.c
_FIND = Query(
    sa.select(
        _r.id,
        _r.at,
        _r.operation,
        _r.request_digest,
        _r.answer,
        _r.subject_kind,
        _r.subject_id,
        _r.etag,
    ).where(_r.principal == sa.bindparam("principal"), _r.retry_token == sa.bindparam("token"))
)
_FORGOTTEN = {"retry_token": None, "request_digest": None, "answer": None}
_FORGET = Query(sa.update(write_records).where(_r.id == sa.bindparam("record")).values(_FORGOTTEN))
_FORGET_OLD = Query(
    sa.update(write_records)
    .where(
        _r.id.in_(
            sa.select(_r.id)
            .where(_r.retry_token.is_not(None), _r.at < sa.bindparam("before"))
            .limit(sa.bindparam("most"))
        )
    )
    .values(_FORGOTTEN)
)
_encode = msgspec.json.Encoder().encode


class RetryToken(NamedTuple):
    """A token and the digest of what it was sent with."""

    token: str
    digest: bytes


def read_retry_token(value: str, operation: Operation, scope: Scope, request: msgspec.Struct) -> RetryToken:
    """Check a token and tie it to the operation, the tenancy and the fields of its request."""
    if not 1 <= len(value) <= _TOKEN_LENGTH or not value.isprintable():
        raise invalid_parameter("opc-retry-token", f"it must have 1 to {_TOKEN_LENGTH} printable characters.")
    tenancy = scope.tenancy
    place = "" if tenancy is None else f"{tenancy.platform}/{tenancy.workspace}"
    digest = hashlib.blake2b(f"{operation.verb} {operation.path} {place}\n".encode(), digest_size=16)
    digest.update(_encode(request))
    return RetryToken(value, digest.digest())


class Replays:
    """Finds what a token was answered and whether that still holds."""

    def __init__(self, hours: int, current_etag: Mapping[str, Callable[[Transaction, str], str]]) -> None:
        self._lifetime = hours * _MILLISECONDS_AN_HOUR
        self._current_etag = current_etag

    def find(self, tx: Transaction, operation: Operation, scope: Scope, retry: RetryToken) -> Answer | None:
        """The first answer to this token; None where it is new or its time is over. Raises 409 where invalidated."""
        row = tx.one(_FIND, principal=scope.principal.name, token=retry.token)
        if row is None:
            return None
        record, at, name, digest, body, *subject = row
        if at < scope.now - self._lifetime:
            tx.run(_FORGET, record=record)
            return None
        if name != operation.name or digest != retry.digest:
            raise invalidated_retry_token("it was sent before, with another request.")
        if not self._holds(tx, Subject(*subject)):
            raise invalidated_retry_token("what it was answered has been changed or deleted since.")
        etag = subject[2]
        return Answer(operation.status, body, (("etag", etag),) if etag else ())

    def _holds(self, tx: Transaction, subject: Subject) -> bool:
        reader = self._current_etag.get(subject.kind)
        return reader is None or reader(tx, subject.id) == subject.etag

    def forget_old(self, tx: Transaction, now: int, most: int) -> int:
        """Drop tokens and answers whose time is over, at most so many; the records stay. Returns how many."""
        return tx.run(_FORGET_OLD, before=now - self._lifetime, most=most)
