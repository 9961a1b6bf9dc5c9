"""How often log-ins may fail, by address and by user: counted in the database, for all processes on it.

Failures are rare, so a write for each costs little. While one has to wait anyway, nothing is asked of the database.
"""

import hashlib
import math
import time
from typing import NoReturn

import sqlalchemy as sa

from modelkeep.core.clock import now_ms
from modelkeep.core.errors import ApiError, too_many_log_ins
from modelkeep.storage.bulk import BulkInsert, ignore_known
from modelkeep.storage.engine import Engine
from modelkeep.storage.query import Query
from modelkeep.storage.schema import failed_log_ins
from modelkeep.storage.transaction import Transaction

_MILLISECONDS_A_MINUTE = 60_000
_MOST_REMEMBERED = 10_000

_f = failed_log_ins.c
_now, _interval = (sa.bindparam(name, type_=sa.BigInteger) for name in ("now", "interval"))
_BEGIN = BulkInsert(failed_log_ins, ("digest", "full_at"), ignore_known)
_TAKE = Query(
    sa.update(failed_log_ins)
    .where(_f.digest == sa.bindparam("which"), _f.full_at <= sa.bindparam("latest"))
    .values(full_at=sa.case((_f.full_at < _now, _now), else_=_f.full_at) + _interval)
)
_GIVE_BACK = Query(
    sa.update(failed_log_ins).where(_f.digest == sa.bindparam("which")).values(full_at=_f.full_at - _interval)
)
_FULL_AT = Query(sa.select(_f.full_at).where(_f.digest == sa.bindparam("which")))
_OVER = sa.select(_f.digest).where(_f.full_at < sa.bindparam("before")).limit(sa.bindparam("most", type_=sa.Integer))
_FORGET = Query(sa.delete(failed_log_ins).where(_f.digest.in_(_OVER)))


class _Exhausted(Exception):
    """No more may fail until then: milliseconds since 1970."""

    def __init__(self, digest: bytes, until: int) -> None:
        self.digest = digest
        self.until = until


class FailedLogIns:
    """Counts each attempt before it is known to be wrong, so that many at once are not all tried."""

    def __init__(self, engine: Engine, per_minute: int) -> None:
        self._engine = engine
        self._interval = _MILLISECONDS_A_MINUTE // per_minute
        self._most_ahead = (per_minute - 1) * self._interval
        self._not_before: dict[bytes, float] = {}

    async def take(self, address: str, name: str) -> None:
        """Count an attempt; raises where too many have failed, with none counted."""
        digests = _digests(address, name)
        for digest in digests:
            if (wait := self._not_before.get(digest, 0.0) - time.monotonic()) > 0:
                raise _later(wait)
        now = now_ms()
        try:
            await self._engine.write(lambda tx: self._take(tx, digests, now), _raise)
        except _Exhausted as exhausted:
            wait = (exhausted.until - now) / 1_000
            if len(self._not_before) >= _MOST_REMEMBERED:
                self._not_before.clear()
            self._not_before[exhausted.digest] = time.monotonic() + wait
            raise _later(wait) from None

    def _take(self, tx: Transaction, digests: list[bytes], now: int) -> None:
        tx.insert(_BEGIN, [(digest, 0) for digest in digests])
        latest = now + self._most_ahead
        for digest in digests:
            if not tx.run(_TAKE, which=digest, latest=latest, now=now, interval=self._interval):
                row = tx.one(_FULL_AT, which=digest)
                raise _Exhausted(digest, row[0] - self._most_ahead if row else now)

    async def give_back(self, address: str, name: str) -> None:
        """An attempt that was counted has not failed."""

        def work(tx: Transaction) -> None:
            for digest in _digests(address, name):
                tx.run(_GIVE_BACK, which=digest, interval=self._interval)

        await self._engine.write(work, _raise)


def forget_failed_log_ins(tx: Transaction, now: int, most: int) -> int:
    """Delete what says nothing any more; how many there were, so many at the most."""
    return tx.run(_FORGET, before=now, most=most)


def _digests(address: str, name: str) -> list[bytes]:
    """In the order in which all processes change them: none waits for another in a circle."""
    return [hashlib.sha256(key.encode()).digest() for key in (f"address {address}", f"user {name}")]


def _later(seconds: float) -> ApiError:
    return too_many_log_ins(math.ceil(seconds))


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error
