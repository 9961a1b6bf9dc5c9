"""Splits the processor time of a request by layers, by clocks around the functions that a layer begins with."""

import functools
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

_clock = time.thread_time_ns

DECODE, AUTHORIZE, OPERATION, RECORD = "decode", "authorise", "operation", "record and retry token"
STATEMENTS, COMMIT, ENCODE = "statements", "begin and commit", "encode"
LAYERS = (DECODE, AUTHORIZE, OPERATION, RECORD, STATEMENTS, COMMIT, ENCODE)
"""What is left of the whole is dispatch, engine, event loop, and the clocks."""


class Layers:
    """Time of each layer without what it calls in others. One that is not switched on costs nothing."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self._thread = threading.local()
        self._lock = threading.Lock()
        self.is_on = False

    def reset(self) -> None:
        self._spent.clear()
        self._calls.clear()

    def microseconds(self, count: int) -> dict[str, float]:
        """Of one request, of so many."""
        return {layer: spent / 1000 / count for layer, spent in self._spent.items()}

    def calls(self, count: int) -> dict[str, float]:
        """How often a layer was entered by one request."""
        return {layer: calls / count for layer, calls in self._calls.items()}

    def watch(self, owner: Any, name: str, layer: str) -> None:
        """From now on `owner.name` is counted to this layer."""
        function = getattr(owner, name)
        setattr(owner, name, self._timed(function, layer))

    def _timed(self, function: Callable[..., Any], layer: str) -> Callable[..., Any]:
        local = self._thread

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            outer = getattr(local, "inner", 0)
            local.inner = 0
            begun = _clock()
            try:
                return function(*arguments, **named)
            finally:
                took = _clock() - begun
                with self._lock:
                    self._spent[layer] += took - local.inner
                    self._calls[layer] += 1
                local.inner = outer + took

        return timed


def watch_everything(layers: Layers) -> None:
    """Put clocks into the server's layers; they stay for the life of this process."""
    from modelkeep.server import execution
    from modelkeep.server.decoding import Decoder
    from modelkeep.storage.sqlite.connection import SqliteConnection

    layers.is_on = True
    layers.watch(Decoder, "decode", DECODE)
    layers.watch(execution, "authorize", AUTHORIZE)
    layers.watch(execution, "_perform", OPERATION)
    layers.watch(execution, "record_write", RECORD)
    layers.watch(execution, "_encode", ENCODE)
    connections: list[Any] = [SqliteConnection]
    try:
        from modelkeep.storage.postgres.connection import PostgresConnection

        connections.append(PostgresConnection)
        layers.watch(PostgresConnection, "commit", COMMIT)
        layers.watch(PostgresConnection, "flush", STATEMENTS)
    except ImportError:
        pass
    for connection in connections:
        for name in ("rows", "count", "put", "insert", "search"):
            layers.watch(connection, name, STATEMENTS)
        layers.watch(connection, "control", COMMIT)
