"""`modelkeep backup` and `restore`: all of one moment, with a server on the data directory and without one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.command import run
from tests.support.server import RunningServer

_ARTIFACT = b"weights" * 1_000


class Kept:
    """A data directory with a run that has a metric and an artifact, and a registered version."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with RunningServer(data) as server:
            api = Api(server.url, "/api/2.0/mlflow")
            info = api.post("runs/create", experiment_id="0")["run"]["info"]
            self.run_id: str = info["run_id"]
            self.path = f"{info['artifact_uri'].removeprefix('mlflow-artifacts:/')}/model.bin"
            api.post("runs/log-metric", run_id=self.run_id, key="loss", value=0.25, timestamp=1, step=1)
            api.post("registered-models/create", name="churn")
            api.post("model-versions/create", name="churn", source="s3://b/k", run_id=self.run_id)
            api.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{self.path}", content=_ARTIFACT)

    def held_by(self, data: Path) -> tuple[Any, Any, bytes]:
        """What a server on a data directory answers for it."""
        with RunningServer(data) as server:
            api = Api(server.url, "/api/2.0/mlflow")
            run = api.get("runs/get", run_id=self.run_id)["run"]
            version = api.get("model-versions/get", name="churn", version="1")["model_version"]
            artifact = api.call("GET", f"/api/2.0/mlflow-artifacts/artifacts/{self.path}").content
            return run, version, artifact


@pytest.fixture
def kept(data_directory: Path) -> Kept:
    return Kept(data_directory)


@pytest.fixture(params=["served", "not served"])
def data(request: pytest.FixtureRequest, kept: Kept) -> Iterator[Path]:
    if request.param == "not served":
        yield kept.data
        return
    with RunningServer(kept.data):
        yield kept.data


def test_what_is_restored_is_what_was_backed_up(data: Path, kept: Kept, tmp_path: Path) -> None:
    made = run("backup", tmp_path / "backup", "--data", data)
    assert (made.code, made.output) == (0, f"Backed up the database and 1 artifacts to {tmp_path / 'backup'}.\n")
    restored = run("restore", tmp_path / "backup", "--data", tmp_path / "restored")
    assert restored.code == 0, restored
    run_, version, artifact = kept.held_by(tmp_path / "restored")
    assert run_["data"]["metrics"] == [{"key": "loss", "value": 0.25, "timestamp": 1, "step": 1}]
    assert version["run_id"] == kept.run_id
    assert artifact == _ARTIFACT


def test_a_backup_is_not_written_over(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "mine").write_text("precious")
    refused = run("backup", tmp_path / "backup", "--data", kept.data)
    assert refused == (1, "", f"modelkeep: '{tmp_path / 'backup'}' is not empty; name a folder that is new.\n")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("backup")] == ["backup"]


def test_a_directory_without_a_database_is_one_line(tmp_path: Path) -> None:
    refused = run("backup", tmp_path / "backup", "--data", tmp_path / "none")
    assert refused == (1, "", f"modelkeep: There is no database in '{tmp_path / 'none'}'.\n")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_restored_over_a_directory_in_use(kept: Kept, tmp_path: Path) -> None:
    run("backup", tmp_path / "backup", "--data", kept.data)
    refused = run("restore", tmp_path / "backup", "--data", kept.data)
    assert refused == (1, "", f"modelkeep: '{kept.data}' is not empty; name a folder that is new.\n")


@pytest.mark.parametrize("file", ["artifact", "database"])
def test_a_damaged_backup_is_refused_and_nothing_is_left(kept: Kept, tmp_path: Path, file: str) -> None:
    backup = tmp_path / "backup"
    run("backup", backup, "--data", kept.data)
    name = next(path for path in backup.rglob("model.bin" if file == "artifact" else "modelkeep.db"))
    content = bytearray(name.read_bytes())
    content[-1] ^= 1
    name.write_bytes(content)
    refused = run("restore", backup, "--data", tmp_path / "restored")
    assert refused.code == 1
    assert "is not what it was" in refused.errors
    assert not (tmp_path / "restored").exists()
    assert not (tmp_path / "restored.partial").exists()


@pytest.mark.parametrize("missing", ["backup.json", "files.jsonl"])
def test_a_backup_that_is_not_whole_is_refused(kept: Kept, tmp_path: Path, missing: str) -> None:
    run("backup", tmp_path / "backup", "--data", kept.data)
    (tmp_path / "backup" / missing).unlink()
    refused = run("restore", tmp_path / "backup", "--data", tmp_path / "restored")
    assert refused == (1, "", f"modelkeep: '{tmp_path / 'backup'}' is no backup, or not a whole one.\n")


def test_a_backup_leads_to_no_file_outside_itself(kept: Kept, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    run("backup", backup, "--data", kept.data)
    with (backup / "files.jsonl").open("a") as listed:
        listed.write(json.dumps({"path": "../stolen", "bytes": 1, "sha256": ""}) + "\n")
    refused = run("restore", backup, "--data", tmp_path / "restored")
    assert refused == (1, "", "modelkeep: The backup names a file outside itself: '../stolen'.\n")


def test_artifacts_in_a_bucket_are_left_there(kept: Kept, tmp_path: Path) -> None:
    made = run("backup", tmp_path / "backup", "--data", kept.data, "--artifacts", "s3://bucket/prefix")
    assert made.output.endswith("The artifacts are in a bucket and were left there.\n")
    assert not (tmp_path / "backup" / "artifacts").exists()
