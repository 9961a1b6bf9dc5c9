"""Whole runs of MLflow's own client, as a training script makes them, one after the other."""

import subprocess
import sys
from dataclasses import dataclass, field
from statistics import median

import msgspec

from bench.client import EPOCHS, Took
from bench.course import Course
from bench.peers import FASTTRACKML, Peer
from bench.plan import Outcome
from bench.work import Scenario, Slot, Work

_LONGEST_SECONDS = 300


@dataclass
class Training(Work):
    """So many runs, each of some thirty requests."""

    peer: Peer
    runs: int
    with_registry: bool
    took: Took = field(default_factory=lambda: Took([], 0.0, []), init=False)

    def run(self, slot: Slot) -> Outcome:
        uri = f"http://127.0.0.1:{self.peer.port}"
        arguments = [uri, str(self.runs), "1" if self.with_registry else "0"]
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "bench.client", *arguments],
                capture_output=True,
                timeout=_LONGEST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _failed(f"the client did not end in {_LONGEST_SECONDS} s")
        if ended.returncode:
            return _failed(ended.stderr.decode()[-1000:])
        self.took = msgspec.json.decode(ended.stdout.splitlines()[-1], type=Took)
        times = sorted(self.took.seconds)
        return Outcome(
            rate=1 / median(times),
            p50_ms=median(times) * 1000,
            p99_ms=times[-1] * 1000,
            answered=len(times),
            errors={},
            sample="",
            busy=self.took.busy,
        )

    def missing(self) -> str:
        return ", ".join(self.took.missing)


def _failed(why: str) -> Outcome:
    return Outcome(rate=0.0, p50_ms=0.0, p99_ms=0.0, answered=0, errors={"client failed": 1}, sample=why, busy=0.0)


def _begin(peer: Peer, course: Course) -> Work:
    return Training(peer, course.client_runs, with_registry=peer.name != FASTTRACKML)


CLIENT = Scenario(
    "client",
    f"MLflow's client: a run with params, metrics of {EPOCHS} epochs, a tag, a file and a version of a model",
    _begin,
    unit="runs/s",
)
