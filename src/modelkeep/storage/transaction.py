"""What an operation is handed: one transaction, and the word on the one resource that its answer is about."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy.sql import ClauseElement

from modelkeep.core.errors import no_etag_match, no_etag_to_match
from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.counter import Counter
from modelkeep.storage.query import Query

Row = tuple[Any, ...]


class Subject(NamedTuple):
    """The one resource that an answer holds or a write has changed. Its etag is "" once it is deleted.

    `name` is what a person would call it, where the request does not say that already.
    """

    kind: str
    id: str
    etag: str
    name: str = ""


class Connection(Protocol):
    """What an engine gives a transaction: its driver's cursor behind the house's errors."""

    def rows(self, query: Query, parameters: dict[str, Any]) -> list[Row]: ...
    def count(self, query: Query, parameters: dict[str, Any]) -> int: ...
    def put(self, query: Query, parameters: dict[str, Any]) -> None: ...
    def insert(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None: ...
    def next_number(self, counter: Counter, parameters: dict[str, Any]) -> Row | None: ...
    def metric_key_ids(self, names: Sequence[str]) -> list[int]: ...
    def search(self, statement: ClauseElement) -> list[Row]: ...
    def several(self) -> None: ...


class Transaction:
    """One request's transaction. Committed by the engine after the operation returns, undone if it raises."""

    __slots__ = ("_connection", "_if_match", "_matched", "announced", "changes_identities", "next_page", "subject")

    def __init__(self, connection: Connection, if_match: str | None = None) -> None:
        self._connection = connection
        self._if_match = if_match
        self._matched = if_match is None
        self.subject: Subject | None = None
        self.next_page: str | None = None
        self.changes_identities = False
        self.announced = False
        """Whether it has put something into the outbox, to be delivered once it is committed."""

    def one(self, query: Query, **parameters: Any) -> Row | None:
        """The first row, or None."""
        rows = self._connection.rows(query, parameters)
        return rows[0] if rows else None

    def all(self, query: Query, **parameters: Any) -> list[Row]:
        """Every row."""
        return self._connection.rows(query, parameters)

    def run(self, query: Query, **parameters: Any) -> int:
        """Write; the number of rows changed."""
        return self._connection.count(query, parameters)

    def put(self, query: Query, **parameters: Any) -> None:
        """Write what cannot fail but by what the transaction fails of: the database may be told of it later."""
        self._connection.put(query, parameters)

    def insert(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows whose values are in the order of the insert's columns."""
        self._connection.insert(bulk, rows)

    def next_number(self, counter: Counter, **parameters: Any) -> Row | None:
        """The row's id, its next number and what else the counter returns; None where there is no such row."""
        return self._connection.next_number(counter, parameters)

    def metric_key_ids(self, names: Sequence[str]) -> list[int]:
        """The row ids of these names of metrics, in their order; those that are new are written."""
        return self._connection.metric_key_ids(names)

    def search(self, statement: ClauseElement) -> list[Row]:
        """The rows of a statement built for this request."""
        return self._connection.search(statement)

    def several(self) -> None:
        """Say first of all that several statements come: a look-up need not find out and run the first one twice."""
        self._connection.several()

    @property
    def conditional(self) -> bool:
        """Whether the caller sent `if-match`: an etag that costs something to know need not be known otherwise."""
        return self._if_match is not None

    def expect(self, etag: str) -> None:
        """Stop with 412 where the caller's `if-match` does not name this etag. Call before changing anything."""
        if self._if_match is not None and not _names(self._if_match, etag):
            raise no_etag_match(etag)
        self._matched = True

    def end_condition(self) -> None:
        """Stop with 412 where the caller's `if-match` names an etag and nothing that was asked for has one."""
        if not self._matched and self._if_match is not None and not _names(self._if_match, ""):
            raise no_etag_to_match()

    def about(self, kind: str, identity: str, etag: str, name: str = "") -> None:
        """Say which resource the answer holds: it gives the `etag` header, the record and retries' validity."""
        self.subject = Subject(kind, identity, etag, name)


def _names(if_match: str, etag: str) -> bool:
    wanted = [candidate.strip().removeprefix("W/").strip('"') for candidate in if_match.split(",")]
    return "*" in wanted or (bool(etag) and etag.strip('"') in wanted)
