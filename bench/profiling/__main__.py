"""`python -m bench.profiling`: what a request costs in processor time, layer by layer, beside the floors below it."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench.profiling.drive import drive
from bench.profiling.layers import LAYERS, Layers, watch_everything
from bench.profiling.work import SCENARIOS
from bench.scale.database import POSTGRESQL, SQLITE, database
from bench.scale.fill import fill
from bench.scale.volume import NOTHING, Volume
from bench.tables import number, table


class Profile(msgspec.Struct):
    """Microseconds of processor time of one request in each round, and of its layers in the middle one."""

    engine: str
    scenario: str
    totals: list[float]
    layers: dict[str, float]
    calls: dict[str, float] = {}


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    profiles: list[Profile] = []
    for engine in options.database:
        profiles += _profile(engine, options)
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode(profiles) + b"\n")
    else:
        print(_shown(profiles))
    return 0


def _shown(profiles: list[Profile]) -> str:
    rows = [
        (
            f"{profile.scenario}, {profile.engine}",
            number(median(profile.totals), 1),
            number(min(profile.totals), 1),
            *(number(profile.layers.get(layer), 1) for layer in LAYERS),
        )
        for profile in profiles
    ]
    return table(("CPU µs", "median", "least", *LAYERS), rows)


def _options(arguments: Sequence[str]) -> Any:
    parser = argparse.ArgumentParser(prog="python -m bench.profiling", description=__doc__)
    parser.add_argument("--database", choices=[SQLITE, POSTGRESQL], nargs="+", default=[SQLITE])
    parser.add_argument("--only", default="", help="scenarios whose names contain this")
    parser.add_argument("--share", type=float, default=0.01, help="how full the database is (0.01)")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--count", type=int, default=2_000, help="requests of a round (2000)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--layers", action="store_true", help="split by layers; the clocks cost time themselves")
    return parser.parse_args(arguments)


def _profile(engine: str, options: Any) -> list[Profile]:
    scenarios = [scenario for scenario in SCENARIOS if options.only in scenario.name]
    volume, layers = Volume(options.share, 1_000_000), Layers()
    if options.layers:
        watch_everything(layers)
    with tempfile.TemporaryDirectory(prefix="modelkeep-profile-") as home, database(engine, Path(home)) as opened:
        settings = opened.settings
        fill(settings, NOTHING, volume, lambda line: None)
        opened.settle()
        found = asyncio.run(drive(settings, scenarios, volume, options.clients, options.count, options.rounds, layers))
    profiles = []
    for name, costs in found.items():
        names = {layer for cost in costs for layer in cost.layers}
        split = {layer: median(cost.layers.get(layer, 0.0) for cost in costs) for layer in names}
        totals = [cost.total for cost in costs]
        profiles.append(Profile(engine, name, totals, split))
    return profiles


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
