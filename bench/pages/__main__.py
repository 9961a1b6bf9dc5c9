"""`python -m bench.pages`: fill both servers with the same records, look at their pages, write a table."""

import argparse
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import machine, peers
from bench.mlflow_store import fill_mlflow
from bench.page import fill_section
from bench.pages.looking import Look, launch, look
from bench.pages.report import Report, markdown, problems
from bench.pages.views import View, views
from bench.pages.volume import PagesVolume
from bench.scale.fill import fill
from bench.scale.volume import NOTHING
from modelkeep.core.settings import Settings


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _terminated)
    volume = PagesVolume(most_runs=options.runs, most_versions=options.versions)
    wanted = [view for view in views(volume) if options.only in view.name]
    with tempfile.TemporaryDirectory(prefix="modelkeep-pages-", dir=options.home) as home:
        report = Report(
            date=time.strftime("%Y-%m-%d"),
            command=f"make bench-pages PAGES={shlex.quote(shlex.join(arguments))}" if arguments else "make bench-pages",
            machine=machine.describe(Path(home)),
            runs=volume.runs,
            versions=volume.versions,
            visits=options.visits,
            looks=_looks(Path(home), volume, wanted, options),
        )
    written = markdown(report, wanted)
    print(written)
    if options.page:
        fill_section(options.page, "pages", written)
    broken = problems(report, wanted)
    for problem in broken:
        _tell(f"bench: {problem}")
    return 1 if broken else 0


def _looks(home: Path, volume: PagesVolume, wanted: Sequence[View], options: Any) -> list[Look]:
    from playwright.sync_api import sync_playwright

    _fill(home, volume, with_mlflow=not options.no_mlflow)
    looks: list[Look] = []
    with sync_playwright() as driver:
        browser = launch(driver)
        with peers.modelkeep(home / "modelkeep") as peer:
            looks += [_look(browser, peer, view, view.modelkeep, options.visits) for view in wanted]
        if not options.no_mlflow:
            with peers.mlflow(home / "mlflow", _store(home)) as peer:
                looks += [_look(browser, peer, view, view.mlflow, options.visits) for view in wanted if view.mlflow]
        browser.close()
    return looks


def _store(home: Path) -> str:
    return f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"


def _fill(home: Path, volume: PagesVolume, *, with_mlflow: bool) -> None:
    data = home / "modelkeep" / "data"
    data.mkdir(parents=True)
    _tell("filling modelkeep")
    fill(Settings(data=data, access_log=False), NOTHING, volume, _tell)
    if with_mlflow:
        _tell("filling mlflow")
        with peers.mlflow(home / "mlflow", _store(home)):
            """It makes its database when it starts."""
        fill_mlflow(home / "mlflow" / "mlflow.db", volume)


def _look(browser: Any, peer: peers.Peer, view: View, path: str, visits: int) -> Look:
    seen = look(browser, peer.name, f"http://127.0.0.1:{peer.port}", view, path, visits)
    content = "no content" if seen.content is None else f"content {seen.content:.0f} ms"
    _tell(f"  {peer.name}, {view.name}: paint {seen.first_paint:.0f} ms, {content}, {seen.transferred:,} bytes")
    return seen


def _options(arguments: Sequence[str]) -> Any:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description="Measure pages beside MLflow's.")
    parser.add_argument("--runs", type=int, default=100_000, help="runs on each server (100,000)")
    parser.add_argument("--versions", type=int, default=10_000, help="versions on each server (10,000)")
    parser.add_argument("--visits", type=int, default=5, help="visits that are counted of each view (5)")
    parser.add_argument("--only", default="", help="only views whose name contains this")
    parser.add_argument("--no-mlflow", action="store_true", help="leave MLflow out")
    parser.add_argument("--home", type=Path, help="where the databases are made (the system's temporary folder)")
    parser.add_argument("--page", type=Path, metavar="FILE", help="put the table into this page too")
    return parser.parse_args(arguments)


def _terminated(number: int, frame: object) -> None:
    """End as on Ctrl-C: through the blocks that stop the servers."""
    raise SystemExit(128 + number)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
