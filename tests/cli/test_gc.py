"""`modelkeep gc`: the same with a server on the data directory and without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.command import run
from tests.support.server import RunningServer

_ARTIFACT = b"weights"


@pytest.fixture
def deleted_run(data_directory: Path) -> str:
    """A deleted run with an artifact in a data directory that no server holds."""
    with RunningServer(data_directory) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        info = api.post("runs/create", experiment_id="0")["run"]["info"]
        path = f"{info['artifact_uri'].removeprefix('mlflow-artifacts:/')}/model.bin"
        api.call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", content=_ARTIFACT)
        api.post("runs/delete", run_id=info["run_id"])
    run_id: str = info["run_id"]
    return run_id


@pytest.fixture(params=["served", "not served"])
def data(request: pytest.FixtureRequest, data_directory: Path, deleted_run: str) -> Iterator[Path]:
    """The data directory, with a server on it and then without."""
    if request.param == "not served":
        yield data_directory
        return
    with RunningServer(data_directory):
        yield data_directory


def _artifacts(data: Path) -> list[Path]:
    return [path for path in data.rglob("model.bin") if path.read_bytes() == _ARTIFACT]


def test_deleted_runs_are_removed(data: Path, deleted_run: str) -> None:
    removed = run("gc", "--data", data, "--json").json
    assert removed == [
        {
            "platform": "default",
            "workspace": "default",
            "run_ids": [deleted_run],
            "model_ids": [],
            "experiment_ids": [],
        }
    ]
    again = run("gc", "--data", data)
    assert again.output == "Removed 0 runs.\nRemoved 0 logged models.\nRemoved 0 experiments.\n"


def test_what_was_deleted_lately_is_kept(data: Path) -> None:
    kept = run("gc", "default/default", "--older-than", "30d", "--data", data, "--json").json
    assert kept[0]["run_ids"] == []


def test_the_artifacts_go_with_the_run(data_directory: Path, deleted_run: str) -> None:
    assert len(_artifacts(data_directory)) == 1
    run("gc", "--data", data_directory)
    assert _artifacts(data_directory) == []


def test_an_id_that_is_not_there_is_one_line_and_exit_code_1(data: Path) -> None:
    refused = run("gc", "--run-ids", "none", "--data", data)
    assert refused == (1, "", "modelkeep: The run none does not exist.\n")


def test_ids_of_several_workspaces_at_once_are_refused(data: Path) -> None:
    run("workspace", "create", "acme/fraud", "--data", data)
    refused = run("gc", "acme", "--run-ids", "none", "--data", data)
    assert refused == (1, "", "modelkeep: Ids need one workspace: name it as PLATFORM/WORKSPACE.\n")
