"""`python -m bench`: one run of all measurements, its tables, and exit code 1 if any answer was an error."""

import argparse
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench.course import Course
from bench.measure import Results
from bench.page import rewrite
from bench.peers import FASTTRACKML, MLFLOW, CannotStart
from bench.plan import LoadFailed
from bench.prepare import Unprepared
from bench.report import markdown
from bench.run import Report, run
from bench.scenarios import GROUPS, ON_POSTGRES
from modelkeep.core.settings import without_password


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        report = run(_course(options), _command(arguments), _tell, without=_without(options))
    except (CannotStart, LoadFailed, Unprepared) as error:
        _tell(f"bench: {error}")
        return 2
    page = markdown(report)
    print(page)
    if options.markdown:
        rewrite(options.markdown, page)
    if options.json:
        options.json.write_bytes(_json(report))
    failures = Results(report.windows).failures
    if failures:
        _tell(f"bench: {len(failures)} measurements had errors; see the end of the report")
    for gap in report.unmeasured:
        _tell(f"bench: {gap.server} could not be measured in {gap.scenario!r}: {gap.why}")
    return 1 if failures or report.unmeasured else 0


def _command(arguments: Sequence[str]) -> str:
    """What makes this report again; where the measurements were written as JSON has no part in it."""
    words = list(arguments)
    if "--json" in words:
        at = words.index("--json")
        del words[at : at + 2]
    words = [without_password(word) for word in words]
    return f"make bench BENCH={shlex.quote(shlex.join(words))}" if words else "make bench"


def _options(arguments: Sequence[str]) -> Any:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure modelkeep beside its peers.")
    parser.add_argument("--quick", action="store_true", help="one short round: for a look, not for figures")
    parser.add_argument("--rounds", type=int, help="rounds of windows (3)")
    parser.add_argument("--seconds", type=float, help="length of a window (2)")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64], help="how many at once (1 8 64)")
    parser.add_argument("--only", choices=[group.name for group in GROUPS], action="append", help="these measurements")
    parser.add_argument(
        "--database",
        default="",
        metavar="URL|postgres",
        help="measure on this PostgreSQL, or on one that is started: create, get, search, log, search runs (SQLite)",
    )
    parser.add_argument("--no-mlflow", action="store_true", help="leave MLflow out")
    parser.add_argument("--no-fasttrackml", action="store_true", help="leave FastTrackML out")
    parser.add_argument("--artifact-mib", type=int, default=1024, help="size of the large artifact (1024)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report there")
    options = parser.parse_args(arguments)
    there = {group.name for group in (ON_POSTGRES if options.database else GROUPS)}
    if missing := sorted({*(options.only or [])} - there):
        parser.error(f"not measured on PostgreSQL: {', '.join(missing)}")
    return options


def _without(options: Any) -> set[str]:
    left_out = {MLFLOW: options.no_mlflow, FASTTRACKML: options.no_fasttrackml}
    return {server for server, out in left_out.items() if out}


def _course(options: Any) -> Course:
    quick: bool = options.quick
    seconds = options.seconds or (1.0 if quick else 2.0)
    clients = tuple(sorted(options.clients))
    return Course(
        database=options.database,
        rounds=options.rounds or (1 if quick else 3),
        seconds=seconds,
        warm_up=0.3 if quick else 0.5,
        slow_seconds=seconds * 2,
        slow_warm_up=1.5,
        clients=clients,
        slow_everywhere=not quick,
        groups=tuple(options.only or [group.name for group in GROUPS]),
        artifact_mib=options.artifact_mib,
        client_runs=3 if quick else 10,
    )


def _json(report: Report) -> bytes:
    everything = {**msgspec.to_builtins(report), "lines": msgspec.to_builtins(report.lines)}
    return msgspec.json.format(msgspec.json.encode(everything), indent=1) + b"\n"


def _terminated(number: int, frame: object) -> None:
    """End as on Ctrl-C: through the blocks that stop the servers."""
    raise SystemExit(128 + number)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
