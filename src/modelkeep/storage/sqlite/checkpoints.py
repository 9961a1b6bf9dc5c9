"""Moves what stands in SQLite's log to its places in the database, beside the writes.

SQLite does so in the commit that makes the log long, and every write waits for some thousand pages and their flush.
Here a thread moves them while writes go on, and a commit only what little came meanwhile, for the log begins anew where
nothing is left in it.
"""

import logging
import os
import sqlite3
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from modelkeep.storage.sqlite.connection import SqliteConnection

_log = logging.getLogger("modelkeep.storage")

_LONG_LOG = 4_000
"""Pages, 16 MiB: fewer would be moved more often, and those that every write changes each time."""
_FEW = 400
_AGAIN = 1_000
_MOST_PASSES = 4
# Both are part of SQLite's file format: how many pages the log has, and how many of them were moved.
_PAGES = struct.Struct("=16xI")
_MOVED = struct.Struct("=96xI")


class Checkpoints:
    """Belongs to the thread that commits; its own thread is the one that moves."""

    def __init__(self, path: Path, connection: SqliteConnection) -> None:
        self._connection = connection
        self._index = os.open(f"{path}-shm", os.O_RDONLY | os.O_CLOEXEC)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="modelkeep-checkpoint")
        self._moving = False
        # A reader that stays at an old state keeps the log from beginning anew: it is not asked for at every commit.
        self._next = _LONG_LOG

    def stop(self) -> None:
        """Wait for the pass that is under way."""
        self._thread.shutdown()

    def close(self) -> None:
        """Call once every connection is closed: POSIX has a process lose all its locks on a file that it closes."""
        os.close(self._index)

    def after_commit(self) -> None:
        """Move what is due. Called between a commit and the next transaction."""
        pages, moved = self.length()
        if pages < _LONG_LOG:
            self._next = _LONG_LOG
        if pages < self._next or self._moving:
            return
        if pages - moved <= _FEW:
            self._pass()
            self._next = pages + _AGAIN
        else:
            self._moving = True
            self._thread.submit(self._move)

    def length(self) -> tuple[int, int]:
        """Pages in the log, and how many of them were moved."""
        header = os.pread(self._index, _MOVED.size, 0)
        if len(header) < _MOVED.size:
            return 0, 0
        return _PAGES.unpack_from(header)[0], _MOVED.unpack_from(header)[0]

    def _move(self) -> None:
        try:
            for _ in range(_MOST_PASSES):
                self._pass()
                pages, moved = self.length()
                if pages - moved <= _FEW // 2:
                    break
        finally:
            self._moving = False

    def _pass(self) -> None:
        try:
            self._connection.driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            # It stays in the log, where it is durable, until a later pass.
            _log.warning("the log could not be moved into the database: %s", error)
