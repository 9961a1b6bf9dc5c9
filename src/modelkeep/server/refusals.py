"""Refused attempts are recorded too, a little later and not without bound: a flood must not fill the disk.

Of each caller so many a second are kept whole; of the others it is kept how many there were.
"""

import asyncio
import logging
import time
from typing import NoReturn

from modelkeep.core.clock import now_ms
from modelkeep.core.errors import ApiError
from modelkeep.server.authorization import is_refusal
from modelkeep.server.records import Record, put_record
from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import Unavailable
from modelkeep.storage.transaction import Transaction

_log = logging.getLogger("modelkeep.server")
_EVERY_SECONDS = 1.0
_MOST_WAITING = 2_000
_MOST_CALLERS = 500
_EVERYBODY_ELSE = ("", "")
LEFT_OUT = "refusals_left_out"
"""The operation of a record that says how many others were not kept."""


class Refusals:
    """Refused attempts on their way into the records. All methods belong to the event loop."""

    def __init__(self, engine: Engine, most_a_second: int) -> None:
        self._engine = engine
        self._most = most_a_second
        self._waiting: list[Record] = []
        self._second = 0
        self._kept: dict[tuple[str, str], int] = {}
        self._left_out: dict[tuple[str, str], int] = {}

    def note(self, error: Exception, attempt: Record) -> None:
        """Record an attempt that ended in this error, where that was a refusal."""
        if not isinstance(error, ApiError) or not is_refusal(error):
            return
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._kept.clear()
        caller = (attempt.principal, attempt.address)
        kept = self._kept.get(caller, 0)
        if kept >= self._most or len(self._waiting) >= _MOST_WAITING or len(self._kept) >= _MOST_WAITING:
            known = caller if caller in self._left_out or len(self._left_out) < _MOST_CALLERS else _EVERYBODY_ELSE
            self._left_out[known] = self._left_out.get(known, 0) + 1
            return
        self._kept[caller] = kept + 1
        self._waiting.append(attempt._replace(refusal=error.kind.value.oracle_code))

    async def keep(self) -> None:
        """Write down what waits."""
        if not self._waiting and not self._left_out:
            return
        rows, self._waiting = self._waiting, []
        left_out, self._left_out = self._left_out, {}
        rows += [_counted(caller, count) for caller, count in left_out.items()]

        def work(tx: Transaction) -> None:
            put_record(tx, *rows)

        try:
            await self._engine.write(work, _raise)
        except Exception:
            self._waiting = [*rows, *self._waiting][:_MOST_WAITING]
            raise

    async def keep_on(self) -> None:
        """Write down what waits, again and again."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self.keep()
            except Unavailable:
                continue
            except Exception:
                _log.exception("refused attempts could not be recorded; the next second tries again")


def attempt(principal: str, operation: str, request_id: str, address: str) -> Record:
    """What is known of any attempt."""
    return Record(now_ms(), principal=principal, operation=operation, request_id=request_id, address=address)


def _counted(caller: tuple[str, str], count: int) -> Record:
    principal, address = caller
    left_out = attempt(principal, LEFT_OUT, "", address)
    return left_out._replace(subject_kind="attempts", subject_name=str(count), refusal="NotRecorded")


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error
