"""`python -m bench.profiling.compare BEFORE AFTER …`: two source trees, in turn, by the processor time of a request.

BEFORE and AFTER are folders that hold the package `modelkeep`. Each round is a fresh process of each tree, so that what
else the machine does meets both alike. What follows is handed to `python -m bench.profiling`.
"""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from bench.profiling.__main__ import Profile
from bench.tables import number, table

_ROUNDS = 4
_LONGEST_SECONDS = 300


def main(arguments: Sequence[str]) -> int:
    before, after, *rest = arguments
    found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: {before: [], after: []})
    for turn in range(_ROUNDS):
        for source in (before, after) if turn % 2 else (after, before):
            for profile in _profiles(source, rest):
                found[profile.engine, profile.scenario][source] += profile.totals
        print(f"round {turn + 1} of {_ROUNDS}", file=sys.stderr, flush=True)
    rows = []
    for (engine, scenario), costs in found.items():
        was, now = costs[before], costs[after]
        change = median(now) / median(was) - 1
        least = min(now) / min(was) - 1
        cells = (median(was), median(now), min(was), min(now))
        rows.append((f"{scenario}, {engine}", *(number(cell) for cell in cells), f"{change:+.1%}", f"{least:+.1%}"))
    print(table(("CPU µs", "median before", "after", "least before", "after", "median", "least"), rows))
    return 0


def _profiles(source: str, rest: Sequence[str]) -> list[Profile]:
    ended = subprocess.run(
        [sys.executable, "-m", "bench.profiling", *rest, "--json"],
        env={**os.environ, "PYTHONPATH": f"{Path(source).resolve()}:{Path.cwd()}"},
        capture_output=True,
        timeout=_LONGEST_SECONDS,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(ended.stderr.decode())
    return msgspec.json.decode(ended.stdout, type=list[Profile])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
