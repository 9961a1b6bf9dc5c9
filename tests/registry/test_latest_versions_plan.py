"""The newest version of each stage is found by an index, however many versions a model has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelkeep.registry.model_version_stages import STAGES
from modelkeep.registry.registered_models import _LATEST_OF_ONE
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Compiled
from modelkeep.storage.sqlite.connection import _DIALECT, SqliteConnection
from modelkeep.storage.sqlite.lock import DATABASE_NAME


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[SqliteConnection]:
    upgrade(f"sqlite:///{tmp_path / DATABASE_NAME}")
    opened = SqliteConnection(tmp_path / DATABASE_NAME, writes=True)
    yield opened
    opened.close()


def test_each_stage_but_none_enters_the_index_of_staged_versions(connection: SqliteConnection) -> None:
    form = Compiled(_LATEST_OF_ONE.expression, _DIALECT)
    plan = [row[3] for row in connection.driver.execute(f"EXPLAIN QUERY PLAN {form.sql}", form.bind({"model": 1}))]
    by_stage = [step for step in plan if "ix_model_versions_staged (model_id=? AND stage=?)" in step]
    assert len(by_stage) == len(STAGES) - 1, plan
    assert not [step for step in plan if step.startswith("SCAN")], plan
