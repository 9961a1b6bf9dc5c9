"""Limits of requests that hold for all processes on one database.

Each process lets requests in by buckets of its own, in its memory. Once a second it says in a table how many it has let
in, and takes from its own buckets what the others have: nobody has more in the long run by asking several processes.
In between, each may let a bucket's burst in that the others do not know of yet.
"""

import asyncio
import logging
import secrets
from typing import NoReturn

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert

from modelkeep.core.clock import now_ms
from modelkeep.server.authentication.buckets import Buckets
from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import Away
from modelkeep.storage.query import Query
from modelkeep.storage.schema import request_counts
from modelkeep.storage.transaction import Row, Transaction

_log = logging.getLogger("modelkeep.server")
_EVERY_SECONDS = 1.0
_MOST_CALLERS = 1_000
_LONGEST_CALLER = 300
_IDLE_MS = 60_000
# Those who have sent less than this part of what a second allows are not worth a row.
_WORTH = 10
_COLUMNS = ("process", "caller", "since", "requests", "at")

_c = request_counts.c


def _over(statement: Insert) -> Insert:
    new = statement.excluded
    changed = {name: new[name] for name in ("since", "requests", "at")}
    return statement.on_conflict_do_update(index_elements=["process", "caller"], set_=changed)


_PUT = BulkInsert(request_counts, _COLUMNS, _over)
_OTHERS = Query(
    sa.select(_c.process, _c.caller, _c.since, _c.requests).where(
        _c.process != sa.bindparam("own"), _c.at > sa.bindparam("after")
    )
)
_OLD = (
    sa.select(_c.process, _c.caller)
    .where(_c.at < sa.bindparam("before"))
    .limit(sa.bindparam("most", type_=sa.Integer))
    .subquery("old")
)
_FORGET = Query(
    sa.delete(request_counts).where(sa.tuple_(_c.process, _c.caller).in_(sa.select(_OLD.c.process, _OLD.c.caller)))
)


class _Count(msgspec.Struct):
    since: int
    requests: int
    at: int


class SharedLimits:
    """The buckets of one process, by what they are of, kept in step with those of the others."""

    def __init__(self, engine: Engine, limits: dict[str, Buckets]) -> None:
        self._engine = engine
        self._limits = limits
        self._process = secrets.token_hex(16)
        self._began = now_ms()
        self._own: dict[str, _Count] = {}
        self._unsaid: set[str] = set()
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}
        for buckets in limits.values():
            buckets.taken = {}

    async def exchange(self) -> None:
        """Say what this process has let in, and count what the others have."""
        now = now_ms()
        self._count_own(now)
        unsaid, process = sorted(self._unsaid), self._process
        rows = [(process, caller, *msgspec.structs.astuple(self._own[caller])) for caller in unsaid]
        if rows:
            await self._engine.write(lambda tx: tx.insert(_PUT, rows), _raise)
            self._unsaid.clear()
        after = now - 2 * _IDLE_MS
        self._charge(await self._engine.read(lambda tx: tx.all(_OTHERS, own=process, after=after)))

    async def keep_exchanging(self) -> None:
        """Again and again, for ever."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self.exchange()
            except Away:
                continue
            except Exception:
                _log.exception("limits could not be shared with other processes; the next second tries again")

    def _count_own(self, now: int) -> None:
        for caller in [caller for caller, count in self._own.items() if count.at < now - _IDLE_MS]:
            del self._own[caller]
        for kind, buckets in self._limits.items():
            taken, buckets.taken = buckets.taken or {}, {}
            worth = max(1.0, buckets.per_second / _WORTH)
            for key, count in taken.items():
                caller = f"{kind} {key}"[:_LONGEST_CALLER]
                if caller in self._own or (count >= worth and len(self._own) < _MOST_CALLERS):
                    known = self._own.setdefault(caller, _Count(now, 0, now))
                    known.requests += count
                    known.at = now
                    self._unsaid.add(caller)
                elif not buckets.is_full(key):
                    buckets.taken[key] = count

    def _charge(self, rows: list[Row]) -> None:
        before, self._seen = self._seen, {}
        for process, caller, since, requests in rows:
            self._seen[process, caller] = (since, requests)
            known_since, known = before.get((process, caller), (0, 0))
            if known_since != since:
                # A count that began before this process did is the past; one that began later is new from its first.
                known = requests if since < self._began else 0
            kind, _, key = caller.partition(" ")
            if requests > known and (buckets := self._limits.get(kind)) is not None:
                buckets.charge(key, requests - known)


def forget_request_counts(tx: Transaction, now: int, most: int) -> int:
    """Delete counts that nobody goes on with; how many there were, so many at the most."""
    return tx.run(_FORGET, before=now - 5 * _IDLE_MS, most=most)


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error
