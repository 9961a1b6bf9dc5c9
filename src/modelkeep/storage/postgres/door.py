"""How connections to PostgreSQL are opened: a database that is away, poolers on the way."""

import logging
import threading
import time

import psycopg

from modelkeep.storage.errors import Away
from modelkeep.storage.postgres.connection import PostgresConnection, one_line
from modelkeep.storage.postgres.url import connection_options
from modelkeep.storage.transaction import Row

_log = logging.getLogger("modelkeep.storage")

# After an attempt that failed, others fail at once for so long, rather than wait each for the same.
_AWAY_SECONDS = 0.5


class Door:
    """The way into one database, for all threads. Remembers that it was shut a moment ago."""

    def __init__(self, url: str, *, prepare: bool) -> None:
        self._options = connection_options(url)
        self._prepare = prepare
        self._shut_until = 0.0
        self._reason = ""
        self._guard = threading.Lock()
        self._trying = threading.Lock()
        self._opened: set[PostgresConnection] = set()

    def check(self) -> None:
        """Raise where the database was away a moment ago, or is away and another thread tries already."""
        if self._reason and (time.monotonic() < self._shut_until or self._trying.locked()):
            raise Away(self._reason)

    def open(self) -> PostgresConnection:
        self.check()
        if not self._reason:
            return self._open()
        # A host that says nothing takes seconds to be given up: one thread waits for that, not all.
        if not self._trying.acquire(blocking=False):
            raise Away(self._reason)
        try:
            return self._open()
        finally:
            self._trying.release()

    def _open(self) -> PostgresConnection:
        try:
            driver: psycopg.Connection[Row] = psycopg.connect(**self._options, autocommit=True)
            connection = PostgresConnection(driver, prepare=self._prepare and _is_direct(driver))
        except psycopg.Error as error:
            reason = f"The database cannot be reached: {one_line(error)}"
            if not self._reason:
                _log.warning("%s", reason)
            self._reason = reason
            self._shut_until = time.monotonic() + _AWAY_SECONDS
            raise Away(reason) from None
        if self._reason:
            _log.warning("The database can be reached again.")
        self._shut_until, self._reason = 0.0, ""
        with self._guard:
            self._opened.add(connection)
        return connection

    def drop(self, connection: PostgresConnection) -> None:
        """Close one of its connections for good."""
        if connection.lost_statements:
            self._prepare = False
        with self._guard:
            self._opened.discard(connection)
        connection.close()

    def close(self) -> None:
        """Close what is open. No thread may use it any more."""
        for connection in list(self._opened):
            self.drop(connection)


class KeptConnection:
    """One thread's connection, opened when it is first needed and again once it is lost."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._connection: PostgresConnection | None = None

    def get(self) -> PostgresConnection:
        connection = self._connection
        if connection is not None and connection.broken:
            self._connection = None
            self._door.drop(connection)
            connection = None
        if connection is None:
            connection = self._connection = self._door.open()
        return connection


def _is_direct(driver: psycopg.Connection[Row]) -> bool:
    """Whether the server's own process answers. A pooler between has numbers of its own for its connections, may give
    each transaction to another of the server's, and so loses what was prepared.
    """
    try:
        row = driver.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
    except psycopg.Error:
        driver.close()
        raise
    return row is not None and row[0] == driver.info.backend_pid
