"""Clients that write while a database comes and goes, and what must hold afterwards."""

import threading
import time
from collections import Counter
from collections.abc import Callable

import httpx

from tests.support.api import Api
from tests.support.server import RunningServer

MODEL = "churn"
_CLIENTS = 16
_SECONDS = 60


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
                body = {"name": MODEL, "source": "s3://b/k", "tags": [{"key": "token", "value": token}]}
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


def check(server: RunningServer, load: Load) -> None:
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
