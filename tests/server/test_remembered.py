"""Answers of look-ups are remembered until the next commit, and never longer."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer

_ALIAS = "registered-models/alias?name=m&alias=champion"


@pytest.fixture
def own(data_directory: Path) -> Iterator[tuple[Api, Path]]:
    """A server that no other test writes to, and its database."""
    with RunningServer(data_directory) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        api.post("registered-models/create", name="m")
        for _ in range(2):
            api.post("model-versions/create", name="m", source="s3://b/m")
        yield api, data_directory / "modelkeep.db"


def _describe_behind_its_back(database: Path, text: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE model_versions SET description = ? WHERE version = 1", (text,))


def _described(api: Api) -> str:
    description: str = api.get("model-versions/get", name="m", version="1")["model_version"]["description"]
    return description


def test_a_look_up_is_answered_from_memory_until_anything_is_committed(own: tuple[Api, Path]) -> None:
    api, database = own
    assert _described(api) == ""
    _describe_behind_its_back(database, "changed elsewhere")
    assert _described(api) == ""
    api.post("registered-models/create", name="something else")
    assert _described(api) == "changed elsewhere"


def test_a_refused_write_commits_nothing_that_a_look_up_could_miss(own: tuple[Api, Path]) -> None:
    api, _ = own
    assert api.call("GET", _ALIAS).status == 400
    assert api.call("POST", "registered-models/alias", {"name": "m", "alias": "champion", "version": "9"}).status == 404
    assert api.call("GET", _ALIAS).status == 400


def test_a_look_up_sees_every_write_that_was_answered_before_it(own: tuple[Api, Path]) -> None:
    api, _ = own
    for version in ("1", "2") * 20:
        api.post("registered-models/alias", name="m", alias="champion", version=version)
        assert api.ok("GET", _ALIAS)["model_version"]["version"] == version


def test_an_answer_is_that_of_its_own_platform_and_request(own: tuple[Api, Path]) -> None:
    api, _ = own
    api.ok("POST", "/api/3.0/mlflow/workspaces", {"name": "other"}, status=201)
    assert api.get("model-versions/get", name="m", version="1")["model_version"]["version"] == "1"
    assert api.get("model-versions/get", name="m", version="2")["model_version"]["version"] == "2"
    elsewhere = api.call("GET", "model-versions/get?name=m&version=1", headers={"X-MLFLOW-WORKSPACE": "other"})
    assert elsewhere.status == 404
