"""How the embedded database is kept: settings that survive a power cut, and records of every write."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from modelkeep.storage.sqlite.connection import SqliteConnection
from modelkeep.storage.sqlite.lock import DATABASE_NAME
from tests.support.api import Api
from tests.support.server import RunningServer


@pytest.fixture
def running(data_directory: Path) -> Iterator[RunningServer]:
    with RunningServer(data_directory) as server:
        yield server


def _rows(data: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(data / DATABASE_NAME)) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.parametrize("writes", [True, False])
def test_every_connection_is_set_for_safety(running: RunningServer, writes: bool) -> None:
    connection = SqliteConnection(running.data / DATABASE_NAME, writes=writes)
    found = {
        pragma: connection.driver.execute(f"PRAGMA {pragma}").fetchone()[0]
        for pragma in ("journal_mode", "synchronous", "foreign_keys", "query_only")
    }
    connection.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "query_only": int(not writes)}


def test_every_write_leaves_a_record_and_a_refused_one_none(running: RunningServer) -> None:
    api = Api(running.url, "/api/2.0/mlflow", {"dh-user-principal": "alma"})
    api.ok("POST", "registered-models/create", {"name": "churn"}, headers={"opc-request-id": "first"})
    assert api.call("POST", "registered-models/create", {"name": "churn"}).status == 400
    assert api.call("POST", "model-versions/create", {"name": "absent", "source": "s3://b/k"}).status == 404
    api.get("registered-models/search")
    api.ok("DELETE", "registered-models/delete", {"name": "churn"}, headers={"opc-request-id": "last"})
    records = _rows(
        running.data, "SELECT principal, operation, request_id, subject_kind FROM write_records ORDER BY id"
    )
    assert records == [
        ("alma", "create_registered_model", "first", "registered_model"),
        ("alma", "delete_registered_model", "last", "registered_model"),
    ]


def test_a_model_takes_everything_of_its_own_with_it(running: RunningServer) -> None:
    api = Api(running.url, "/api/2.0/mlflow")
    tags = [{"key": "a", "value": "b"}]
    api.post("registered-models/create", name="churn", tags=tags)
    api.post("model-versions/create", name="churn", source="s3://b/k", tags=tags)
    api.post("registered-models/alias", name="churn", alias="champion", version="1")
    api.post("registered-models/delete", name="churn")
    for table in (
        "registered_models",
        "model_versions",
        "registered_model_tags",
        "model_version_tags",
        "registered_model_aliases",
    ):
        assert _rows(running.data, f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_retry_token_whose_time_is_over_is_a_new_one(data_directory: Path) -> None:
    token = {"opc-retry-token": "t"}
    body = {"name": "churn", "source": "s3://b/k"}
    hour = 3_600_000
    for age, answered in ((23 * hour, "1"), (25 * hour, "2")):
        with RunningServer(data_directory) as server:
            api = Api(server.url, "/api/2.0/mlflow")
            if age == 23 * hour:
                api.post("registered-models/create", name="churn")
                api.ok("POST", "model-versions/create", body, headers=token)
        with closing(sqlite3.connect(data_directory / DATABASE_NAME)) as connection, connection:
            connection.execute(
                "UPDATE write_records SET at = (SELECT max(created_at) FROM model_versions) - ?"
                " WHERE retry_token IS NOT NULL",
                (age,),
            )
        with RunningServer(data_directory) as server:
            api = Api(server.url, "/api/2.0/mlflow")
            created = api.ok("POST", "model-versions/create", body, headers=token)["model_version"]
            assert created["version"] == answered
            again = api.ok("POST", "model-versions/create", body, headers=token)["model_version"]
            assert again == created
