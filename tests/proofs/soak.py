"""`make soak`: one server under mixed load for minutes. Memory, file handles, latency and the log must stay flat.

`PROOF_SECONDS` says how long, `PROOF_SEED` from which seed. Prints a table, a line for each tenth, and fails
where one of them has grown. Records are made old meanwhile, so that the server prunes their tokens and then them.
"""

import itertools
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.proofs.clients import Clients
from tests.proofs.history import History, Recorder, Verdict
from tests.support.api import Api
from tests.support.server import RunningServer

_SECONDS = float(os.environ.get("PROOF_SECONDS") or 600)
_SEED = int(os.environ.get("PROOF_SEED") or random.SystemRandom().randrange(10**9))
_CLIENTS, _LINES = 8, 10
_MIB = 1024 * 1024
# Each connection to SQLite keeps 32 MiB of pages at most: two, and one for each reader. What grows beyond is a leak.
_READERS = 1
_MOST_GROWTH_MIB = 32 * (2 + _READERS) + 20
# Of the second half over the first.
_MOST_HANDLES, _MOST_LATENCY, _MOST_PROCESSOR = 8, 2.0, 1.5
# Where others have come to use the machine that much more, latency says nothing of this server.
_MOST_LOAD = 1.5
_MOST_LOG_MIB = 100
_PRUNED_WITHIN_SECONDS = 150


_TITLES = ("s", "requests", "median ms", "99 % ms", "CPU ms", "load", "memory MiB", "handles", "log MiB", "tokens")


class Line(NamedTuple):
    """What was seen at one moment. Latencies are those since the last line, in milliseconds.

    `processor` is milliseconds of the server's processor time for each of those requests, `load` the machine's.
    """

    second: float
    requests: int
    median: float
    slowest: float
    processor: float
    load: float
    memory: float
    handles: int
    log: float
    tokens: int


def _work(recorder: Recorder, source: random.Random) -> None:
    """One request of a mix: what a training run does, what a registry is asked."""
    marker = f"{recorder.number}-{next(_numbers)}"
    name, run = f"model-{source.randrange(20)}", _runs[source.randrange(len(_runs))]
    version = {"name": name, "source": "s3://b/k", "tags": [{"key": "k", "value": marker}]}
    points = [{"key": f"m{key}", "value": source.random(), "timestamp": key, "step": 0} for key in range(20)]
    searched = {"filter": f"name = '{name}'", "max_results": 20}
    kind = source.choices(range(6), weights=(4, 4, 4, 2, 1, 1))[0]
    if kind == 0:
        recorder.ask(("version",), "POST", "model-versions/create", version, marker)
    elif kind == 1:
        recorder.ask(("batch",), "POST", "runs/log-batch", {"run_id": run, "metrics": points}, marker)
    elif kind == 2:
        recorder.ask(("get",), "GET", "registered-models/get", {"name": name})
    elif kind == 3:
        recorder.ask(("search",), "GET", "model-versions/search", searched)
    elif kind == 4:
        alias = {"name": name, "alias": "champion", "version": "1"}
        recorder.ask(("alias",), "POST", "registered-models/alias", alias, marker)
    else:
        recorder.ask(("run",), "GET", "runs/get", {"run_id": run})


_runs: list[str] = []
_numbers = itertools.count()


def _prepare(url: str) -> None:
    api = Api(url, "/api/2.0/mlflow")
    for number in range(20):
        api.post("registered-models/create", name=f"model-{number}")
        api.post("model-versions/create", name=f"model-{number}", source="s3://b/k")
    _runs.extend(api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"] for _ in range(20))


def _processor_ms(server: RunningServer) -> float:
    """What its threads have used since it began."""
    user, system = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * 1_000 / os.sysconf("SC_CLK_TCK")


def _seen(server: RunningServer, history: History, began: float, known: int, used: float) -> Line:
    """The next line, after one by whose time there were `known` requests and `used` processor time."""
    process = Path(f"/proc/{server.process.pid}")
    pages = int((process / "statm").read_text().split()[1])
    log = server.data / "modelkeep.db-wal"
    taken = sorted((event.returned - event.invoked) / 1e6 for event in history.events[known:]) or [0.0]
    with closing(sqlite3.connect(f"file:{server.data / 'modelkeep.db'}?mode=ro", uri=True)) as connection:
        tokens = connection.execute("SELECT count(*) FROM write_records WHERE retry_token IS NOT NULL").fetchone()[0]
    return Line(
        time.monotonic() - began,
        len(history.events),
        statistics.median(taken),
        taken[int(len(taken) * 0.99)],
        (_processor_ms(server) - used) / len(taken),
        os.getloadavg()[0],
        pages * os.sysconf("SC_PAGE_SIZE") / _MIB,
        len(list((process / "fd").iterdir())),
        log.stat().st_size / _MIB if log.exists() else 0,
        tokens,
    )


def _age_records(server: RunningServer) -> int:
    """Make all records so old that their time is over, and their tokens' too; how many tokens there were.

    All of them: the oldest records go first, so that one that is new before them would not be true to life.
    """
    with closing(sqlite3.connect(server.data / "modelkeep.db", timeout=30)) as connection, connection:
        tokens = connection.execute("SELECT count(*) FROM write_records WHERE retry_token IS NOT NULL").fetchone()[0]
        connection.execute("UPDATE write_records SET at = 0")
    return int(tokens)


def soak() -> list[str]:
    """Run it; what has grown, in words."""
    history, lines = History(), []
    flags = ("--no-access-log", "--readers", str(_READERS))
    with tempfile.TemporaryDirectory() as home, RunningServer(Path(home) / "data", *flags) as server:
        _prepare(server.url)
        began, aged, known, used = time.monotonic(), 0, 0, _processor_ms(server)
        with Clients([server.url], _CLIENTS, _SEED, _work, history):
            for number in range(1, _LINES + 1):
                time.sleep(max(0.0, began + _SECONDS * number / _LINES - time.monotonic()))
                lines.append(_seen(server, history, began, known, used))
                known, used = len(history.events), _processor_ms(server)
                if number == _LINES // 3:
                    aged = _age_records(server)
        left = 0 if _SECONDS - _SECONDS / 3 < _PRUNED_WITHIN_SECONDS else _old_records(server)
        problems = server.problems.decode()
    _show(lines, aged)
    failures = _grown(lines)
    failures += [f"{left} records whose time was over were not pruned"] if left else []
    failures += [f"the server logged: {problems[-500:]}"] if "Traceback" in problems else []
    return failures + [
        f"{event.what} was {event.reply}" for event in history.events if event.reply.verdict is not Verdict.DONE
    ]


def _old_records(server: RunningServer) -> int:
    """Those that were made old and are there still, with a token or without."""
    with closing(sqlite3.connect(server.data / "modelkeep.db", timeout=30)) as connection:
        return int(connection.execute("SELECT count(*) FROM write_records WHERE at = 0").fetchone()[0])


def _grown(lines: list[Line]) -> list[str]:
    half = len(lines) // 2
    # The first line is that of a server whose caches are empty.
    before, after = lines[1:half], lines[half:]

    def middle(part: list[Line], field: str) -> float:
        return float(statistics.median(getattr(line, field) for line in part))

    found = []
    if lines[-1].memory > lines[0].memory + _MOST_GROWTH_MIB:
        found.append("memory has grown by more than the database's caches")
    if middle(after, "handles") > middle(before, "handles") + _MOST_HANDLES:
        found.append("file handles have grown")
    if middle(after, "processor") > middle(before, "processor") * _MOST_PROCESSOR:
        found.append("requests cost more")
    quiet = middle(after, "load") <= middle(before, "load") * _MOST_LOAD
    if quiet and middle(after, "median") > middle(before, "median") * _MOST_LATENCY:
        found.append("requests take longer")
    if max(line.log for line in lines) > _MOST_LOG_MIB:
        found.append("the database's log is not bounded")
    return found


def _show(lines: list[Line], aged: int) -> None:
    table = Table(title=f"soak: {_SECONDS:.0f} s, seed {_SEED}, {_CLIENTS} clients, {aged:,} tokens aged after a third")
    for title in _TITLES:
        table.add_column(title, justify="right")
    for line in lines:
        table.add_row(*(f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" for value in line))
    Console(width=110).print(table)


if __name__ == "__main__":
    grown = soak()
    for failure in grown[:20]:
        print(failure, file=sys.stderr)  # noqa: T201
    sys.exit(bool(grown))
