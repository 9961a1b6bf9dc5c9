"""One write on its way through an engine, the same for both."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from modelkeep.storage.errors import Unavailable
from modelkeep.storage.transaction import Connection, Transaction


class WritingConnection(Connection, Protocol):
    """A connection that knows whether anything was changed through it."""

    @property
    def changes(self) -> int: ...


class Write:
    """One accepted write and, once it is committed, its outcome."""

    __slots__ = ("about", "error", "future", "if_match", "otherwise", "result", "work")

    def __init__(
        self,
        work: Callable[[Transaction], Any],
        otherwise: Callable[[Transaction, Exception], Any],
        if_match: str | None,
        future: asyncio.Future[Any],
        about: str = "",
    ) -> None:
        self.work = work
        self.otherwise = otherwise
        self.if_match = if_match
        self.future = future
        self.about = about
        self.result: Any = None
        self.error: Exception | None = None

    def run(self, connection: WritingConnection) -> None:
        """Take the outcome of `work`; raise where it failed after a change, or where the database failed it."""
        changes = connection.changes
        try:
            self.result, self.error = self.work(Transaction(connection, self.if_match)), None
        except Exception as error:
            if isinstance(error, Unavailable) or connection.changes != changes:
                raise
            self.run_otherwise(connection, error)
            if self.error is not None and (isinstance(self.error, Unavailable) or connection.changes != changes):
                raise self.error from error

    def run_otherwise(self, connection: WritingConnection, error: Exception) -> None:
        """Take the outcome of `otherwise`."""
        try:
            self.result, self.error = self.otherwise(Transaction(connection, self.if_match), error), None
        except Exception as final:
            self.result, self.error = None, final

    def fail(self, error: Exception) -> None:
        """Have it end with an error, whatever it had come to before."""
        self.result, self.error = None, error

    def deliver(self) -> None:
        if not self.future.done():
            if self.error is None:
                self.future.set_result(self.result)
            else:
                self.future.set_exception(self.error)
