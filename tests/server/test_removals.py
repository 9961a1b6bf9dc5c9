"""Artifacts of what was deleted for good: removed each by itself, and tried again where that fails."""

import asyncio
import itertools
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from modelkeep.artifacts.store import StoreFailed
from modelkeep.server import removals
from modelkeep.server.removals import Left, left_to_remove, remove_noted
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Query
from modelkeep.storage.schema import artifact_removals
from modelkeep.storage.sqlite.engine import SqliteEngine
from modelkeep.storage.transaction import Transaction
from tests.proofs.clients import wait_until
from tests.proofs.faults.shim import FailingFiles
from tests.support.api import Api
from tests.support.command import run
from tests.support.server import RunningServer

_NOTE = Query(sa.insert(artifact_removals).values(workspace_id=7, path=sa.bindparam("path"), at=0))
_MINUTE, _HOUR = 60_000, 3_600_000


class _Stores:
    """Removes what it is told to, but for what is in trouble."""

    def __init__(self) -> None:
        self.trouble: dict[str, Exception] = {}
        self.removed: list[str] = []
        self.tried: list[str] = []

    def workspace(self, row: int) -> "_Stores":
        assert row == 7
        return self

    async def delete(self, folder: str) -> None:
        self.tried.append(folder)
        if folder in self.trouble:
            raise self.trouble[folder]
        self.removed.append(folder)


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    """What the removals take for the time."""
    clock = _Clock()
    monkeypatch.setattr(removals, "now_ms", clock)
    return clock


def _raise(tx: Transaction, error: Exception) -> None:
    raise error


def _with_notes(directory: Path, paths: list[str], use: Callable[[SqliteEngine, Any], Awaitable[None]]) -> None:
    async def go() -> None:
        engine = SqliteEngine(directory, readers=1, write_group=64, max_waiting_writes=100)
        await engine.start()

        def note(tx: Transaction) -> None:
            for path in paths:
                tx.run(_NOTE, path=path)

        try:
            await engine.write(note, _raise)
            await use(engine, _Stores())
        finally:
            await engine.close()

    upgrade(f"sqlite:///{directory / 'modelkeep.db'}")
    asyncio.run(go())


@pytest.mark.parametrize("trouble", [StoreFailed("it refuses"), OSError(5, "Input/output error"), RuntimeError()])
def test_one_that_cannot_be_removed_keeps_no_other_waiting(tmp_path: Path, clock: _Clock, trouble: Exception) -> None:
    paths = [f"run-{number:02}" for number in range(40)]

    async def use(engine: SqliteEngine, stores: Any) -> None:
        stores.trouble = {"run-00": trouble, "run-20": trouble}
        await remove_noted(engine, stores)
        assert sorted(stores.removed) == [path for path in paths if path not in stores.trouble]
        assert await engine.read(left_to_remove) == Left(waiting=0, failing=2)

    _with_notes(tmp_path, paths, use)


def test_one_that_fails_is_tried_less_and_less_often_and_once_an_hour_at_least(tmp_path: Path, clock: _Clock) -> None:
    async def use(engine: SqliteEngine, stores: Any) -> None:
        stores.trouble = {"run": StoreFailed("it refuses")}
        times = []
        for clock.now in range(0, 5 * _HOUR, 10_000):
            before = len(stores.tried)
            await remove_noted(engine, stores)
            times += [clock.now] * (len(stores.tried) - before)
        pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert pauses == sorted(pauses)
        assert pauses[0] < _MINUTE
        assert pauses[-1] == _HOUR
        stores.trouble = {}
        clock.now += _HOUR
        await remove_noted(engine, stores)
        assert stores.removed == ["run"]
        assert await engine.read(left_to_remove) == Left(waiting=0, failing=0)

    _with_notes(tmp_path, ["run"], use)


def test_it_is_logged_when_it_first_fails_and_when_it_is_done(
    tmp_path: Path, clock: _Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "modelkeep.artifacts")

    async def use(engine: SqliteEngine, stores: Any) -> None:
        stores.trouble = {"run": StoreFailed("it refuses")}
        for _ in range(3):
            await remove_noted(engine, stores)
            clock.now += _HOUR
        stores.trouble = {}
        await remove_noted(engine, stores)
        first, last = caplog.records
        assert "it refuses" in first.message
        assert "removed after 3 attempts" in last.message

    _with_notes(tmp_path, ["run"], use)


def test_a_disk_that_fails_is_told_by_doctor_and_metrics_and_holds_up_no_other(tmp_path: Path) -> None:
    files = FailingFiles(tmp_path, "/kept/.incoming/gone-")
    data, kept = tmp_path / "data", tmp_path / "kept"
    artifacts = {"MODELKEEP_ARTIFACTS": str(kept)}
    with RunningServer(data, environment=artifacts) as server:
        _delete_two_runs(Api(server.url))
    files.fail_names(1)
    assert run("gc", "--data", data, **artifacts, **files.environment).code == 0
    assert files.injected == 1
    assert len(list(kept.rglob("f"))) == 1
    (finding,) = _removals_found(data, artifacts)
    assert finding["state"] == "warning"
    assert finding["found"].startswith("Artifacts of 1 deleted")
    assert "disk of the artifacts failed" in finding["found"]
    _put_off_until(data, 1 << 60)
    with RunningServer(data, environment=artifacts) as server:
        assert 'modelkeep_artifact_removals{state="failing"} 1.0' in Api(server.url).ok("GET", "/metrics")
    _put_off_until(data, 0)
    with RunningServer(data, environment=artifacts):
        wait_until(lambda: not list(kept.rglob("f")))
    assert _removals_found(data, artifacts) == []


def _delete_two_runs(api: Api) -> None:
    """Each has an artifact."""
    for _ in range(2):
        info = api.ok("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]
        place = info["artifact_uri"].removeprefix("mlflow-artifacts:/")
        api.ok("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/f", content=b"x")
        api.ok("POST", "/api/2.0/mlflow/runs/delete", {"run_id": info["run_id"]})


def _put_off_until(data: Path, due_at: int) -> None:
    with closing(sqlite3.connect(data / "modelkeep.db")) as database, database:
        database.execute("UPDATE artifact_removals SET due_at = ?", [due_at])


def _removals_found(data: Path, artifacts: dict[str, str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = run("doctor", "--json", "--data", data, **artifacts).json
    return [one for one in found if one["check"] == "removals"]
