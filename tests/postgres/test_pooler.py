"""Through PgBouncer in transaction mode, with nothing set for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from modelkeep.storage.errors import Unavailable
from modelkeep.storage.postgres.door import Door, KeptConnection
from modelkeep.storage.query import Query
from tests.support.api import Api
from tests.support.own_postgres import OwnPostgres
from tests.support.pgbouncer import pgbouncer
from tests.support.server import RunningServer


@pytest.fixture
def through(postgres: OwnPostgres) -> Iterator[str]:
    with pgbouncer(postgres) as url:
        yield url


def test_the_main_flows(data_directory: Path, postgres: OwnPostgres, through: str) -> None:
    with RunningServer(data_directory, "--database", through, "--workers", "2") as server:
        api = Api(server.url, "/api/2.0/mlflow")
        api.post("registered-models/create", name="churn")
        experiment = api.post("experiments/create", name="e")["experiment_id"]

        def work(number: int) -> int:
            run = api.post("runs/create", experiment_id=experiment, start_time=number)["run"]["info"]["run_id"]
            metrics = [{"key": f"m{n}", "value": n, "timestamp": 1, "step": n} for n in range(20)]
            api.post("runs/log-batch", run_id=run, metrics=metrics, params=[{"key": "p", "value": "v"}])
            body = {
                "name": "churn",
                "source": f"runs:/{run}/model",
                "run_id": run,
                "tags": [{"key": "a", "value": "b"}],
            }
            headers = {"opc-retry-token": str(number)}
            first, again = (api.call("POST", "model-versions/create", body, headers=headers) for _ in range(2))
            assert (first.status, first.content) == (200, again.content)
            version = first.body["model_version"]["version"]
            assert api.get("model-versions/get", name="churn", version=version)["model_version"]["run_id"] == run
            found = api.get("model-versions/search", filter=f"run_id = '{run}'")["model_versions"]
            assert [one["version"] for one in found] == [version]
            assert len(api.get("runs/get", run_id=run)["run"]["data"]["metrics"]) == 20
            return int(version)

        with ThreadPoolExecutor(16) as clients:
            assert sorted(clients.map(work, range(100))) == list(range(1, 101))
        assert api.call("POST", "registered-models/create", {"name": "churn"}).status == 400
        assert b"Traceback" not in server.problems, server.problems.decode()
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT count(*) FROM model_versions").fetchone() == (100,)


def test_a_pooler_is_noticed_and_nothing_is_prepared(postgres: OwnPostgres, through: str) -> None:
    for url, prepares in ((postgres.url, True), (through, False)):
        door = Door(url, prepare=True)
        assert door.open().prepares is prepares
        door.close()


def test_a_pooler_that_was_not_noticed_costs_one_attempt(postgres: OwnPostgres) -> None:
    door = Door(postgres.url, prepare=True)
    kept = KeptConnection(door)
    connection = kept.get()
    query = Query(sa.select(sa.literal(1)))
    for _ in range(2):
        assert connection.rows(query, {}) == [(1,)]
    # What a pooler does that gives the next transaction to another connection.
    connection.control(b"DEALLOCATE ALL")
    with pytest.raises(Unavailable):
        connection.rows(query, {})
    assert kept.get() is not connection
    assert not kept.get().prepares
    door.close()
