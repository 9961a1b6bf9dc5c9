"""Reads on a standby that follows the primary, and never behind what anybody was answered.

Before a read, the primary is asked how far its log is durable: whatever was answered until now, by whichever server,
lies before that. The standby reads once it has come so far. Where that takes too long, the primary reads.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from modelkeep.storage.errors import Unavailable
from modelkeep.storage.postgres.connection import PostgresConnection
from modelkeep.storage.postgres.door import Door, KeptConnection

T = TypeVar("T")

_HOW_FAR = b"SELECT pg_current_wal_flush_lsn()"
_CAUGHT_UP = "SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() >= '{lsn}')::text END"
_PATIENCE_SECONDS = 0.05
_PAUSE_SECONDS = 0.002
# After one that was not in time, or was none, the primary reads for so long.
_REST_SECONDS = 0.5


class Replica:
    """The way to a standby, for all reading threads."""

    def __init__(self, url: str, *, prepare: bool) -> None:
        self._door = Door(url, prepare=prepare)
        self._local = threading.local()
        self._resting_until = 0.0

    def read(self, primary: PostgresConnection, work: Callable[[PostgresConnection], T]) -> T | None:
        """What `work` returns on the standby; None where the primary should read."""
        if time.monotonic() < self._resting_until:
            return None
        kept: KeptConnection | None = getattr(self._local, "kept", None)
        if kept is None:
            kept = self._local.kept = KeptConnection(self._door)
        (lsn,) = primary.control(_HOW_FAR)
        try:
            connection = kept.get()
            if _has_come_to(connection, lsn.decode()):
                return work(connection)
        except Unavailable:
            # It is away, or what was to be read is being changed by what it follows.
            pass
        self._resting_until = time.monotonic() + _REST_SECONDS
        return None

    def close(self) -> None:
        self._door.close()


def _has_come_to(connection: PostgresConnection, lsn: str) -> bool:
    question = _CAUGHT_UP.format(lsn=lsn).encode()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        (there,) = connection.control(question)
        if there == b"true":
            return True
        # Nothing where it is no standby any more.
        if not there or time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
