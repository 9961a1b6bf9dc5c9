"""The outbox: what happened and is still to be told, read and settled by whoever delivers.

Whoever delivers takes the first of a lane (one model's events for one webhook) by moving its due time to the end of a
lease. Of several servers only one can move it from where it was; should that one die, another takes it after the lease.
"""

from typing import NamedTuple

import sqlalchemy as sa

from modelkeep.registry.events import ACTIVE
from modelkeep.registry.sealing import Unreadable, unseal
from modelkeep.storage.query import Query
from modelkeep.storage.schema import webhook_deliveries, webhooks
from modelkeep.storage.transaction import Row, Transaction


class Due(NamedTuple):
    """The first of a lane, and when it became due."""

    id: int
    due_at: int


class Claimed(NamedTuple):
    """What is to be delivered now, by whoever holds the lease.

    `secret` is "" where there is none, and None where it cannot be read.
    """

    id: int
    webhook_id: int
    model_id: int
    body: str
    created_at: int
    since: int
    attempts: int
    webhook: str
    url: str
    secret: str | None
    lease: int


class Failure(NamedTuple):
    """How an attempt failed. `again_at` is when it is tried again; None makes it a dead letter."""

    status: int
    problem: str
    again_at: int | None


_d, _w = webhook_deliveries.c, webhooks.c
_ALIVE = _d.died_at.is_(None)
_LONGEST_PROBLEM = 1_000


def _next_model(webhook: sa.ColumnElement[int], *after: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.min(_d.model_id)).where(_d.webhook_id == webhook, _ALIVE, *after).scalar_subquery()


def _due() -> sa.Select[tuple[int, int]]:
    """The lanes are found by leaps through their index: it costs what there are of lanes, however long they are."""
    active = _w.status == ACTIVE
    lanes = sa.select(_w.id.label("webhook"), _next_model(_w.id).label("model")).where(active).cte(recursive=True)
    beyond = _next_model(lanes.c.webhook, _d.model_id > lanes.c.model)
    lanes = lanes.union_all(sa.select(lanes.c.webhook, beyond).where(lanes.c.model.is_not(None)))
    first = (
        sa.select(sa.func.min(_d.id))
        .where(_d.webhook_id == lanes.c.webhook, _d.model_id == lanes.c.model, _ALIVE)
        .correlate(lanes)
        .scalar_subquery()
    )
    heads = sa.select(first.label("id")).select_from(lanes).where(lanes.c.model.is_not(None)).cte()
    return (
        sa.select(_d.id, _d.due_at)
        .join_from(heads, webhook_deliveries, _d.id == heads.c.id)
        .where(_d.due_at <= sa.bindparam("now"))
        .order_by(_d.due_at, _d.id)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


_DUE = Query(_due())
_LEASE = Query(
    sa.update(webhook_deliveries)
    .where(_d.id == sa.bindparam("row"), _d.due_at == sa.bindparam("seen"), _ALIVE)
    .values(due_at=sa.bindparam("lease"))
)
_READ = Query(
    sa.select(
        _d.id, _d.webhook_id, _d.model_id, _d.body, _d.created_at, _d.since, _d.attempts, _w.key, _w.url, _w.secret
    )
    .join_from(webhook_deliveries, webhooks, _w.id == _d.webhook_id)
    .where(_d.id == sa.bindparam("row"), _w.status == ACTIVE)
)
_HELD = (_d.id == sa.bindparam("row"), _d.due_at == sa.bindparam("lease"))
_FORGET = Query(sa.delete(webhook_deliveries).where(*_HELD))
_RELEASE = Query(sa.update(webhook_deliveries).where(*_HELD).values(due_at=sa.bindparam("now")))
_FAILED = Query(
    sa.update(webhook_deliveries)
    .where(*_HELD)
    .values(
        due_at=sa.bindparam("again"),
        died_at=sa.bindparam("died", type_=sa.BigInteger),
        attempts=_d.attempts + 1,
        last_status=sa.bindparam("status"),
        last_error=sa.bindparam("problem"),
    )
)
_NEXT = Query(
    sa.select(_d.id, _d.due_at)
    .where(_d.webhook_id == sa.bindparam("webhook"), _d.model_id == sa.bindparam("model"), _ALIVE)
    .order_by(_d.id)
    .limit(1)
)
_OLD_DEAD = Query(
    sa.delete(webhook_deliveries).where(
        _d.id.in_(
            sa.select(_d.id).where(_d.died_at < sa.bindparam("before")).limit(sa.bindparam("most", type_=sa.Integer))
        )
    )
)
_MOST_COUNTED = 100_000


def _count(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    some = sa.select(_d.id).where(condition).limit(_MOST_COUNTED).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


_DEPTH = Query(
    sa.select(
        _count(_ALIVE),
        sa.select(_d.created_at).where(_ALIVE).order_by(_d.id).limit(1).scalar_subquery(),
        _count(_d.died_at.is_not(None)),
    )
)


def find_due(tx: Transaction, now: int, most: int) -> list[Due]:
    """Firsts of lanes whose time has come, the longest due first."""
    return [Due(*row) for row in tx.all(_DUE, now=now, most=most)]


def claim(tx: Transaction, due: Due, lease: int) -> Claimed | None:
    """Take one until `lease`; None where another has it, or its webhook is disabled or gone."""
    row = tx.one(_READ, row=due.id)
    if row is None or not tx.run(_LEASE, row=due.id, seen=due.due_at, lease=lease):
        return None
    *fields, url, sealed = row
    return Claimed._make((*fields, url, _secret(tx, sealed), lease))


def _secret(tx: Transaction, sealed: bytes | None) -> str | None:
    try:
        return unseal(tx, sealed) if sealed else ""
    except Unreadable:
        return None


def settle(tx: Transaction, done: Claimed, failure: Failure | None, now: int, lease: int) -> Claimed | None:
    """Note what came of an attempt, and take the next of the lane where that can go on at once."""
    if failure is None:
        held = tx.run(_FORGET, row=done.id, lease=done.lease)
    else:
        held = tx.run(
            _FAILED,
            row=done.id,
            lease=done.lease,
            again=done.lease if failure.again_at is None else failure.again_at,
            died=now if failure.again_at is None else None,
            status=failure.status,
            problem=failure.problem[:_LONGEST_PROBLEM],
        )
    if not held or (failure is not None and failure.again_at is not None):
        return None
    following: Row | None = tx.one(_NEXT, webhook=done.webhook_id, model=done.model_id)
    if following is None or following[1] > now:
        return None
    return claim(tx, Due(*following), lease)


def release(tx: Transaction, taken: Claimed, now: int) -> None:
    """Give back what was not tried to its end."""
    tx.run(_RELEASE, row=taken.id, lease=taken.lease, now=now)


def forget_dead(tx: Transaction, before: int, most: int) -> int:
    """Delete dead letters that died before a time, at most so many. Returns how many."""
    return tx.run(_OLD_DEAD, before=before, most=most)


class Depth(NamedTuple):
    """What is in the outbox. `oldest` is when the oldest that waits came into it."""

    waiting: int
    oldest: int | None
    dead: int


def depth(tx: Transaction) -> Depth:
    """How much waits and how much is dead, counted up to 100,000 each."""
    row = tx.one(_DEPTH)
    return Depth(*row) if row else Depth(0, None, 0)
