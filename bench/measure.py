"""Takes the measurements: rounds of short windows, the servers in turn, then medians."""

import resource
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

import msgspec

from bench import processes
from bench.calls import Refused
from bench.course import Course
from bench.peers import MLFLOW, Peer
from bench.plan import Outcome
from bench.prepare import Unprepared
from bench.scenarios import SCENARIOS, Group
from bench.work import Slot, Work


class Window(msgspec.Struct):
    """One measurement."""

    server: str
    scenario: str
    clients: int
    round: int
    outcome: Outcome
    cpu_us: float
    """Processor time of the server's processes for one answer, microseconds."""
    others: float
    """The share of the machine's processor time that went to neither server nor generator."""


class Unmeasured(msgspec.Struct):
    """A scenario that a server could not be measured in."""

    server: str
    scenario: str
    why: str


@dataclass
class Measured:
    """All that was found."""

    windows: list[Window] = field(default_factory=list)
    unmeasured: list[Unmeasured] = field(default_factory=list)


def measure(
    course: Course, group: Group, peers: Mapping[str, Peer], found: Measured, tell: Callable[[str], None]
) -> None:
    """All windows of a group."""
    works = []
    for server, scenario in group.entries:
        if server in peers:
            try:
                works.append((peers[server], scenario, SCENARIOS[scenario].begin(peers[server], course)))
            except (Unprepared, Refused, OSError) as error:
                found.unmeasured.append(Unmeasured(server, scenario, str(error)))
                tell(f"{scenario}, {server}: {error}")
    for clients in group.clients(course.clients):
        for number in range(course.rounds):
            for peer, scenario, work in works:
                if peer.name != MLFLOW or _mlflow_takes_part(course, group, clients, number):
                    found.windows.append(_window(course, peer, scenario, clients, number, work))
                    tell(_line(found.windows[-1]))


def _mlflow_takes_part(course: Course, group: Group, clients: int, number: int) -> bool:
    """In the middle round; in all of them where the headline is made."""
    most = clients == group.clients(course.clients)[-1]
    return (most or course.slow_everywhere) and ((most and group.headline) or number == course.rounds // 2)


def _window(course: Course, peer: Peer, scenario: str, clients: int, number: int, work: Work) -> Window:
    slow = peer.name == MLFLOW
    slot = Slot(
        clients=clients,
        seconds=course.slow_seconds if slow else course.seconds,
        warm_up=course.slow_warm_up if slow else course.warm_up,
    )
    work.ready(slot)
    before = _clocks(peer)
    outcome = work.run(slot)
    server, generator, machine, capacity = (after - was for after, was in zip(_clocks(peer), before, strict=True))
    if not outcome.errors and (missing := work.missing()):
        outcome.errors["not stored"] = 1
        outcome.sample = missing
    cpu_us = server / max(outcome.answered, 1) * 1e6
    others = max(0.0, machine - server - generator) / capacity
    return Window(peer.name, scenario, clients, number, outcome, cpu_us, others)


def _clocks(peer: Peer) -> tuple[float, float, float, float]:
    """Seconds: used by the server, by generators that have ended, by the whole machine, and there to be used."""
    generators = resource.getrusage(resource.RUSAGE_CHILDREN)
    machine = processes.machine_seconds()
    return processes.cpu_seconds(peer.pid), generators.ru_utime + generators.ru_stime, machine.used, machine.passed


def _line(window: Window) -> str:
    outcome = window.outcome
    rate = f"{outcome.rate:,.{0 if outcome.rate >= 100 else 2}f} {SCENARIOS[window.scenario].unit}"
    return (
        f"{window.scenario}, {window.clients} clients, round {window.round + 1}, {window.server}: {rate}, p50 "
        f"{outcome.p50_ms:.2f} ms, p99 {outcome.p99_ms:.2f} ms"
        + (f", ERRORS {outcome.errors}" if outcome.errors else "")
    )


class Results:
    """Medians of rounds, and ratios: the median of what the rounds say, each window against its neighbour."""

    def __init__(self, windows: Iterable[Window]) -> None:
        self.windows = list(windows)

    def of(self, server: str, scenario: str, clients: int) -> list[Window]:
        wanted = (server, scenario, clients)
        return [window for window in self.windows if (window.server, window.scenario, window.clients) == wanted]

    def median(self, server: str, scenario: str, clients: int, figure: Callable[[Window], float]) -> float | None:
        windows = self.of(server, scenario, clients)
        return median(map(figure, windows)) if windows else None

    def rate(self, server: str, scenario: str, clients: int) -> float | None:
        return self.median(server, scenario, clients, lambda window: window.outcome.rate)

    def ratio(self, mine: tuple[str, str], other: tuple[str, str], clients: int) -> float | None:
        """Requests a second of one against another. Where it has one round, all are compared with that."""
        others = {window.round: window.outcome.rate for window in self.of(*other, clients)}
        only = next(iter(others.values())) if len(others) == 1 else None
        pairs = [
            window.outcome.rate / against
            for window in self.of(*mine, clients)
            if (against := only or others.get(window.round))
        ]
        return median(pairs) if pairs else None

    def to_floor(self, server: str, floor: str, scenario: str, clients: int) -> float | None:
        return self.ratio((server, scenario), (floor, SCENARIOS[scenario].floor), clients)

    def slowdown(self, server: str, later: str, earlier: str, clients: int) -> float | None:
        """p50 of one scenario over p50 of another, round by round."""
        base = {window.round: window.outcome.p50_ms for window in self.of(server, earlier, clients)}
        pairs = [w.outcome.p50_ms / base[w.round] for w in self.of(server, later, clients) if base.get(w.round)]
        return median(pairs) if pairs else None

    @property
    def others(self) -> list[float]:
        """How busy other processes kept the machine, from the quietest window to the loudest."""
        return sorted(window.others for window in self.windows)

    @property
    def failures(self) -> list[Window]:
        return [window for window in self.windows if window.outcome.errors]
