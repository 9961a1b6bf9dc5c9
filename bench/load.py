"""The load generator: many kept-alive connections on one epoll loop. Run it with `bench.plan.run_apart`."""

import gc
import itertools
import secrets
import select
import sys
import time
from collections import Counter
from collections.abc import Iterator

import msgspec

from bench.connection import BrokenConnection, Connection
from bench.plan import MARKER, UNIQUE_LENGTH, Outcome, Plan

_now = time.perf_counter


def prepared(plan: Plan) -> Iterator[bytes]:
    """The plan's requests in turn, each marker replaced by a value that was never used before."""
    run = secrets.token_hex(8)
    split = [request.split(MARKER) for request in plan.requests]
    for number, parts in enumerate(itertools.cycle(split)):
        if number == plan.answers:
            return
        yield parts[0] if len(parts) == 1 else (f"{run}{number:0{UNIQUE_LENGTH - len(run)}}".encode()).join(parts)


class Load:
    """One run of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = prepared(plan)
        self._poll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._latencies: list[float] = []
        self._answered = 0
        self._errors: Counter[str] = Counter()
        self._sample = ""

    def run(self) -> Outcome:
        """Send until the time is over, then wait for what is still missing: no load is left for who comes next."""
        begun, used = _now(), time.process_time()
        self._from = begun + self._plan.warm_up
        self._until = self._from + self._plan.seconds
        for _ in range(self._plan.clients):
            self._open()
        give_up = self._until + self._plan.drain
        while self._connections and _now() < give_up:
            for descriptor, _ in self._poll.poll(0.1):
                self._ready(self._connections[descriptor])
        busy = (time.process_time() - used) / (_now() - begun)
        if self._connections:
            self._errors["no answer"] += len(self._connections)
        for connection in self._connections.values():
            connection.close()
        return self._outcome(busy)

    def _open(self) -> None:
        connection = Connection(self._plan.port)
        self._connections[connection.fileno()] = connection
        self._poll.register(connection.fileno(), select.EPOLLIN)
        self._send(connection, _now())

    def _ready(self, connection: Connection) -> None:
        try:
            status = connection.receive()
        except BrokenConnection as error:
            self._broken(connection, error)
            return
        if not status:
            return
        at = _now()
        if 200 <= status < 300:
            self._answered += 1
            if self._from <= at < self._until:
                self._latencies.append(at - connection.sent_at)
        else:
            self._errors[str(status)] += 1
            self._sample = self._sample or connection.body_sample()
        self._send(connection, at)

    def _send(self, connection: Connection, at: float) -> None:
        request = next(self._requests, None) if at < self._until else None
        if request is None:
            self._close(connection)
            return
        try:
            connection.send(request, at)
        except BrokenConnection as error:
            self._broken(connection, error)

    def _broken(self, connection: Connection, error: BrokenConnection) -> None:
        self._errors["connection lost"] += 1
        self._sample = self._sample or str(error)
        self._close(connection)
        if _now() < self._until:
            self._open()

    def _close(self, connection: Connection) -> None:
        self._poll.unregister(connection.fileno())
        del self._connections[connection.fileno()]
        connection.close()

    def _outcome(self, busy: float) -> Outcome:
        latencies = sorted(self._latencies) or [0.0]
        return Outcome(
            rate=len(self._latencies) / self._plan.seconds,
            p50_ms=latencies[len(latencies) // 2] * 1000,
            p99_ms=latencies[len(latencies) * 99 // 100] * 1000,
            answered=self._answered,
            errors=dict(self._errors),
            sample=self._sample,
            busy=busy,
        )


def main() -> None:
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)
    gc.disable()  # nothing here makes cycles, and a collection would show as latency
    sys.stdout.buffer.write(msgspec.msgpack.encode(Load(plan).run()))


if __name__ == "__main__":
    main()
