"""What asking for permission costs: nothing where it flows down, else one statement on the very resource."""

from collections.abc import Iterator

import pytest

from modelkeep.core.scope import Principal
from modelkeep.storage import schema
from modelkeep.storage.sqlite.connection import SqliteConnection
from tests.permissions.filled import MODEL, fill
from tests.permissions.world import ADMINISTRATOR, BY_NAME, World, new_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with new_world(tmp_path_factory.mktemp("cost"), fill) as world:
        yield world


@pytest.mark.parametrize(
    ("operation", "fields", "resource"),
    [
        ("get_registered_model", {"name": MODEL}, "model"),
        ("get_experiment", {"experiment_id": "1"}, "experiment"),
        ("set_registered_model_tag", {"name": MODEL, "key": "k", "value": "v"}, "model"),
    ],
)
def test_statements_of_a_request(
    world: World, monkeypatch: pytest.MonkeyPatch, operation: str, fields: dict[str, str], resource: str
) -> None:
    told = 0
    rows = SqliteConnection.rows

    def counted(self: SqliteConnection, *asked: object) -> object:
        nonlocal told
        told += 1
        return rows(self, *asked)  # type: ignore[arg-type]

    def statements(by: Principal) -> int:
        nonlocal told
        world.run(by, BY_NAME[operation], fields)
        told = 0
        world.run(by, BY_NAME[operation], fields)
        return told

    tables = {"model": schema.registered_model_grants, "experiment": schema.experiment_grants}
    people = {}
    for name, table, row in (
        ("of the platform", schema.platform_grants, world.ids["platform row"]),
        ("of the resource", tables[resource], world.ids[f"{resource} row"]),
    ):
        user = world.principal_row(f"{operation} {name}")
        world.grant(table, int(row), user, 3)
        people[name] = Principal(name, ids=(user,))
    monkeypatch.setattr(SqliteConnection, "rows", counted)
    runs = 2 if BY_NAME[operation].writes else 1
    # A write that changed something and is undone is run twice by the engine.
    plain = statements(ADMINISTRATOR)
    assert statements(people["of the platform"]) == plain
    assert statements(people["of the resource"]) == plain + runs
