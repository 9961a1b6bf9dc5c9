"""Word that identities or grants have changed: what servers remember of them holds until then, and no longer."""

import asyncio
import logging

import sqlalchemy as sa

from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import Unavailable
from modelkeep.storage.query import Query
from modelkeep.storage.schema import identity_changes
from modelkeep.storage.transaction import Transaction

_log = logging.getLogger("modelkeep.identity")

_LOOK_EVERY_SECONDS = 0.5
_c = identity_changes.c
_RAISE = Query(sa.update(identity_changes).where(_c.id == 1).values(count=_c.count + 1))
_INSERT = Query(sa.insert(identity_changes).values(id=1, count=1))
_COUNT = Query(sa.select(_c.count).where(_c.id == 1))


def note_identity_change(tx: Transaction) -> None:
    """Say, in the transaction that changes it, that who is known or who may do what is no longer as before."""
    if not tx.run(_RAISE):
        tx.run(_INSERT)
    tx.changes_identities = True


class IdentityWatch:
    """Tells when what is remembered of identities and grants no longer holds.

    Take `generation` before the look-up whose result you remember, keep it beside the result, and use the result only
    while `generation` is still the same.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._count: int | None = None
        self.generation = 0

    def changed(self) -> None:
        """Say that this process has changed something. Nothing is asked, for that might fail: the change is kept."""
        self.generation += 1

    async def look(self) -> None:
        """See whether another process has changed something."""
        row = await self._engine.look_up(lambda tx: tx.one(_COUNT))
        count = row[0] if row else 0
        if count != self._count:
            self._count = count
            self.generation += 1

    async def watch(self) -> None:
        """Look again and again, for ever, where other processes may write to the database."""
        while not self._engine.alone:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            try:
                await self.look()
            except Unavailable:
                continue
            except Exception:
                _log.exception("changes of identities could not be looked for; the next turn tries again")
