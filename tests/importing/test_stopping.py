"""An import that was stopped goes on where it was, and one that is run again doubles nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.importing.conftest import Filled, Place
from tests.support.server import RunningServer

pytestmark = pytest.mark.filterwarnings("ignore")
_POINTS = 100_000


@pytest.fixture
def large(filled_database: Filled, tmp_path: Path) -> Path:
    """A source that takes some seconds: a run of many points, put into a copy as MLflow keeps them."""
    path = tmp_path / "large.db"
    with closing(sqlite3.connect(filled_database.place)) as small, closing(sqlite3.connect(path)) as copy:
        small.backup(copy)
        for number in range(20):
            run = f"{number:032x}"
            copy.execute(
                "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, lifecycle_stage, "
                "artifact_uri, experiment_id) VALUES (?, 'n', 'LOCAL', 'u', 'FINISHED', 1, 'active', '/x', 1)",
                (run,),
            )
            copy.executemany(
                "INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, 0, ?)",
                ((f"m{step % 5}", step / 7, step, step, run) for step in range(_POINTS // 20)),
            )
        copy.commit()
    return path


def _stopped(place: Place, source: Path, number: signal.Signals) -> int:
    """Start an import and stop it in the middle of its points."""
    command = [sys.executable, "-m", "modelkeep", "import", "mlflow", str(source), "--data", str(place.data)]
    process = subprocess.Popen(
        command, env={**os.environ, **place.variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("runs:"):
            time.sleep(0.1)
            process.send_signal(number)
            break
    process.communicate(timeout=60)
    return process.returncode


def test_one_that_was_killed_goes_on_where_it_was(place: Place, large: Path) -> None:
    assert _stopped(place, large, signal.SIGKILL) == -signal.SIGKILL
    again = place.bring(large, "--json").json
    assert again["went_on"] is True
    assert again["compared"]["points of metrics"] == [_POINTS + 138] * 2


def test_one_that_was_interrupted_says_how_to_go_on(sqlite_place: Place, large: Path) -> None:
    assert _stopped(sqlite_place, large, signal.SIGINT) == 130
    again = sqlite_place.bring(large)
    assert again.code == 0, again
    assert "goes on where it was" in again.errors


def test_what_is_new_in_the_source_is_brought_by_the_next(
    place: Place, filled_database: Filled, tmp_path: Path
) -> None:
    path = tmp_path / "grows.db"
    with closing(sqlite3.connect(filled_database.place)) as small, closing(sqlite3.connect(path)) as copy:
        small.backup(copy)
        assert place.bring(path).code == 0
        copy.execute("INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES (77, 'new', 'active')")
        run = filled_database.ids["runs"][0]
        copy.execute("INSERT INTO metrics VALUES ('loss', 0.01, 99999, ?, 99, 0)", (run,))
        newest = (
            "UPDATE latest_metrics SET value = 0.01, timestamp = 99999, step = 99 WHERE key = 'loss' AND run_uuid = ?"
        )
        copy.execute(newest, (run,))
        copy.commit()
    assert place.bring(path, "--json").json["compared"]["experiments"] == [4, 4]
    with RunningServer(place.data, *place.flags) as server:
        assert MlflowClient(server.url, server.url).get_run(run).data.metrics["loss"] == 0.01
