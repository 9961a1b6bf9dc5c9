"""`python -m bench.scale`: fill, ask, fill more, ask again; a table and pictures of how each answer's time grows."""

import argparse
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench import machine, peers
from bench.page import fill_section
from bench.scale.asking import Budget, ask_all
from bench.scale.database import POSTGRESQL, SQLITE, Database, database
from bench.scale.fill import fill
from bench.scale.plots import draw
from bench.scale.report import Grown, Report, markdown
from bench.scale.volume import NOTHING, POINTS, Volume

_MOST_POINTS = 100_000_000


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _terminated)
    begun = time.perf_counter()
    budget = Budget(options.minutes)
    shares = sorted(options.share)
    with tempfile.TemporaryDirectory(prefix="modelkeep-scale-", dir=options.home) as home:
        report = Report(
            date=time.strftime("%Y-%m-%d"),
            command=f"make scale SCALE={shlex.quote(shlex.join(arguments))}" if arguments else "make scale",
            took_seconds=0.0,
            machine=machine.describe(Path(home)),
            points=options.points,
            shares=shares,
        )
        for engine in options.database:
            _tell(f"{engine}:")
            with database(engine, Path(home) / engine) as opened:
                _grow(opened, Path(home) / engine, report, options, budget, _tell)
    report.took_seconds = time.perf_counter() - begun
    _write(report, options.docs)
    problems = [answered for answered in report.answered if answered.problem]
    for answered in problems:
        _tell(f"not measured: {answered.engine}, {answered.share:g}, {answered.name}: {answered.problem}")
    return 1 if problems else 0


def _options(arguments: Sequence[str]) -> Any:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description="Measure how cost grows with records.")
    parser.add_argument(
        "--share", type=float, nargs="+", default=[0.01, 0.1, 1.0], help="of 1,000,000 versions (0.01 0.1 1)"
    )
    parser.add_argument("--database", choices=[SQLITE, POSTGRESQL], nargs="+", default=[SQLITE, POSTGRESQL])
    parser.add_argument("--points", type=int, default=POINTS, help=f"points of metrics at share 1 ({POINTS:,})")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each question is asked (1)")
    parser.add_argument("--minutes", type=float, default=90.0, help="after that, questions are left out (90)")
    parser.add_argument("--only", default="", help="only questions whose group and name contain this")
    parser.add_argument("--home", type=Path, help="where the databases are made (the system's temporary folder)")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="where page, pictures and JSON are written")
    options = parser.parse_args(arguments)
    if not all(0 < share <= 1 for share in options.share) or not 1 <= options.points <= _MOST_POINTS:
        parser.error(f"shares are above 0 and at most 1, points at most {_MOST_POINTS:,}")
    return options


def _grow(
    opened: Database, home: Path, report: Report, options: Any, budget: Budget, tell: Callable[[str], None]
) -> None:
    before = NOTHING
    for share in report.shares:
        now = Volume(share, report.points)
        tell(f"{opened.name}, share {share:g}: filling")
        filled = fill(opened.settings, before, now, tell)
        opened.settle()
        report.grown.append(Grown(opened.name, share, filled, opened.size()))
        with peers.modelkeep(home, f"modelkeep on {opened.name}", *opened.flags) as peer:
            report.answered += ask_all(peer.port, opened.name, now, options.seconds, options.only, budget, tell)
        before = now


def _write(report: Report, docs: Path) -> None:
    draw(report, docs / "images")
    fill_section(docs / "performance.md", "scale", markdown(report))
    kept = docs / "measured" / "scale.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    _tell(f"written: {docs / 'performance.md'}, {docs / 'images'}, {kept}")


def _terminated(number: int, frame: object) -> None:
    """End as on Ctrl-C: through the blocks that stop the servers."""
    raise SystemExit(128 + number)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
