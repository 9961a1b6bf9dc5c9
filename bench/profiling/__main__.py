"""`python -m bench.profiling`: what a request costs in processor time, layer by layer, beside the floors below it."""

import argparse
import asyncio
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench import machine
from bench.page import fill_section
from bench.profiling.drive import drive
from bench.profiling.floors import granian, postgres, sqlite
from bench.profiling.layers import LAYERS, Layers, watch_everything
from bench.profiling.work import SCENARIOS
from bench.scale.database import POSTGRESQL, SQLITE, Database, database
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
    begun = time.perf_counter()
    profiles: list[Profile] = []
    floors: dict[str, float] = {}
    for engine in options.database:
        profiles += _profile(engine, options, floors)
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode(profiles) + b"\n")
        return 0
    shown = _shown(profiles)
    print(shown)
    if options.docs:
        command = f"make profile PROFILE={shlex.quote(shlex.join(arguments))}"
        _write(options, command, time.perf_counter() - begun, shown, floors, profiles)
    return 0


def _write(
    options: Any, command: str, took: float, shown: str, floors: dict[str, float], profiles: list[Profile]
) -> None:
    with tempfile.TemporaryDirectory(prefix="modelkeep-profile-") as home:
        described = machine.describe(Path(home))
        floors = {"Granian alone": granian(Path(home) / "granian"), **floors}
    lines = "\n".join(f"- {line}" for line in described.lines())
    below = table(("floor of a creation", "CPU µs"), [(name, number(cost, 1)) for name, cost in floors.items()])
    head = f"Measured on {time.strftime('%Y-%m-%d')} by `{command}` in {took / 60:.0f} minutes, on:"
    clocks = "with clocks between the layers, which cost time themselves" if options.layers else "without clocks"
    how = f"{options.clients} clients, {options.rounds} rounds of {options.count} requests, {clocks}:"
    fill_section(options.docs / "performance.md", "profile", "\n\n".join((head, lines, how, shown, below)))
    kept = options.docs / "measured" / "profile.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    found = {"machine": described, "floors": floors, "profiles": profiles}
    kept.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


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
    parser.add_argument("--docs", type=Path, help="write the tables into this folder's performance.md, JSON beside")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--layers", action="store_true", help="split by layers; the clocks cost time themselves")
    return parser.parse_args(arguments)


def _floor(opened: Database, home: Path) -> dict[str, float]:
    if opened.name == SQLITE:
        return {"SQLite alone, the same rows": sqlite(home / "floor")}
    return {"PostgreSQL alone, the same rows in a pipeline, this side": postgres(opened.settings.database)}


def _profile(engine: str, options: Any, floors: dict[str, float]) -> list[Profile]:
    scenarios = [scenario for scenario in SCENARIOS if options.only in scenario.name]
    volume, layers = Volume(options.share, 1_000_000), Layers()
    if options.layers:
        watch_everything(layers)
    with tempfile.TemporaryDirectory(prefix="modelkeep-profile-") as home, database(engine, Path(home)) as opened:
        settings = opened.settings
        fill(settings, NOTHING, volume, lambda line: None)
        opened.settle()
        if options.docs:
            floors |= _floor(opened, Path(home))
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
