"""A database that goes away and comes back: nothing that was answered is lost, nothing is done twice."""

import time
from pathlib import Path

import pytest

from tests.postgres.load import MODEL, Load, check
from tests.support.api import Api
from tests.support.own_postgres import OwnPostgres
from tests.support.server import RunningServer


@pytest.fixture
def flags(postgres: OwnPostgres) -> list[str]:
    return ["--database", postgres.url, "--workers", "2", "--no-access-log"]


def test_a_database_that_is_stopped_for_seconds(data_directory: Path, postgres: OwnPostgres, flags: list[str]) -> None:
    with RunningServer(data_directory, *flags) as server:
        api = Api(server.url)
        api.post("/api/2.0/mlflow/registered-models/create", name=MODEL)
        with Load(server) as load:
            load.wait_for(100)
            postgres.stop()
            time.sleep(1)
            for _ in range(6):
                assert api.call("GET", "/ready").status == 503
                assert api.call("GET", "/health").status == 200
                began = time.monotonic()
                answer = api.call("GET", "/api/2.0/mlflow/registered-models/search")
                assert answer.error == (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable")
                assert answer.headers["retry-after"] == "1"
                assert time.monotonic() - began < 5
            postgres.start()
            load.wait_for(100)
        assert load.refused
        check(server, load)


@pytest.mark.parametrize("rounds", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_a_database_that_is_killed_under_load(
    data_directory: Path, postgres: OwnPostgres, flags: list[str], rounds: int
) -> None:
    with RunningServer(data_directory, *flags) as server:
        Api(server.url).post("/api/2.0/mlflow/registered-models/create", name=MODEL)
        with Load(server) as load:
            for _ in range(rounds):
                load.wait_for(100)
                postgres.kill()
                postgres.start()
            load.wait_for(100)
        check(server, load)
        assert server.stop() == 0


def test_a_server_that_is_stopped_while_its_database_is_away(
    data_directory: Path, postgres: OwnPostgres, flags: list[str]
) -> None:
    with RunningServer(data_directory, *flags) as server:
        Api(server.url).post("/api/2.0/mlflow/registered-models/create", name=MODEL)
        postgres.kill()
        assert Api(server.url).call("GET", "/ready").status == 503
        assert server.stop() == 0
