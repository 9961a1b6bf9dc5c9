"""When tokens and keys were last used: written now and then, never by the request that uses one."""

import asyncio
import logging
from typing import NoReturn, Protocol

import sqlalchemy as sa

from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import Unavailable
from modelkeep.storage.query import Query
from modelkeep.storage.schema import access_tokens, api_keys
from modelkeep.storage.transaction import Transaction

_log = logging.getLogger("modelkeep.identity")

_WRITE_EVERY_SECONDS = 60
_MILLISECONDS = 1_000


def _update(table: sa.Table) -> Query:
    return Query(
        sa.update(table).where(table.c.id == sa.bindparam("credential")).values(last_used_at=sa.bindparam("at"))
    )


_WRITE = {"token": _update(access_tokens), "key": _update(api_keys)}


class Used(Protocol):
    """A remembered credential."""

    kind: str
    used_at: int

    @property
    def credential(self) -> int: ...


class LastUse:
    """Collects uses. Each credential is written once a minute at most."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._used: dict[tuple[str, int], int] = {}

    def note(self, used: Used, now: int) -> None:
        if used.used_at + _WRITE_EVERY_SECONDS * _MILLISECONDS <= now:
            used.used_at = now
            self._used[used.kind, used.credential] = now

    async def write(self) -> None:
        """Write what was noted since the last time."""
        noted, self._used = self._used, {}
        if noted:
            await self._engine.write(lambda tx: _write(tx, noted), _raise)

    async def write_at_end(self) -> None:
        """The same when the server stops, which nothing may prevent."""
        try:
            await self.write()
        except Exception as error:
            _log.warning("the last use of tokens and keys could not be written: %s", error)

    async def keep_writing(self) -> None:
        """Write again and again, for ever."""
        while True:
            await asyncio.sleep(_WRITE_EVERY_SECONDS)
            try:
                await self.write()
            except Unavailable:
                continue
            except Exception:
                _log.exception("the last use of tokens and keys could not be written")


def _write(tx: Transaction, noted: dict[tuple[str, int], int]) -> None:
    # In one order everywhere: servers that write the same rows do not wait for each other in a circle.
    for (kind, credential), at in sorted(noted.items()):
        tx.run(_WRITE[kind], credential=credential, at=at)


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error
