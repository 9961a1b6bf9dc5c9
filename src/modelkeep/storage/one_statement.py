"""A connection for a single statement, which is a snapshot by itself: most look-ups are no more than that."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.sql import ClauseElement

from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.counter import Counter
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Connection, Row


class SecondStatement(Exception):
    """The work needs more than one statement, and so a snapshot for all of them."""


class OneStatement:
    """Lends its connection once."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection

    def _take(self) -> Connection:
        connection, self._connection = self._connection, None
        if connection is None:
            raise SecondStatement
        return connection

    def rows(self, query: Query, parameters: dict[str, Any]) -> list[Row]:
        return self._take().rows(query, parameters)

    def count(self, query: Query, parameters: dict[str, Any]) -> int:
        return self._take().count(query, parameters)

    def put(self, query: Query, parameters: dict[str, Any]) -> None:
        self._take().put(query, parameters)

    def insert(self, bulk: BulkInsert, rows: Sequence[Sequence[Any]]) -> None:
        self._take().insert(bulk, rows)

    def next_number(self, counter: Counter, parameters: dict[str, Any]) -> Row | None:
        return self._take().next_number(counter, parameters)

    def metric_key_ids(self, names: Sequence[str]) -> list[int]:
        return self._take().metric_key_ids(names)

    def search(self, statement: ClauseElement) -> list[Row]:
        return self._take().search(statement)

    def several(self) -> None:
        raise SecondStatement
