"""Removes the bytes of what was deleted for good: the transaction that deleted the rows has noted where they are.

Each note stands by itself. One whose bytes cannot be removed is tried again, less and less often, and keeps no other
waiting; `/metrics` and `modelkeep doctor` tell how many there are.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import sqlalchemy as sa

from modelkeep.artifacts.paths import check_folder
from modelkeep.artifacts.stores import Stores
from modelkeep.core.clock import now_ms
from modelkeep.core.errors import ApiError
from modelkeep.storage.engine import Engine
from modelkeep.storage.query import Query
from modelkeep.storage.schema import artifact_removals
from modelkeep.storage.transaction import Transaction

_log = logging.getLogger("modelkeep.artifacts")

_AT_ONCE = 16
"""So many are removed beside each other: a store that answers late holds up only these."""
_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 10_000, 3_600_000
_LONGEST_PROBLEM = 1_000
_MOST_COUNTED = 100_000

_r = artifact_removals.c
_row = sa.bindparam("row", type_=sa.BigInteger)
_DUE = Query(
    sa.select(_r.id, _r.workspace_id, _r.path, _r.attempts)
    .where(_r.due_at <= sa.bindparam("now", type_=sa.BigInteger))
    .order_by(_r.due_at, _r.id)
    .limit(_AT_ONCE)
)
_FORGET = Query(sa.delete(artifact_removals).where(_r.id == _row))
_FAILED = Query(
    sa.update(artifact_removals)
    .where(_r.id == _row, _r.attempts == sa.bindparam("tried"))
    .values(attempts=_r.attempts + 1, due_at=sa.bindparam("again"), last_error=sa.bindparam("problem"))
)


def _count(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    some = sa.select(_r.id).where(condition).limit(_MOST_COUNTED).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


_LEFT = Query(sa.select(_count(_r.attempts == 0), _count(_r.attempts > 0)))


class Left(NamedTuple):
    """Notes whose bytes are still there, each counted up to 100,000: not tried yet, and tried in vain."""

    waiting: int
    failing: int


class _Note(NamedTuple):
    id: int
    workspace: int
    path: str
    attempts: int


class _Failure(NamedTuple):
    note: _Note
    problem: str


async def remove_noted(engine: Engine, stores: Stores) -> None:
    """Remove what is due. A note is forgotten once its bytes are gone, so a crash has them removed again."""
    now = now_ms()
    while rows := await engine.look_up(lambda tx: tx.all(_DUE, now=now)):
        notes = [_Note(*row) for row in rows]
        failures = [found for found in await asyncio.gather(*(_try(stores, note) for note in notes)) if found]
        await engine.write(partial(_settle, notes, failures), _raise)


def left_to_remove(tx: Transaction) -> Left:
    """How much is still to be removed."""
    row = tx.one(_LEFT)
    return Left(*row) if row else Left(0, 0)


async def _try(stores: Stores, note: _Note) -> _Failure | None:
    """Remove the bytes of one; how that failed, where it did."""
    where = f"workspace {note.workspace}, {note.path!r}"
    try:
        await _remove(stores, note)
    except Exception as error:
        problem = " ".join(str(error).split()) or type(error).__name__
        if not note.attempts:
            _log.warning("artifacts (%s) cannot be removed now, and are tried again: %s", where, problem)
        return _Failure(note, problem[:_LONGEST_PROBLEM])
    if note.attempts:
        _log.info("artifacts (%s) were removed after %d attempts in vain", where, note.attempts)
    return None


async def _remove(stores: Stores, note: _Note) -> None:
    try:
        folder = check_folder(note.path)
    except ApiError:
        # A location that no artifact was ever kept at, since its path would have been refused.
        return
    await stores.workspace(note.workspace).delete(folder)


def _settle(notes: Sequence[_Note], failures: Sequence[_Failure], tx: Transaction) -> None:
    """Forget those whose bytes are gone, and put off the others."""
    failed = {failure.note.id for failure in failures}
    for note in notes:
        if note.id not in failed:
            tx.run(_FORGET, row=note.id)
    now = now_ms()
    for note, problem in failures:
        pause = min(_LONGEST_PAUSE_MS, _FIRST_PAUSE_MS * 2 ** min(note.attempts, 32))
        tx.run(_FAILED, row=note.id, tried=note.attempts, again=now + pause, problem=problem)


def _raise(tx: Transaction, error: Exception) -> None:
    raise error
