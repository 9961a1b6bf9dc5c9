"""`kill -9` in the middle of a write load: every answered version is there afterwards, none twice."""

import sqlite3
import threading
from pathlib import Path

import httpx

from tests.support.api import Api
from tests.support.server import RunningServer

_WRITERS, _ROUNDS, _ENOUGH = 16, 2, 150


def _load(server: RunningServer, answered: list[dict[str, str]]) -> list[threading.Thread]:
    def write(writer: int) -> None:
        with httpx.Client() as client:
            for count in range(1_000_000):
                token = f"{server.process.pid}-{writer}-{count}"
                body = {"name": "churn", "source": "s3://b/k", "tags": [{"key": "token", "value": token}]}
                try:
                    answer = client.post(
                        f"{server.url}/api/2.0/mlflow/model-versions/create",
                        json=body,
                        headers={"opc-retry-token": token},
                    )
                except httpx.TransportError:
                    return
                answered.append({"token": token, "version": answer.json()["model_version"]["version"]})

    writers = [threading.Thread(target=write, args=(number,)) for number in range(_WRITERS)]
    for writer in writers:
        writer.start()
    return writers


def test_a_killed_server_has_every_version_that_it_answered(data_directory: Path) -> None:
    answered: list[dict[str, str]] = []
    with RunningServer(data_directory) as server:
        Api(server.url, "/api/2.0/mlflow").post("registered-models/create", name="churn")
    for number in range(1, _ROUNDS + 1):
        with RunningServer(data_directory) as server:
            writers = _load(server, answered)
            while len(answered) < number * _ENOUGH:
                writers[0].join(0.005)
            server.kill()
            for writer in writers:
                writer.join()
    with sqlite3.connect(data_directory / "modelkeep.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    with RunningServer(data_directory) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        kept = api.get("model-versions/search")["model_versions"]
        by_token = {version["tags"][0]["value"]: version["version"] for version in kept}
        assert len(by_token) == len(kept)
        assert {one["token"]: by_token.get(one["token"]) for one in answered} == {
            one["token"]: one["version"] for one in answered
        }
        assert len({version["version"] for version in kept}) == len(kept)
        created = api.post("model-versions/create", name="churn", source="s3://b/k")["model_version"]
        assert int(created["version"]) == max(int(version["version"]) for version in kept) + 1
