"""What one load run is asked to do, what it found, and how it is started in a process of its own."""

import subprocess
import sys

import msgspec

MARKER = b"@@UNIQUE@@"
"""Stands in a prepared request where each sending puts a fresh value."""
UNIQUE_LENGTH = 32
STEP = b"@@STEP@@"
"""Stands in a prepared request where each sending puts the next number, always of ten digits."""
FIRST_STEP = 1_000_000_000
_GRACE_SECONDS = 60


class Plan(msgspec.Struct, kw_only=True):
    """A load: prepared requests sent in turn over kept-alive connections, each with one request on its way."""

    port: int
    clients: int
    requests: list[bytes]
    seconds: float
    warm_up: float = 0.0
    answers: int | None = None
    """Stop after this many requests instead of at the end of the time."""
    drain: float = 20.0
    """How long answers that are still missing at the end are waited for."""
    own: bool = False
    """Each client has one of the requests for itself, instead of the next of all."""
    whole: bool = False
    """Count every answer, over the time until the last has come: for answers that take as long as a window."""
    least_bytes: int = 0
    """An answer that has fewer, its head included, is an error: what was asked for is not in it."""


class Outcome(msgspec.Struct, kw_only=True):
    """What the generator saw. Rates and latencies are of the measured window, and of 2xx answers only."""

    rate: float
    p50_ms: float
    p99_ms: float
    answered: int
    """2xx answers from the first to the last, the warm-up's too."""
    errors: dict[str, int]
    """How often each status that is not 2xx came, and each failure below HTTP."""
    sample: str
    """The first answer that was an error."""
    busy: float
    """The share of one core that the generator itself used: near 1, it is what limits."""
    grew: float | None = None
    """MiB that the server's memory rose above where it stood, at its highest; None where it was not watched."""


class LoadFailed(Exception):
    """The generator could not run its plan."""


def run_apart(plan: Plan) -> Outcome:
    """Run the plan in a fresh process, so that nothing here takes its interpreter's time."""
    ended = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=msgspec.msgpack.encode(plan),
        capture_output=True,
        timeout=plan.warm_up + plan.seconds + plan.drain + _GRACE_SECONDS,
        check=False,
    )
    if ended.returncode:
        raise LoadFailed(ended.stderr.decode())
    return msgspec.msgpack.decode(ended.stdout, type=Outcome)
