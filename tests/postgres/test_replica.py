"""Searches on a standby: never behind what was answered, and on the primary where the standby is behind or away."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.api import Api
from tests.support.own_postgres import OwnPostgres
from tests.support.server import RunningServer

_SECONDS = 60


@pytest.fixture
def standby(postgres: OwnPostgres) -> Iterator[OwnPostgres]:
    with OwnPostgres(follows=postgres) as follower:
        yield follower


@pytest.fixture
def server(data_directory: Path, postgres: OwnPostgres, standby: OwnPostgres) -> Iterator[RunningServer]:
    flags = ("--database", postgres.url, "--read-replica", standby.url, "--workers", "2")
    with RunningServer(data_directory, *flags) as running:
        yield running


def _searches(standby: OwnPostgres) -> int:
    """How many transactions of the server the standby has ended."""
    with psycopg.connect(standby.url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        row = connection.execute("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'postgres'")
        found: tuple[int] | None = row.fetchone()
    return found[0] if found else 0


def _write_and_search(api: Api, times: int) -> None:
    for _ in range(times):
        created = api.post("model-versions/create", name="churn", source="s3://b/k")["model_version"]
        found = api.get("model-versions/search", filter="name = 'churn'", max_results=1)["model_versions"]
        assert found[0]["version"] == created["version"]


def test_who_has_written_reads_it_and_the_standby_searches(server: RunningServer, standby: OwnPostgres) -> None:
    api = Api(server.url, "/api/2.0/mlflow")
    api.post("registered-models/create", name="churn")
    before = _searches(standby)
    deadline = time.monotonic() + _SECONDS
    while _searches(standby) < before + 50:
        _write_and_search(api, 20)
        assert time.monotonic() < deadline


def test_a_standby_that_is_behind_is_not_read(server: RunningServer, standby: OwnPostgres) -> None:
    api = Api(server.url, "/api/2.0/mlflow")
    api.post("registered-models/create", name="churn")
    with psycopg.connect(standby.url, autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
    _write_and_search(api, 20)


def test_a_standby_that_is_away_or_promoted_is_not_read(server: RunningServer, standby: OwnPostgres) -> None:
    api = Api(server.url, "/api/2.0/mlflow")
    api.post("registered-models/create", name="churn")
    _write_and_search(api, 5)
    standby.stop()
    _write_and_search(api, 20)
    standby.start()
    standby.promote()
    _write_and_search(api, 20)
    assert b"Traceback" not in server.problems, server.problems.decode()
