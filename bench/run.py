"""One whole run: start the servers, look at them idle, prepare the data, measure, look again, stop all."""

import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from statistics import median

import msgspec

from bench import machine, peers, processes, reach
from bench.measure import Course, Results, Window, measure
from bench.peers import Peer, Started
from bench.prepare import prepare_mlflow, prepare_modelkeep
from bench.processes import Memory
from bench.scenarios import sample_answers

_SETTLE_SECONDS = 3
_QUIET = 0.1
_LONGEST_SETTLE_SECONDS = 45
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
    footprints: dict[str, Footprint]

    @property
    def lines(self) -> list[reach.Line]:
        own = self.footprints[peers.MODELKEEP]
        return reach.lines(Results(self.windows), self.course.clients, own.started.first_answer, own.idle)


def run(course: Course, command: str, tell: Callable[[str], None], *, with_mlflow: bool) -> Report:
    """Run the course."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="modelkeep-bench-") as home, ExitStack() as stack:
        here = Path(home)
        described = machine.describe(here)
        starts = [_start_once(here / f"start-{number}") for number in range(_STARTS - 1)]
        running = [_enter(stack, peers.modelkeep(here / "modelkeep"), tell)]
        idle = [_idle(running[0])]
        starts.append(running[0].started)
        tell("preparing 10,000 versions through the API")
        prepare_modelkeep(running[0])
        answers = sample_answers(running[0])
        forgetful = peers.modelkeep(here / "forgetful", peers.FORGETFUL, "--remembered-answers", "0")
        running.append(_enter(stack, forgetful, tell))
        idle.append(_idle(running[-1]))
        prepare_modelkeep(running[-1])
        for interface in ("rsgi", "asgi"):
            running.append(_enter(stack, peers.floor(here / interface, interface, answers), tell))
            idle.append(_idle(running[-1]))
        if with_mlflow:
            running.append(_enter(stack, peers.mlflow(here / "mlflow"), tell))
            idle.append(_idle(running[-1]))
            prepare_mlflow(running[-1], here / "mlflow" / "mlflow.db")
        windows = measure(course, {peer.name: peer for peer in running}, tell)
        footprints = {
            peer.name: Footprint(peer.started, before, processes.memory(peer.pid))
            for peer, before in zip(running, idle, strict=True)
        }
    footprints[peers.MODELKEEP].started = _median(starts)
    return Report(
        date=time.strftime("%Y-%m-%d"),
        command=command,
        took_seconds=time.perf_counter() - begun,
        machine=described,
        course=course,
        windows=windows,
        footprints=footprints,
    )


def _start_once(home: Path) -> Started:
    with peers.modelkeep(home) as peer:
        return peer.started


def _enter(stack: ExitStack, server: AbstractContextManager[Peer], tell: Callable[[str], None]) -> Peer:
    peer = stack.enter_context(server)
    tell(f"{peer.name} answers after {peer.started.health:.2f} s")
    return peer


def _idle(peer: Peer) -> Memory:
    """The memory once the server rests: MLflow goes on starting processes for long after it answers."""
    give_up = time.perf_counter() + _LONGEST_SETTLE_SECONDS
    while time.perf_counter() < give_up:
        used = processes.cpu_seconds(peer.pid)
        time.sleep(_SETTLE_SECONDS)
        if processes.cpu_seconds(peer.pid) - used < _QUIET * _SETTLE_SECONDS:
            break
    return processes.memory(peer.pid)


def _median(starts: list[Started]) -> Started:
    health, first_answer, cpu = zip(*map(msgspec.structs.astuple, starts), strict=True)
    return Started(median(health), median(first_answer), median(cpu))
