"""An export or an import of an archive that was stopped: the one leaves nothing, the other goes on where it was."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.importing.archived import records
from tests.importing.compared import differences
from tests.importing.conftest import Place
from tests.importing.kept import Kept

pytestmark = pytest.mark.filterwarnings("ignore")
_RUNS, _POINTS = 20, 100_000


@pytest.fixture(scope="module")
def source(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A data directory that takes some seconds: some runs of many points are put into a copy of a database."""
    data = Place(tmp_path_factory.mktemp("large") / "data", {})
    data.data.mkdir()
    with (
        closing(sqlite3.connect(kept.data / "modelkeep.db")) as small,
        closing(sqlite3.connect(data.data / "modelkeep.db")) as copy,
    ):
        small.backup(copy)
        for number in range(_RUNS):
            made = copy.execute(
                "INSERT INTO runs (workspace_id, experiment_id, key, status, start_time, lifecycle_stage) "
                "VALUES (1, 1, ?, 'FINISHED', 1, 'active')",
                (f"{number:032x}",),
            )
            points = ((made.lastrowid, 1 + step % 3, step, step, step / 7) for step in range(_POINTS // _RUNS))
            copy.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, 0)", points)
        copy.commit()
    return data


@pytest.fixture(scope="module")
def large(source: Place) -> Path:
    """The archive of it."""
    archive = source.data.with_name("large.zip")
    exported = source.export(archive, "--no-artifacts", "--json").json
    assert exported["written"]["points"] == _POINTS + 138 + 31
    return archive


def _stopped(place: Place, archive: Path, number: signal.Signals) -> int:
    """Start an import and stop it in the middle of its points."""
    command = [sys.executable, "-m", "modelkeep", "import", "archive", str(archive), "--data", str(place.data)]
    process = subprocess.Popen(
        command, env={**os.environ, **place.variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("default/default runs:"):
            time.sleep(0.1)
            process.send_signal(number)
            break
    process.communicate(timeout=60)
    return process.returncode


def test_one_that_was_killed_goes_on_where_it_was(place: Place, large: Path, tmp_path: Path) -> None:
    assert _stopped(place, large, signal.SIGKILL) == -signal.SIGKILL
    again = place.bring_archive(large, "--json").json
    assert again["went_on"] is True
    assert again["compared"]["points of metrics"] == [_POINTS + 138 + 31] * 2
    assert place.export(tmp_path / "again.zip", "--no-artifacts").code == 0
    assert differences(records(large), records(tmp_path / "again.zip")) == []


def test_another_archive_of_the_same_name_does_not_go_on_with_it(
    sqlite_place: Place, large: Path, kept: Kept, tmp_path: Path
) -> None:
    archive = tmp_path / "archive.zip"
    archive.write_bytes(large.read_bytes())
    assert _stopped(sqlite_place, archive, signal.SIGINT) == 130
    archive.write_bytes(kept.archive.read_bytes())
    assert sqlite_place.bring_archive(archive, "--json").json["went_on"] is False


def test_an_export_that_is_stopped_leaves_nothing(source: Place, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "modelkeep", "export", str(tmp_path / "a.zip"), "--data", str(source.data)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline() == "platforms: 2\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    # On a machine that is busy it may have been quicker than the signal.
    assert (process.returncode, list(tmp_path.iterdir())) in ((130, []), (0, [tmp_path / "a.zip"]))
