"""`kill -9` at random moments under load, and a PostgreSQL that is killed, cut off or paused.

Afterwards: what was answered is there, under the number that was answered; nothing is there twice or by half; what was
said to be not done was not done.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.proofs.clients import Clients
from tests.proofs.effort import LONG, Effort, Round
from tests.proofs.ledger import Ledger
from tests.support.api import Api
from tests.support.own_postgres import OwnPostgres
from tests.support.server import RunningServer

_CLIENTS, _QUICK, _FAULTS = 12, 1, 2 if LONG else 1
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with OwnPostgres() as own:
        yield own


def _count(effort: Effort, ledger: Ledger, url: str) -> None:
    for end, count in ledger.check(url).items():
        effort.seen[f"writes {end}"] += count


def _wait_a_moment(clients: Clients, one: Round) -> None:
    clients.wait_for(one.random.randint(1, 80))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_server_that_is_killed(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> None:
    flags = [] if engine == "sqlite" else ["--database", request.getfixturevalue("postgres").url]
    effort = Effort("crash")
    with RunningServer(tmp_path / "data", "--no-access-log", *flags) as server:
        for one in effort.rounds(_QUICK):
            with one:
                ledger = Ledger(server.url, _CLIENTS, f"{engine}-{one.seed}")
                with Clients([server.url], _CLIENTS, one.seed, ledger.write, ledger.history) as clients:
                    for _ in range(_FAULTS):
                        _wait_a_moment(clients, one)
                        # Clients send again, to the same address, what was not answered.
                        port = server.port
                        server.kill()
                        server.start(port)
                        effort.seen["kills"] += 1
                    _wait_a_moment(clients, one)
                    server.kill()
                    effort.seen["kills"] += 1
                server.start()
                _count(effort, ledger, server.url)
        assert b"Traceback" not in server.problems, server.problems.decode()


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
    tmp_path: Path, postgres: OwnPostgres, fault: Callable[[OwnPostgres, Clients, Round], None]
) -> None:
    effort = Effort("crash")
    flags = ["--database", postgres.url, "--no-access-log"]
    with RunningServer(tmp_path / "1", *flags) as first, RunningServer(tmp_path / "2", *flags) as second:
        urls = [first.url, second.url]
        for one in effort.rounds(1):
            with one:
                ledger = Ledger(first.url, _CLIENTS, f"{fault.__name__}-{one.seed}")
                with Clients(urls, _CLIENTS, one.seed, ledger.write, ledger.history) as clients:
                    for _ in range(_FAULTS):
                        _wait_a_moment(clients, one)
                        fault(postgres, clients, one)
                        effort.seen[f"faults: {fault.__name__.strip('_')}"] += 1
                    clients.wait_for(100)
                _count(effort, ledger, second.url)
        for server in (first, second):
            assert b"Traceback" not in server.problems, server.problems.decode()
