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
from bench.plan import FIRST_STEP, MARKER, STEP, UNIQUE_LENGTH, Outcome, Plan

_now = time.perf_counter


def prepared(plan: Plan, requests: list[bytes]) -> Iterator[bytes]:
    """These requests in turn, what stands for a fresh value replaced by one."""
    run = secrets.token_hex(8)
    split = [request.split(STEP if STEP in request else MARKER) for request in requests]
    steps = STEP in requests[0]
    for number, parts in enumerate(itertools.cycle(split)):
        if number == plan.answers:
            return
        if len(parts) == 1:
            yield parts[0]
        elif steps:
            yield (b"%d" % (FIRST_STEP + number)).join(parts)
        else:
            yield (f"{run}{number:0{UNIQUE_LENGTH - len(run)}}".encode()).join(parts)


class Load:
    """One run of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._poll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._latencies: list[float] = []
        self._last = 0.0
        self._answered = 0
        self._errors: Counter[str] = Counter()
        self._sample = ""

    def run(self) -> Outcome:
        """Send until the time is over, then wait for what is still missing: no load is left for who comes next."""
        begun, used = _now(), time.process_time()
        self._from = begun + self._plan.warm_up
        self._until = self._from + self._plan.seconds
        for requests in self._shares():
            self._open(requests)
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

    def _shares(self) -> list[Iterator[bytes]]:
        """What each client sends: one of the requests over and over, or the next of those that all share."""
        plan = self._plan
        if plan.own:
            return [prepared(plan, [plan.requests[number]]) for number in range(plan.clients)]
        return [prepared(plan, plan.requests)] * plan.clients

    def _open(self, requests: Iterator[bytes]) -> None:
        connection = Connection(self._plan.port, requests)
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
        complete = connection.bytes >= self._plan.least_bytes
        if 200 <= status < 300 and complete:
            self._answered += 1
            if self._from <= at and (at < self._until or self._plan.whole):
                self._latencies.append(at - connection.sent_at)
                self._last = at
        else:
            self._errors[str(status) if complete else f"{status}, too short"] += 1
            self._sample = self._sample or connection.body_sample()
        self._send(connection, at)

    def _send(self, connection: Connection, at: float) -> None:
        request = next(connection.requests, None) if at < self._until else None
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
            self._open(connection.requests)

    def _close(self, connection: Connection) -> None:
        self._poll.unregister(connection.fileno())
        del self._connections[connection.fileno()]
        connection.close()

    def _outcome(self, busy: float) -> Outcome:
        latencies = sorted(self._latencies) or [0.0]
        over = max(self._last - self._from, 1e-9) if self._plan.whole else self._plan.seconds
        return Outcome(
            rate=len(self._latencies) / over,
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
