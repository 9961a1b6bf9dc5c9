"""`python -m bench.imports`: make an MLflow database, import it into SQLite and into PostgreSQL, write a page.

The exit code is 1 where a line is missed, 2 where an import failed.
"""

import argparse
import shlex
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import msgspec

from bench import machine, postgres
from bench.imports.mlflow_source import POINTS, VERSIONS, ImportsVolume, make_source
from bench.imports.report import Report, markdown, size
from bench.imports.running import POINTS as POINTS_KIND
from bench.imports.running import VERSIONS as VERSIONS_KIND
from bench.imports.running import Imported, ImportFailed, run_import
from bench.peers import CannotStart
from modelkeep.core.settings import without_password

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
_COUNTED = ("metrics", "runs", "params", "tags", "model_versions", "model_version_tags")


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        report = _report(options, arguments)
    except (CannotStart, ImportFailed) as error:
        _tell(f"bench: {error}")
        return 2
    page = markdown(report)
    print(page)
    if options.markdown:
        options.markdown.write_text(page)
    if options.json:
        everything = {**msgspec.to_builtins(report), "lines": msgspec.to_builtins(report.lines)}
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(everything), indent=1) + b"\n")
    return 0 if all(line.reached for line in report.lines) else 1


def _report(options: Any, arguments: Sequence[str]) -> Report:
    volume = ImportsVolume(least_points=options.points, most_versions=options.versions)
    with tempfile.TemporaryDirectory(prefix="modelkeep-imports-", dir=options.home) as home:
        here, source = Path(home), Path(home) / "mlflow.db"
        described = machine.describe(here)
        begun = time.perf_counter()
        make_source(source, volume)
        _tell(f"MLflow's database is there after {time.perf_counter() - begun:.1f} s, {size(source):,} bytes")
        imports = _imports(options, here, source, described)
        return Report(
            date=time.strftime("%Y-%m-%d"),
            command=_command(arguments),
            machine=described,
            source_bytes=size(source),
            counts=_counts(source),
            imports=imports,
        )


def _imports(options: Any, home: Path, source: Path, described: machine.Machine) -> list[Imported]:
    """Round by round, the databases in turn, so that the machine's moods meet both."""
    with ExitStack() as stack:
        urls: list[tuple[str, Callable[[str], str]]] = []
        if options.database in ("", SQLITE.lower()):
            urls.append((SQLITE, lambda _: ""))
        if options.database != SQLITE.lower():
            databases = stack.enter_context(postgres.databases(options.database or postgres.OWN))
            described.versions[POSTGRESQL] = databases.version
            urls.append((POSTGRESQL, databases.of))
        imports = []
        for number in range(options.rounds):
            for name, url_of in urls:
                url = url_of(f"import {number}")
                imports.append(run_import(source, home / f"{name}-{number}", url, name, number))
                _tell(_line(imports[-1]))
    return imports


def _line(one: Imported) -> str:
    return (
        f"{one.database}, round {one.round + 1}: {one.rate(POINTS_KIND):,.0f} points/s, "
        f"{one.rate(VERSIONS_KIND):,.0f} versions/s, {one.seconds:.1f} s, {one.cpu_seconds:.1f} s of processor time, "
        f"at most {one.peak_mib:.0f} MiB"
    )


def _counts(source: Path) -> dict[str, int]:
    with closing(sqlite3.connect(source)) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _COUNTED}


def _command(arguments: Sequence[str]) -> str:
    """What makes this page again; where it was written has no part in it."""
    words = [without_password(word) for word in arguments]
    for name in ("--json", "--markdown"):
        if name in words:
            at = words.index(name)
            del words[at : at + 2]
    return f"make bench-imports IMPORTS={shlex.quote(shlex.join(words))}" if words else "make bench-imports"


def _options(arguments: Sequence[str]) -> Any:
    parser = argparse.ArgumentParser(prog="python -m bench.imports", description="Measure the import from an MLflow.")
    parser.add_argument("--points", type=int, default=POINTS, help=f"points of metrics at least ({POINTS:,})")
    parser.add_argument("--versions", type=int, default=VERSIONS, help=f"versions of models ({VERSIONS:,})")
    parser.add_argument("--rounds", type=int, default=3, help="imports into each database (3)")
    parser.add_argument(
        "--database",
        default="",
        metavar="sqlite|postgres|URL",
        help="only into SQLite, into a PostgreSQL that is started, or into the one at this URL (SQLite and PostgreSQL)",
    )
    parser.add_argument("--home", type=Path, help="where the databases are made (the system's temporary folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every import there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page there")
    return parser.parse_args(arguments)


def _terminated(number: int, frame: object) -> None:
    """End as on Ctrl-C: through the blocks that stop the servers."""
    raise SystemExit(128 + number)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
