"""`kill -9` at random moments under load, and a PostgreSQL that is killed, cut off or paused.

Afterwards: what was answered is there, under the number that was answered; nothing is there twice or by half; what was
said to be not done was not done.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.proofs.clients import Clients, wait_until
from tests.proofs.effort import LONG, Effort, Round
from tests.proofs.ledger import Ledger
from tests.support.api import Api
from tests.support.own_postgres import OwnPostgres
from tests.support.server import RunningServer

_CLIENTS, _QUICK, _FAULTS = 12, 1, 3 if LONG else 1
# Of the server, in one history of a long run.
_KILLS = 8
_WORKERS = 2
_STARTING_SECONDS = (0.1, 1.5)
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with OwnPostgres() as own:
        yield own


@pytest.fixture(scope="module")
def pair(postgres: OwnPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RunningServer]]:
    """Two servers on that PostgreSQL, which outlive each of its faults."""
    flags, home = ["--database", postgres.url, "--no-access-log"], tmp_path_factory.mktemp("pair")
    with RunningServer(home / "1", *flags) as first, RunningServer(home / "2", *flags) as second:
        yield [first, second]


def _count(effort: Effort, ledger: Ledger, url: str) -> None:
    for end, count in ledger.check(url).items():
        effort.seen[f"writes {end}"] += count


def _wait_a_moment(clients: Clients, one: Round) -> None:
    clients.wait_for(one.random.randint(1, 80))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_server_that_is_killed(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> None:
    flags, kills = [], [_kill_server, _kill_server, _kill_as_it_starts]
    if engine == "postgresql":
        flags = ["--database", request.getfixturevalue("postgres").url, "--workers", str(_WORKERS)]
        kills.append(_kill_worker)
    effort = Effort("crash")
    with RunningServer(tmp_path / "data", "--no-access-log", *flags) as server:
        for one in effort.rounds(_QUICK):
            with one:
                ledger = Ledger(server.url, _CLIENTS, f"{engine}-{one.seed}")
                with Clients([server.url], _CLIENTS, one.seed, ledger.write, ledger.history) as clients:
                    # Clients send again, to the same address, what was not answered.
                    for kill in one.random.choices(kills, k=_KILLS) if LONG else kills[-1:]:
                        _wait_a_moment(clients, one)
                        kill(server, one)
                        effort.seen[f"kills: {kill.__name__.strip('_')}"] += 1
                    _wait_a_moment(clients, one)
                    server.kill()
                    effort.seen["kills before the check"] += 1
                server.start()
                _count(effort, ledger, server.url)
        assert b"Traceback" not in server.problems, server.problems.decode()


def _kill_server(server: RunningServer, one: Round) -> None:
    port = server.port
    server.kill()
    server.start(port)


def _kill_as_it_starts(server: RunningServer, one: Round) -> None:
    """Before it serves or in its first moments, while it finds its data as the last left them."""
    port = server.port
    server.kill()
    server.start_and_kill(port, one.random.uniform(*_STARTING_SECONDS))
    server.start(port)


def _kill_worker(server: RunningServer, one: Round) -> None:
    """One of two processes; the other goes on, and a third takes its place."""
    worker = one.random.choice(server.workers)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: worker not in server.workers and len(server.workers) == _WORKERS)


def _kill(postgres: OwnPostgres, clients: Clients, one: Round) -> None:
    postgres.kill()
    postgres.start()


def _cut_connections(postgres: OwnPostgres, clients: Clients, one: Round) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(_CUT)


def _pause(postgres: OwnPostgres, clients: Clients, one: Round) -> None:
    with postgres.paused():
        # Those that were under way are still answered by nobody; one that asks now waits or is refused.
        assert Api(clients.urls[0]).call("GET", "/health").status == 200


@pytest.mark.parametrize("fault", [_kill, _cut_connections, _pause])
def test_a_postgresql_that_fails(
    postgres: OwnPostgres, pair: list[RunningServer], fault: Callable[[OwnPostgres, Clients, Round], None]
) -> None:
    effort = Effort("crash")
    urls = [server.url for server in pair]
    for one in effort.rounds(1):
        with one:
            ledger = Ledger(urls[0], _CLIENTS, f"{fault.__name__}-{one.seed}")
            with Clients(urls, _CLIENTS, one.seed, ledger.write, ledger.history) as clients:
                for _ in range(_FAULTS):
                    _wait_a_moment(clients, one)
                    fault(postgres, clients, one)
                    effort.seen[f"faults: {fault.__name__.strip('_')}"] += 1
                clients.wait_for(100)
            _count(effort, ledger, urls[1])
    for server in pair:
        assert b"Traceback" not in server.problems, server.problems.decode()
