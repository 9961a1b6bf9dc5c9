"""One whole run: start the servers, look at them idle, prepare the data, measure, look again, stop all."""

import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import msgspec

from bench import machine, peers, postgres, processes, reach
from bench.course import Course
from bench.house import House
from bench.measure import Measured, Results, Unmeasured, Window, measure
from bench.peers import Started
from bench.processes import Memory
from bench.scenarios import groups

_STARTS = 3


class Footprint(msgspec.Struct):
    """A server beside its speed."""

    started: Started
    idle: Memory
    loaded: Memory


class Report(msgspec.Struct, kw_only=True):
    """All that a run found."""

    date: str
    command: str
    took_seconds: float
    machine: machine.Machine
    course: Course
    windows: list[Window]
    unmeasured: list[Unmeasured]
    absent: dict[str, str]
    """Servers that should have been measured, and why they were not."""
    footprints: dict[str, Footprint]

    @property
    def database(self) -> str:
        """Where modelkeep and MLflow keep what they are given."""
        return "PostgreSQL" if self.course.database else "SQLite"

    @property
    def lines(self) -> list[reach.Line]:
        if self.course.database:
            return reach.lines_on_postgres(Results(self.windows))
        own = self.footprints[peers.MODELKEEP]
        return reach.lines(Results(self.windows), self.course.clients, own.started.first_answer, own.idle)


def run(course: Course, command: str, tell: Callable[[str], None], *, without: Collection[str]) -> Report:
    """Run the course."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="modelkeep-bench-") as home, ExitStack() as stack:
        here = Path(home)
        described = machine.describe(here)
        databases = stack.enter_context(postgres.databases(course.database)) if course.database else None
        if databases is not None:
            described.versions["PostgreSQL"] = databases.version
        again = 0 if databases else _STARTS - 1
        starts = [_start_once(here / f"start-{number}") for number in range(again)]
        house = House(here, stack, tell, without, databases)
        starts.append(house.start(peers.MODELKEEP).started)
        measured = Measured()
        for group in groups(course):
            measured.unmeasured += house.furnish(group)
            measure(course, group, house.ready(group), measured, tell)
        footprints = {
            name: Footprint(peer.started, house.idle[name], processes.memory(peer.pid))
            for name, peer in house.running.items()
        }
    footprints[peers.MODELKEEP].started = _median(starts)
    return Report(
        date=time.strftime("%Y-%m-%d"),
        command=command,
        took_seconds=time.perf_counter() - begun,
        machine=described,
        course=course,
        windows=measured.windows,
        unmeasured=measured.unmeasured,
        absent=house.absent,
        footprints=footprints,
    )


def _start_once(home: Path) -> Started:
    with peers.modelkeep(home) as peer:
        return peer.started


def _median(starts: list[Started]) -> Started:
    health, first_answer, cpu = zip(*map(msgspec.structs.astuple, starts), strict=True)
    return Started(median(health), median(first_answer), median(cpu))
