"""How long a proof goes on, and the seeds by which a failure can be run again.

In `make test` each proof runs a few rounds, always the same ones. `make proof` sets `PROOF_SECONDS`: rounds are run
until the time is over, from a seed that is printed. `PROOF_SEED` names the first one.
"""

import os
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from types import TracebackType

SECONDS = float(os.environ.get("PROOF_SECONDS", 0))
LONG = SECONDS > 0


class Round:
    """One round of a proof: everything that is random in it comes from `seed`. What fails says how to run it again."""

    def __init__(self, proof: str, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self._proof = proof

    def __enter__(self) -> "Round":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            error.add_note(f"Run it again: make proof-{self._proof} PROOF_SEED={self.seed} PROOF_SECONDS=1")


class Effort:
    """The rounds of a proof and the counts of what they did, printed at the end of a long run."""

    def __init__(self, proof: str) -> None:
        self.seen: Counter[str] = Counter()
        self._proof = proof

    def rounds(self, quick: int) -> Iterator[Round]:
        """`quick` rounds, or as many as the time of a long run allows, one at least."""
        first = int(os.environ.get("PROOF_SEED") or (secrets.randbelow(10**9) if LONG else 1))
        self.say(f"seeds from {first}")
        self._deadline = time.monotonic() + SECONDS
        count = 0
        while (count == 0 or not self.over) if LONG else count < quick:
            yield Round(self._proof, first + count)
            count += 1
            self.seen["rounds"] += 1
        self.say(", ".join(f"{count:,} {what}" for what, count in self.seen.items()))

    @property
    def over(self) -> bool:
        """Whether the time of a long run is over, for rounds that can end at any moment."""
        return LONG and time.monotonic() > self._deadline

    def say(self, line: str) -> None:
        """Print a line in a long run."""
        if LONG:
            print(f"\n[{self._proof}] {line}", file=sys.stderr, flush=True)  # noqa: T201
