"""Delivers what is in the outbox to webhooks: at least once, in the order of each model, and again where that fails.

Every server of a database does so; the lease on what one has taken keeps the others from it. A delivery that succeeded
and could not be settled, since the server died in between, is made again under the same id.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, NoReturn, TypeVar

from modelkeep.core.clock import now_ms
from modelkeep.core.exchange import HeaderList, NotSent, Post, Reply
from modelkeep.core.settings import Settings
from modelkeep.registry.outbox import Claimed, Due, Failure, claim, find_due, forget_dead, release, settle
from modelkeep.registry.sealing import Unreadable
from modelkeep.registry.webhook_messages import message_headers, message_id
from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import Unavailable
from modelkeep.storage.transaction import Transaction

T = TypeVar("T")

_log = logging.getLogger("modelkeep.webhooks")

# Other servers write events too, and what failed becomes due again.
_LOOK_EVERY_SECONDS = 1.0
_PRUNE_EVERY_MS = 600_000
_PRUNE_MOST = 1_000
# A lease outlasts the attempt that it is for.
_LEASE_MARGIN_MS = 5_000
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_LEAST_JITTER = 0.5


class Patience(NamedTuple):
    """How long and how often what fails is tried again."""

    attempts: int
    first_pause_ms: int
    longest_pause_ms: int
    longest_ms: int

    def again_at(self, tried: Claimed, reply: Reply | None, now: int) -> int | None:
        """When to try again after a failed attempt; None where it was the last.

        What waited behind a receiver that is gone for long gets one attempt each, or its end would never come.
        """
        attempts = tried.attempts + 1
        if attempts >= self.attempts or now - tried.since >= self.longest_ms:
            return None
        pause = min(self.longest_pause_ms, self.first_pause_ms * 2 ** min(attempts - 1, 32))
        pause = int(pause * random.uniform(_LEAST_JITTER, 1))  # noqa: S311 - nobody guesses at a pause
        asked = min(self.longest_pause_ms, reply.pause * 1_000) if reply else 0
        return now + max(pause, asked)


class _BrokenOff(Exception):
    """The server stops, and does not wait for an answer."""


class Deliverer:
    """Runs beside the requests. `start`, `wake` and `stop` belong to the loop of the engine."""

    def __init__(self, engine: Engine, post: Post, settings: Settings) -> None:
        self._engine = engine
        self._post = post
        self._patience = Patience(
            settings.webhook_attempts,
            settings.webhook_backoff_ms,
            settings.webhook_max_backoff_seconds * 1_000,
            settings.webhook_retry_hours * _HOUR_MS,
        )
        self._lease_ms = settings.webhook_timeout_seconds * 1_000 + _LEASE_MARGIN_MS
        self._kept_ms = settings.webhook_dead_letter_days * _DAY_MS
        self._most = settings.webhook_connections
        self._lanes: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Future[Reply]] = set()
        self._stopping = False
        self._news = asyncio.Event()
        self._pruned_at = 0
        self._task: asyncio.Task[None] | None = None
        self.delivered = 0
        self.failed = 0
        self.died = 0

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Something was put into the outbox and is committed."""
        self._news.set()

    async def stop(self) -> None:
        """Break off, and give back what was not delivered to its end."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
        for sending in self._sending:
            sending.cancel()
        await asyncio.gather(*self._lanes, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                await self._look()
            except Unavailable as error:
                _log.debug("the outbox is looked at again later: %s", error)
            except Exception:
                _log.exception("the outbox could not be looked at; the next turn tries again")
            try:
                async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        now = now_ms()
        if now - self._pruned_at > _PRUNE_EVERY_MS:
            self._pruned_at = now
            while await self._write(partial(_forget_dead, now - self._kept_ms)) == _PRUNE_MOST:
                await asyncio.sleep(0.1)
        free = self._most - len(self._lanes)
        if free <= 0:
            return
        for due in await self._engine.read(lambda tx: find_due(tx, now, free)):
            lane = asyncio.create_task(self._deliver_lane(due))
            self._lanes.add(lane)
            lane.add_done_callback(self._lane_ended)

    def _lane_ended(self, lane: asyncio.Task[None]) -> None:
        self._lanes.discard(lane)
        # There may be more than there were connections for.
        self._news.set()

    async def _deliver_lane(self, due: Due) -> None:
        """Deliver the first of a lane, and what follows it as long as that goes on."""
        held: Claimed | None = None
        try:
            held = await self._write(lambda tx: claim(tx, due, self._lease()))
            while held is not None and not self._stopping:
                failure = await self._attempt(held)
                settled = partial(_settle, held, failure, self._lease())
                held = await self._write(settled)
        except _BrokenOff:
            _log.debug("a delivery is broken off")
        except Unavailable as error:
            _log.debug("what became of a delivery is not noted, so it is made again: %s", error)
        except Exception:
            _log.exception("a delivery came to no end; it is made again when its lease is over")
        if held is not None and self._stopping:
            await self._give_back(held)

    async def _attempt(self, held: Claimed) -> Failure | None:
        """Try once; None where the receiver took it."""
        identity = message_id(held.webhook, held.id, held.created_at)
        reply: Reply | None = None
        try:
            if held.secret is None:
                # A receiver that does not insist on a signature would take it for anybody's.
                raise Unreadable
            headers = message_headers(held.secret, identity, now_ms() // 1_000, held.body)
            reply = await self._send(held.url, headers, held.body.encode())
        except (NotSent, Unreadable) as error:
            problem = str(error)
        else:
            if 200 <= reply.status < 300:
                self.delivered += 1
                return None
            problem = f"The receiver answered {reply.status}: {reply.body}"
        again_at = self._patience.again_at(held, reply, now_ms())
        self.failed += 1
        if again_at is None:
            self.died += 1
            _log.warning("webhook %s: delivery %s is given up. %s", held.webhook, identity, problem[:200])
        return Failure(reply.status if reply else 0, problem, again_at)

    async def _send(self, url: str, headers: HeaderList, body: bytes) -> Reply:
        sending = asyncio.ensure_future(self._post(url, headers, body))
        self._sending.add(sending)
        try:
            return await sending
        except asyncio.CancelledError:
            raise _BrokenOff from None
        finally:
            self._sending.discard(sending)

    async def _give_back(self, held: Claimed) -> None:
        try:
            await self._write(lambda tx: release(tx, held, now_ms()))
        except Exception as error:
            _log.debug("a delivery is made when its lease is over: %s", error)

    def _lease(self) -> int:
        return now_ms() + self._lease_ms

    async def _write(self, work: Callable[[Transaction], T]) -> T:
        return await self._engine.write(work, _raise)


def _settle(held: Claimed, failure: Failure | None, lease: int, tx: Transaction) -> Claimed | None:
    return settle(tx, held, failure, now_ms(), lease)


def _forget_dead(before: int, tx: Transaction) -> int:
    return forget_dead(tx, before, _PRUNE_MOST)


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error
