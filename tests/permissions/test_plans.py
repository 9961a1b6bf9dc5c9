"""How both databases find what is seen: few rows from the grants, many along the index of the order."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import sqlalchemy as sa

from modelkeep.core.limits import Limits
from modelkeep.core.scope import Access, Dialect, Principal, Scope, Tenancy
from modelkeep.registry.model_version_search import SearchModelVersions, search_model_versions
from modelkeep.registry.registered_model_search import SearchRegisteredModels, search_registered_models
from modelkeep.storage import schema
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Query
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking.experiment_search import SearchExperiments, search_experiments
from tests.support.postgres import new_database

_ROWS, _FEW, _MANY = 3_000, 1, 2
_TENANCY = Tenancy(1, "p", 1, "default")


class Explained:
    """A connection of SQLAlchemy's as a transaction uses it, which notes the plan of each statement."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.plans: list[str] = []

    def rows(self, query: Query, parameters: dict[str, Any]) -> list[Row]:
        sql = query.expression.compile(self._connection, compile_kwargs={"render_postcompile": True})
        values: Any = sql.construct_params(parameters)
        if sql.positional:  # type: ignore[attr-defined]
            values = tuple(values[name] for name in sql.positiontup or ())  # type: ignore[attr-defined]
        words = "EXPLAIN QUERY PLAN" if self._connection.dialect.name == "sqlite" else "EXPLAIN"
        steps = self._connection.exec_driver_sql(f"{words} {sql}", values).fetchall()
        self.plans.append("\n".join(str(step[-1]) for step in steps))
        return [tuple(row) for row in self._connection.exec_driver_sql(str(sql), values)]

    def search(self, statement: Any) -> list[Row]:
        return [tuple(row) for row in self._connection.execute(statement)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    """3,000 models, versions and experiments; principal 1 sees three of each, principal 2 two of three."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'modelkeep.db'}"
            upgrade(url)
        else:
            plain = stack.enter_context(new_database())
            upgrade(plain)
            url = plain.replace("postgresql://", "postgresql+psycopg://")
        engine = sa.create_engine(url)
        stack.callback(engine.dispose)
        opened = stack.enter_context(engine.connect())
        _fill(opened)
        yield opened


def _fill(connection: sa.Connection) -> None:
    stamps = {"created_at": 0, "updated_at": 0, "revision": 1}
    connection.execute(sa.insert(schema.platforms), {"id": 1, "key": "p", **stamps})
    workspace = {"id": 1, "platform_id": 1, "key": "default", "display_name": "default", "type": "DEFAULT", **stamps}
    connection.execute(sa.insert(schema.workspaces), workspace)
    people = [{"id": number, "kind": "user", "name": f"u{number}", **stamps} for number in (_FEW, _MANY)]
    connection.execute(sa.insert(schema.principals), people)
    numbers = range(1, _ROWS + 1)
    models = [
        {"id": number, "platform_id": 1, "name": f"m{number}", "last_version": 1, "is_prompt": 0, **stamps}
        for number in numbers
    ]
    connection.execute(sa.insert(schema.registered_models), models)
    versions = [
        {"model_id": number, "version": 1, "platform_id": 1, "name": f"m{number}", "stage": "None", "is_prompt": 0}
        | {**stamps, "updated_at": number}
        for number in numbers
    ]
    connection.execute(sa.insert(schema.model_versions), versions)
    experiments = [
        {"id": number, "workspace_id": 1, "number": number, "name": f"e{number}", "lifecycle_stage": "active"}
        | {**stamps, "created_at": number}
        for number in numbers
    ]
    connection.execute(sa.insert(schema.experiments), experiments)
    seen = [(number, _FEW) for number in numbers if number % 1_000 == 0]
    seen += [(number, _MANY) for number in numbers if number % 3]
    for table, column in ((schema.registered_model_grants, "model_id"), (schema.experiment_grants, "experiment_id")):
        grants = [{column: row, "principal_id": who, "permission": 1, "granted_at": 0} for row, who in seen]
        connection.execute(sa.insert(table), grants)
    connection.commit()
    connection.execute(sa.text("ANALYZE"))
    connection.commit()


_SEARCHES = {
    "registered_models": lambda tx, scope: search_registered_models(tx, scope, SearchRegisteredModels(max_results=10)),
    "model_versions": lambda tx, scope: search_model_versions(tx, scope, SearchModelVersions(max_results=10)),
    "experiments": lambda tx, scope: search_experiments(tx, scope, SearchExperiments(max_results=10)),
}


def _plan(connection: sa.Connection, table: str, principal: int) -> tuple[int, str]:
    """How many rows the first page has, and the plan of the statement that found them."""
    explained = Explained(connection)
    if connection.dialect.name == "postgresql":
        # A table as small as this one would be read whole.
        connection.execute(sa.text(f"SET enable_seqscan = {'off' if principal == _FEW else 'on'}"))
    who = Principal(f"u{principal}", ids=(principal,))
    access = Access(0, {}, frozenset({1}))
    scope = Scope(who, Dialect.MLFLOW, 0, "r", Limits(), b"k" * 32, _TENANCY, "", access)
    page = _SEARCHES[table](Transaction(explained), scope)  # type: ignore[arg-type, no-untyped-call]
    # What is seen is looked up first, and versions of few models are counted.
    found = explained.plans[2 if (table, principal) == ("model_versions", _FEW) else 1]
    return len(getattr(page, table)), found


@pytest.mark.parametrize("table", _SEARCHES)
def test_few_are_found_from_the_grants(connection: sa.Connection, table: str) -> None:
    count, plan = _plan(connection, table, _FEW)
    assert count == 3, json.dumps(plan)
    if connection.dialect.name == "sqlite":
        assert f"SCAN {table}" not in plan
        key = "PRIMARY KEY (model_id=?)" if table == "model_versions" else "INTEGER PRIMARY KEY (rowid=?)"
        assert f"SEARCH {table} USING {key}" in plan or f"SEARCH {table} USING INDEX ix_model_versions_of_model" in plan
    else:
        assert f"Seq Scan on {table}" not in plan


@pytest.mark.parametrize("table", _SEARCHES)
def test_many_are_asked_along_the_index_of_the_order(connection: sa.Connection, table: str) -> None:
    count, plan = _plan(connection, table, _MANY)
    assert count == 10
    if connection.dialect.name == "sqlite":
        assert plan.startswith(f"SEARCH {table} USING INDEX")
        assert "B-TREE FOR ORDER BY" not in plan
    else:
        assert "Sort" not in plan.partition("SubPlan")[0]
        assert "Index Scan" in plan
