"""What is asked of servers that keep artifacts: one large file is sent and fetched, and their memory watched."""

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

import msgspec

from bench import processes
from bench.course import Course
from bench.peers import Peer
from bench.plan import LoadFailed, Outcome
from bench.prepare import Unprepared
from bench.transfer import PATH, Transfers
from bench.work import Scenario, Slot, Work

_BLOCK = 1024 * 1024
_LONGEST_SECONDS = 600


class Source:
    """The file that is sent, made once and gone with this object: random, so that nothing can make it smaller."""

    def __init__(self, mib: int) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="modelkeep-bench-")  # noqa: SIM115  (it lives as long as this)
        digest = hashlib.sha256()
        for _ in range(mib):
            block = os.urandom(_BLOCK)
            digest.update(block)
            self._file.write(block)
        self._file.flush()
        self.path = Path(self._file.name)
        self.mib = mib
        self.digest = digest.hexdigest()


_sources: dict[int, Source] = {}


def _source(course: Course) -> Source:
    if course.artifact_mib not in _sources:
        _sources[course.artifact_mib] = Source(course.artifact_mib)
    return _sources[course.artifact_mib]


@dataclass
class Transfer(Work):
    """One way of the file."""

    peer: Peer
    source: Source
    which: str
    looked: bool = field(default=False, init=False)

    def ready(self, slot: Slot) -> None:
        """No server waits for the disk because of what the one before it has written."""
        os.sync()

    def run(self, slot: Slot) -> Outcome:
        before = processes.memory(self.peer.pid).resident
        processes.forget_peaks(self.peer.pid)
        found = transfer(self.peer, self.source, self.which, slot.seconds)
        times = sorted(found.seconds) or [0.0]
        return Outcome(
            rate=self.source.mib * len(found.seconds) / sum(times) if found.seconds else 0.0,
            p50_ms=median(times) * 1000,
            p99_ms=times[-1] * 1000,
            answered=len(found.seconds),
            errors={"failed": 1} if found.error else {},
            sample=found.error,
            busy=found.busy,
            grew=max(0.0, processes.peak(self.peer.pid) - before),
        )

    def missing(self) -> str:
        """Byte for byte, once: later transfers are checked by their length."""
        if self.looked:
            return ""
        self.looked = True
        digest = hashlib.sha256()
        request = Request(f"http://127.0.0.1:{self.peer.port}{PATH}")
        with urlopen(request, timeout=_LONGEST_SECONDS) as answer:
            while block := answer.read(_BLOCK):
                digest.update(block)
        return "" if digest.hexdigest() == self.source.digest else "what is there is not what was sent"


def transfer(peer: Peer, source: Source, which: str, seconds: float) -> Transfers:
    """Send or fetch the file in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "bench.transfer", str(peer.port), which, str(source.path), str(seconds)],
        capture_output=True,
        timeout=_LONGEST_SECONDS,
        check=False,
    )
    if ended.returncode:
        raise LoadFailed(ended.stderr.decode())
    return msgspec.json.decode(ended.stdout, type=Transfers)


def _sending(peer: Peer, course: Course) -> Work:
    return Transfer(peer, _source(course), "put")


def _fetching(peer: Peer, course: Course) -> Work:
    sent = transfer(peer, _source(course), "put", 0)
    if sent.error:
        raise Unprepared(f"{peer.name} does not take the file: {sent.error}")
    return Transfer(peer, _source(course), "get")


UP = Scenario("artifact up", "Send one large artifact", _sending, unit="MiB/s")
DOWN = Scenario("artifact down", "Fetch one large artifact", _fetching, unit="MiB/s")
