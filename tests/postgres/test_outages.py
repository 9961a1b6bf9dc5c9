"""A database that goes away and comes back: nothing that was answered is lost, nothing is done twice."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.support.api import Api
from tests.support.own_postgres import OwnPostgres
from tests.support.server import RunningServer

_CLIENTS = 16
_SECONDS = 60
_MODEL = "churn"


class Load:
    """Clients that create versions, each again and again under one retry token until it is answered."""

    def __init__(self, server: RunningServer) -> None:
        self._url = f"{server.url}/api/2.0/mlflow/model-versions/create"
        self.answered: dict[str, str] = {}
        self.refused: list[httpx.Response] = []
        self._stopping = threading.Event()
        self._clients = [threading.Thread(target=self._work, args=(number,)) for number in range(_CLIENTS)]

    def __enter__(self) -> "Load":
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._stopping.set()
        for client in self._clients:
            client.join(_SECONDS)

    def wait_for(self, more: int) -> None:
        """Until so many more were answered."""
        wanted = len(self.answered) + more
        _until(lambda: len(self.answered) >= wanted)

    def _work(self, number: int) -> None:
        with httpx.Client(timeout=_SECONDS) as client:
            count = 0
            while not self._stopping.is_set():
                token = f"{number}-{count}"
                body = {"name": _MODEL, "source": "s3://b/k", "tags": [{"key": "token", "value": token}]}
                answer = client.post(self._url, json=body, headers={"opc-retry-token": token})
                if answer.status_code == 200:
                    self.answered[token] = answer.json()["model_version"]["version"]
                    count += 1
                else:
                    self.refused.append(answer)
                    time.sleep(0.05)


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _check(server: RunningServer, load: Load) -> None:
    """Every answered version is there under its number, and no token made two."""
    api = Api(server.url, "/api/2.0/mlflow")
    _until(lambda: api.call("GET", "/ready").status == 200)
    answer = api.call("GET", "model-versions/search", query={"max_results": 200_000})
    assert b"Traceback" not in server.problems, server.problems.decode()
    kept = answer.body["model_versions"]
    tokens = Counter(version["tags"][0]["value"] for version in kept)
    assert [token for token, count in tokens.items() if count > 1] == []
    by_token = {version["tags"][0]["value"]: version["version"] for version in kept}
    assert {token: by_token.get(token) for token in load.answered} == load.answered
    assert {(answer.status_code, answer.headers.get("retry-after")) for answer in load.refused} <= {(503, "1")}
    assert {answer.json()["code"] for answer in load.refused} <= {"ServiceUnavailable"}


@pytest.fixture
def flags(postgres: OwnPostgres) -> list[str]:
    return ["--database", postgres.url, "--workers", "2", "--no-access-log"]


def test_a_database_that_is_stopped_for_seconds(data_directory: Path, postgres: OwnPostgres, flags: list[str]) -> None:
    with RunningServer(data_directory, *flags) as server:
        api = Api(server.url)
        api.post("/api/2.0/mlflow/registered-models/create", name=_MODEL)
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
        _check(server, load)


@pytest.mark.parametrize("rounds", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_a_database_that_is_killed_under_load(
    data_directory: Path, postgres: OwnPostgres, flags: list[str], rounds: int
) -> None:
    with RunningServer(data_directory, *flags) as server:
        Api(server.url).post("/api/2.0/mlflow/registered-models/create", name=_MODEL)
        with Load(server) as load:
            for _ in range(rounds):
                load.wait_for(100)
                postgres.kill()
                postgres.start()
            load.wait_for(100)
        _check(server, load)
        assert server.stop() == 0


def test_a_server_that_is_stopped_while_its_database_is_away(
    data_directory: Path, postgres: OwnPostgres, flags: list[str]
) -> None:
    with RunningServer(data_directory, *flags) as server:
        Api(server.url).post("/api/2.0/mlflow/registered-models/create", name=_MODEL)
        postgres.kill()
        assert Api(server.url).call("GET", "/ready").status == 503
        assert server.stop() == 0
