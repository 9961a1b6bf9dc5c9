"""How SQLite finds runs: what is selective by its index, and an indexed order without sorting all runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import dialect

from modelkeep.core.limits import Limits
from modelkeep.core.scope import Dialect, Principal, Scope, Tenancy
from modelkeep.storage import schema
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Compiled, Query
from modelkeep.storage.sqlite.connection import SqliteConnection
from modelkeep.storage.sqlite.lock import DATABASE_NAME
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.run_search import SearchRuns, search_runs

_SCOPE = Scope(
    Principal("test", administrator=True), Dialect.MLFLOW, 0, "r", Limits(), b"k" * 32, Tenancy(1, "p", 1, "default")
)
_RUNS = 3_000


class Explained:
    """A connection that notes the plan of each statement."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self.plans: list[list[str]] = []

    def rows(self, query: Query, parameters: dict[str, Any]) -> list[Row]:
        form = Compiled(query.expression, dialect(paramstyle="qmark"))
        plan = self._connection.driver.execute(f"EXPLAIN QUERY PLAN {form.sql}", form.bind(parameters)).fetchall()
        self.plans.append([step[3] for step in plan])
        return self._connection.rows(query, parameters)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteConnection]:
    """A database of 3,000 runs: half have lr 0.1, a tenth stage `late`, one the tag `only`."""
    directory: Path = tmp_path_factory.mktemp("plans")
    upgrade(f"sqlite:///{directory / DATABASE_NAME}")
    with sa.create_engine(f"sqlite:///{directory / DATABASE_NAME}").begin() as writer:
        stamps = {"created_at": 0, "updated_at": 0, "revision": 1}
        experiment = {"id": 1, "workspace_id": 1, "number": 0, "name": "Default", "lifecycle_stage": "active", **stamps}
        writer.execute(sa.insert(schema.experiments), experiment)
        writer.execute(sa.insert(schema.metric_keys), [{"id": 1, "name": "auc"}, {"id": 2, "name": "loss"}])
        numbers = range(1, _RUNS + 1)
        writer.execute(sa.insert(schema.runs), [_run(number) for number in numbers])
        latest = [_latest(number, key) for number in numbers for key in (1, 2)]
        writer.execute(sa.insert(schema.latest_metrics), latest)
        params = [{"run_id": number, "key": "lr", "value": "0.1" if number % 2 else "0.2"} for number in numbers]
        writer.execute(sa.insert(schema.params), params)
        tags = [{"run_id": number, "key": "stage", "value": "early" if number % 10 else "late"} for number in numbers]
        writer.execute(sa.insert(schema.run_tags), [*tags, {"run_id": 7, "key": "only", "value": "this"}])
    opened = SqliteConnection(directory / DATABASE_NAME, writes=False)
    yield opened
    opened.close()


def _run(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "workspace_id": 1,
        "experiment_id": 1,
        "key": f"run{number}",
        "status": "RUNNING",
        "start_time": number % 1000,
        "lifecycle_stage": "active",
    }


def _latest(number: int, key: int) -> dict[str, Any]:
    value = number * key % 997 / 997
    points = {"timestamp": 0, "step": 0, "value": value, "is_nan": 0}
    return {"run_id": number, "key_id": key, "experiment_id": 1, **points}


def _found_by(connection: SqliteConnection, **search: Any) -> tuple[int, str]:
    """How many runs a search finds, and the plan of the statement that finds them."""
    explained = Explained(connection)
    asked = SearchRuns(experiment_ids=["0"], max_results=100, **search)
    page = search_runs(Transaction(explained), _SCOPE, asked)  # type: ignore[arg-type]
    # Beside the one that finds the page, one may count candidates, and two read the runs of the page.
    (plan,) = (
        steps for steps in map("\n".join, explained.plans) if " runs USING" in steps and "run_models" not in steps
    )
    return len(page.runs), plan


@pytest.mark.parametrize(
    ("text", "count", "index"),
    [
        ("tags.only = 'this'", 1, "run_tags USING INDEX ix_run_tags_value (key=? AND <expr>=?)"),
        ("tags.stage = 'late'", 100, "run_tags USING INDEX ix_run_tags_value (key=? AND <expr>=?)"),
        ("metrics.auc > 0.99", 27, "latest_metrics USING COVERING INDEX ix_latest_metrics_value"),
        ("metrics.auc > 0.99 AND params.lr = '0.1'", 13, "latest_metrics USING COVERING INDEX"),
        (
            "run_id IN ('run1', 'run2')",
            2,
            "named USING COVERING INDEX sqlite_autoindex_runs_1 (workspace_id=? AND key=?)",
        ),
        (
            "run_id = 'run1' AND metrics.auc >= 0",
            1,
            "named USING COVERING INDEX sqlite_autoindex_runs_1 (workspace_id=? AND key=?)",
        ),
    ],
)
def test_what_leaves_few_runs_is_entered_by_its_index(
    connection: SqliteConnection, text: str, count: int, index: str
) -> None:
    found, plan = _found_by(connection, filter=text)
    assert found == count
    assert plan.startswith("SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)")
    assert index in plan


@pytest.mark.parametrize("text", ["", "params.lr = '0.1'", "metrics.auc > 0.1 AND params.lr LIKE '0%'"])
def test_what_leaves_many_is_asked_along_the_index_of_the_order(connection: SqliteConnection, text: str) -> None:
    found, plan = _found_by(connection, filter=text)
    assert found == 100
    assert plan.startswith("SEARCH runs USING INDEX ix_runs_started (experiment_id=?)")
    assert "B-TREE" not in plan


@pytest.mark.parametrize("text", ["", "metrics.auc > 0.1 AND params.lr = '0.1'", "metrics.loss < 0.9"])
def test_a_metric_orders_by_its_index(connection: SqliteConnection, text: str) -> None:
    found, plan = _found_by(connection, filter=text, order_by=["metrics.loss DESC"])
    assert found == 100
    assert "SEARCH ordered_0 USING COVERING INDEX ix_latest_metrics_value (experiment_id=? AND key_id=?" in plan
    assert "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)" in plan
    assert plan.endswith("USE TEMP B-TREE FOR RIGHT PART OF ORDER BY")


def test_a_filter_on_the_metric_that_orders_bounds_its_index(connection: SqliteConnection) -> None:
    _, plan = _found_by(connection, filter="metrics.loss < 0.9", order_by=["metrics.loss DESC"])
    assert "ordered_0 USING COVERING INDEX ix_latest_metrics_value" in plan
    assert "is_nan=? AND value<?)" in plan


def test_a_further_page_enters_the_index_where_the_last_ended(connection: SqliteConnection) -> None:
    for order in ([], ["metrics.loss"]):
        asked = SearchRuns(experiment_ids=["0"], max_results=10, order_by=order)
        first = search_runs(Transaction(connection), _SCOPE, asked)
        _, plan = _found_by(connection, order_by=order, page_token=first.next_page_token)
        assert ("start_time<?" if not order else "value>?") in plan


@pytest.mark.parametrize("text", ["", "tags.only = 'this'", "params.lr = '0.1'", "status = 'RUNNING'"])
@pytest.mark.parametrize("order", [[], ["metrics.auc"], ["params.lr"], ["end_time"]])
def test_no_search_of_an_experiment_reads_all_runs_of_the_server(
    connection: SqliteConnection, text: str, order: list[str]
) -> None:
    _, plan = _found_by(connection, filter=text, order_by=order)
    assert "SCAN runs" not in plan
