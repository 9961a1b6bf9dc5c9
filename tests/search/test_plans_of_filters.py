"""Every attribute that can be filtered by, and every order, finds its rows by an index, on both engines.

The attributes are read from the searches themselves: a new one is tried like the others, and fails where no index
finds its rows and nobody has written down why.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import psycopg
import pytest
from sqlalchemy.dialects.sqlite import dialect

from modelkeep.core.limits import Limits
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Access, Dialect, Principal, Scope, Tenancy
from modelkeep.registry import model_version_search, registered_model_search
from modelkeep.search.space import Attribute, Kind, Space
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.postgres.connection import _DIALECT, PostgresConnection
from modelkeep.storage.postgres.wire import Statement
from modelkeep.storage.query import Compiled, Query
from modelkeep.storage.schema import metadata
from modelkeep.storage.sqlite.connection import SqliteConnection
from modelkeep.storage.sqlite.lock import DATABASE_NAME
from modelkeep.storage.transaction import Row, Transaction
from modelkeep.tracking import experiment_search, logged_model_order, logged_model_search, run_order, run_search
from modelkeep.tracking.logged_model_conditions import space as space_of_logged_models
from modelkeep.tracking.run_conditions import SPACE as SPACE_OF_RUNS
from tests.support.postgres import new_database

_SCOPE = Scope(
    Principal("test", administrator=True),
    Dialect.MLFLOW,
    0,
    "r",
    Limits(),
    b"k" * 32,
    Tenancy(1, "p", 1, "default"),
    access=Access(platform=Permission.ADMIN),
)
_VALUES = {Kind.NUMBER: "5", Kind.REAL: "0.5", Kind.TIME: "5", Kind.ID: "'5'"}


class _Search(NamedTuple):
    """One of the searches. `ask` runs it with a filter and an order."""

    space: Space
    ask: Callable[[Transaction, str, str], Any]
    orders: tuple[str, ...]
    row_by_row: frozenset[str] = frozenset()
    """Attributes by which no index finds rows: the order's index is walked, and each row is asked."""
    sorted: frozenset[str] = frozenset()
    """Orders that no index has: the rows that are found are sorted."""


def _orders(text: str) -> list[str] | None:
    return [text] if text else None


def _logged_order(text: str) -> list[logged_model_order.OrderBy]:
    name, _, direction = text.partition(" ")
    return [logged_model_order.OrderBy(name, direction != "DESC")] if name else []


_SEARCHES = {
    "versions": _Search(
        model_version_search._SPACE,
        lambda tx, text, order: model_version_search.search_model_versions(
            tx, _SCOPE, model_version_search.SearchModelVersions(text, order_by=_orders(order))
        ),
        tuple(model_version_search._ORDERS),
    ),
    "models": _Search(
        registered_model_search._SPACE,
        lambda tx, text, order: registered_model_search.search_registered_models(
            tx, _SCOPE, registered_model_search.SearchRegisteredModels(text, order_by=_orders(order))
        ),
        tuple(registered_model_search._ORDERS),
        # Each new version changes it: an index would cost every creation, and models are few.
        frozenset({"last_updated_timestamp"}),
        frozenset({"last_updated_timestamp", "timestamp"}),
    ),
    "experiments": _Search(
        experiment_search._SPACE,
        lambda tx, text, order: experiment_search.search_experiments(
            tx, _SCOPE, experiment_search.SearchExperiments(text, order_by=_orders(order))
        ),
        tuple(experiment_search._ORDERS),
    ),
    "runs": _Search(
        SPACE_OF_RUNS,
        lambda tx, text, order: run_search.search_runs(
            tx, _SCOPE, run_search.SearchRuns(["0"], text, order_by=_orders(order))
        ),
        tuple(run_order._COLUMNS),
        # Rarely asked for, of one experiment's runs, and each index is one more row for each run.
        sorted=frozenset(
            {"end_time", "artifact_uri", "run_id", *(name for name in run_order._COLUMNS if "ame" in name)}
        ),
    ),
    "logged models": _Search(
        space_of_logged_models(()),
        lambda tx, text, order: logged_model_search.search_logged_models(
            tx, _SCOPE, logged_model_search.SearchLoggedModels(["0"], text, order_by=_logged_order(order))
        ),
        tuple(logged_model_order._COLUMNS),
        # Of few values each, or read by nobody: one experiment's models are asked.
        frozenset({"model_type", "status", "status_message", "artifact_location", "experiment_id"})
        | {name for name in space_of_logged_models(()).entities["attributes"] if name.startswith("last_updated")},  # type: ignore[union-attr]
        frozenset(logged_model_order._COLUMNS)
        - {"name", "creation_timestamp", "creation_timestamp_ms", "creation_time"},
    ),
}


class Explained(Protocol):
    """A connection that notes what each statement would read without an index."""

    unindexed: list[str]
    sorts: bool

    def rows(self, query: Query, parameters: dict[str, Any]) -> list[Row]: ...


class ExplainedSqlite:
    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self.unindexed: list[str] = []
        self.sorts = False

    def rows(self, query: Query, parameters: dict[str, Any]) -> list[Row]:
        form = Compiled(query.expression, dialect(paramstyle="qmark"))
        plan = self._connection.driver.execute(f"EXPLAIN QUERY PLAN {form.sql}", form.bind(parameters)).fetchall()
        steps = [step[3] for step in plan]
        tables = {*metadata.tables, "found", "named", "ordered_0"}
        self.unindexed += [step for step in steps if step.startswith("SCAN ") and step.split()[1] in tables]
        self.sorts |= "USE TEMP B-TREE FOR ORDER BY" in steps
        return self._connection.rows(query, parameters)


class ExplainedPostgres:
    """PostgreSQL reads a small table whole: told not to, it does so only where it has to."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        self.unindexed: list[str] = []
        self.sorts = False

    def rows(self, query: Query, parameters: dict[str, Any]) -> list[Row]:
        form = Compiled(query.expression, _DIALECT)
        explain = Statement(f"EXPLAIN (FORMAT JSON) {form.sql}", form.bind(parameters), known=False)
        ((plans,),) = self._connection._wire.rows(self._connection._run(explain))
        self._note(plans[0]["Plan"])
        return self._connection.rows(query, parameters)

    def _note(self, node: dict[str, Any]) -> None:
        kind = node["Node Type"]
        whole = kind == "Seq Scan" or (kind in ("Index Scan", "Index Only Scan") and "Index Cond" not in node)
        if whole and node.get("Relation Name") in metadata.tables:
            self.unindexed.append(f"{kind} on {node['Relation Name']}")
        for below in node.get("Plans", ()):
            self._note(below)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def explained(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Explained]]:
    """An empty database: neither engine can do otherwise than by what its indexes allow."""
    if request.param == "sqlite":
        directory: Path = tmp_path_factory.mktemp("plans")
        upgrade(f"sqlite:///{directory / DATABASE_NAME}")
        opened = SqliteConnection(directory / DATABASE_NAME, writes=False)
        yield lambda: ExplainedSqlite(opened)
        opened.close()
        return
    with new_database() as url:
        upgrade(url)
        connection = PostgresConnection(psycopg.connect(url, autocommit=True), prepare=False)
        connection.control(b"SET enable_seqscan = off")
        yield lambda: ExplainedPostgres(connection)
        connection.close()


def _attributes(search: _Search) -> Iterator[tuple[str, str, Attribute]]:
    """Entity, key and attribute; of those that stand for any key, one."""
    for entity, known in search.space.entities.items():
        if isinstance(known, Attribute):
            yield entity, "some", known
        else:
            for key, attribute in known.items():
                yield entity, key, attribute


_FILTERED = [
    (name, entity, key, attribute.kind)
    for name, search in _SEARCHES.items()
    for entity, key, attribute in _attributes(search)
]


def _clause(entity: str, key: str, kind: Kind, operator: str) -> str:
    return f"{entity}.`{key}` {operator} {_VALUES.get(kind, chr(39) + 'x' + chr(39))}"


@pytest.mark.parametrize(("name", "entity", "key", "kind"), _FILTERED)
def test_a_filter_reads_no_table_from_end_to_end(
    explained: Callable[[], Explained], name: str, entity: str, key: str, kind: Kind
) -> None:
    for operator in ("=", "!="):
        noted = explained()
        _SEARCHES[name].ask(Transaction(noted), _clause(entity, key, kind, operator), "")  # type: ignore[arg-type]
        assert noted.unindexed == []


@pytest.mark.parametrize(("name", "entity", "key", "kind"), _FILTERED)
def test_an_index_finds_what_equals_a_value(name: str, entity: str, key: str, kind: Kind) -> None:
    search = _SEARCHES[name]
    (clause,) = search.space.read(_clause(entity, key, kind, "="), 1_000).clauses
    # The versions of one model are an index's range as they are.
    found = search.space.owners(clause) is not None or (name, key) == ("versions", "name")
    assert found != (key in search.row_by_row)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(
    ("name", "order"), [(name, order) for name, search in _SEARCHES.items() for order in search.orders]
)
def test_an_order_reads_no_table_from_end_to_end(
    explained: Callable[[], Explained], name: str, order: str, direction: str
) -> None:
    search, noted = _SEARCHES[name], explained()
    named = order if name == "logged models" else f"`{order}`"
    search.ask(Transaction(noted), "", f"{named} {direction}")  # type: ignore[arg-type]
    assert noted.unindexed == []
    if isinstance(noted, ExplainedSqlite):
        assert noted.sorts == (order in search.sorted)
