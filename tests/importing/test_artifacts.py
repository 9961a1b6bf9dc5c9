"""Artifacts: left where they are, or copied into the workspace with the locations that name them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient

from tests.importing.conftest import Filled, Place
from tests.support.api import Api
from tests.support.needs import need
from tests.support.server import RunningServer

pytestmark = pytest.mark.filterwarnings("ignore")
_WEIGHTS = b"weights" * 1000


def _run(client: Any, filled: Filled) -> Any:
    return client.get_run(filled.ids["runs"][0]).info


def test_they_are_left_unless_it_is_asked_for(filled_database: Filled, sqlite_place: Place) -> None:
    sqlite_place.bring(filled_database.place)
    with RunningServer(sqlite_place.data) as server:
        info = _run(MlflowClient(server.url, server.url), filled_database)
    assert "mlflow-artifacts" not in info.artifact_uri
    assert not list((sqlite_place.data / "artifacts").rglob("model.bin"))


def test_a_copy_is_read_by_the_client(filled_database: Filled, place: Place, tmp_path: Path) -> None:
    brought = place.bring(filled_database.place, "--artifacts", "copy", "--json")
    # Its versions are in a bucket that is not there.
    assert brought.code == 1
    assert "s3://bucket/0" in brought.errors
    with RunningServer(place.data, *place.flags) as server:
        client = MlflowClient(server.url, server.url)
        info = _run(client, filled_database)
        assert info.artifact_uri == f"mlflow-artifacts:/{info.experiment_id}/{info.run_id}/artifacts"
        assert Path(client.download_artifacts(info.run_id, "model/model.bin", str(tmp_path))).read_bytes() == _WEIGHTS
        assert client.get_experiment(info.experiment_id).artifact_location == f"mlflow-artifacts:/{info.experiment_id}"


def test_versions_follow_their_run(sqlite_place: Place, tmp_path: Path) -> None:
    source = tmp_path / "mlflow.db"
    folder = tmp_path / "kept"
    client = MlflowClient(f"sqlite:///{source}", f"sqlite:///{source}")
    run = client.create_run(client.create_experiment("e", str(folder))).info
    (tmp_path / "model.bin").write_bytes(_WEIGHTS)
    client.log_artifact(run.run_id, str(tmp_path / "model.bin"), "model")
    client.create_registered_model("churn")
    client.create_model_version("churn", f"{run.artifact_uri}/model", run_id=run.run_id)
    client.create_model_version("churn", f"{run.artifact_uri}/model")
    assert sqlite_place.bring(source, "--artifacts", "copy").code == 0
    with RunningServer(sqlite_place.data) as server:
        there = MlflowClient(server.url, server.url)
        moved = there.get_run(run.run_id).info.artifact_uri
        assert there.get_model_version_download_uri("churn", "1") == f"{moved}/model"
        # A version that names no run keeps a copy of its own.
        assert there.get_model_version_download_uri("churn", "2") == "mlflow-artifacts:/registered-models/churn/2"
        for path in (f"{moved.removeprefix('mlflow-artifacts:/')}/model", "registered-models/churn/2"):
            answer = Api(server.url).call("GET", f"/api/2.0/mlflow-artifacts/artifacts/{path}/model.bin")
            assert answer.content == _WEIGHTS


def test_a_second_import_can_copy_what_the_first_has_left(sqlite_place: Place, filled_database: Filled) -> None:
    sqlite_place.bring(filled_database.place)
    report = sqlite_place.bring(filled_database.place, "--artifacts", "copy", "--json")
    assert report.code == 1
    assert len(list((sqlite_place.data / "artifacts").rglob("model.bin"))) == 1


def test_what_the_old_server_kept_is_copied_from_where_it_is_named(sqlite_place: Place, tmp_path: Path) -> None:
    source = tmp_path / "mlflow.db"
    client = MlflowClient(f"sqlite:///{source}", f"sqlite:///{source}")
    run = client.create_run(client.create_experiment("e", "mlflow-artifacts:/1")).info
    kept = tmp_path / "kept" / "1" / run.run_id / "artifacts"
    kept.mkdir(parents=True)
    (kept / "model.bin").write_bytes(_WEIGHTS)
    refused = sqlite_place.bring(source, "--artifacts", "copy")
    assert refused.code == 1
    assert "--artifacts-from" in refused.errors
    assert sqlite_place.bring(source, "--artifacts", "copy", "--artifacts-from", str(tmp_path / "kept")).code == 0
    with RunningServer(sqlite_place.data) as server:
        path = f"/api/2.0/mlflow-artifacts/artifacts/1/{run.run_id}/artifacts/model.bin"
        assert Api(server.url).call("GET", path).content == _WEIGHTS


def test_a_server_hands_out_its_own(sqlite_place: Place, tmp_path: Path) -> None:
    with RunningServer(tmp_path / "source") as source:
        client = MlflowClient(source.url, source.url)
        run = client.create_run("0").info
        (tmp_path / "model.bin").write_bytes(_WEIGHTS)
        client.log_artifact(run.run_id, str(tmp_path / "model.bin"), "deep/er")
        assert sqlite_place.bring(source.url, "--artifacts", "copy").code == 0
    with RunningServer(sqlite_place.data) as server:
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run.run_id}/artifacts/deep/er/model.bin"
        assert Api(server.url).call("GET", path).content == _WEIGHTS


def test_a_folder_of_another_machine_is_told_and_its_location_stays(sqlite_place: Place, tmp_path: Path) -> None:
    source = tmp_path / "mlflow.db"
    client = MlflowClient(f"sqlite:///{source}", f"sqlite:///{source}")
    run = client.create_run(client.create_experiment("e", "/elsewhere/mlruns/1")).info
    refused = sqlite_place.bring(source, "--artifacts", "copy")
    assert refused.code == 1
    assert "no such folder on this machine" in refused.errors
    with RunningServer(sqlite_place.data) as server:
        assert MlflowClient(server.url, server.url).get_run(run.run_id).info.artifact_uri == run.artifact_uri


def test_an_import_without_copies_leaves_what_was_copied_before(
    sqlite_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "mlflow.db"
    client = MlflowClient(f"sqlite:///{source}", f"sqlite:///{source}")
    run = client.create_run("0").info
    (tmp_path / "model.bin").write_bytes(_WEIGHTS)
    client.log_artifact(run.run_id, str(tmp_path / "model.bin"))
    assert sqlite_place.bring(source, "--artifacts", "copy").code == 0
    assert sqlite_place.bring(source).code == 0
    with RunningServer(sqlite_place.data) as server:
        there = MlflowClient(server.url, server.url)
        assert there.get_experiment("0").artifact_location == "mlflow-artifacts:/0"
        assert there.get_run(run.run_id).info.artifact_uri == f"mlflow-artifacts:/0/{run.run_id}/artifacts"


@pytest.fixture
def bucket() -> Iterator[dict[str, str]]:
    """The variables by which an S3 is reached that has a bucket `models`."""
    server = need("moto.server", "moto[server]").ThreadedMotoServer(port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    httpx.put(f"{url}/models").raise_for_status()
    yield {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
    }
    server.stop()


def test_a_bucket_is_read_with_its_own_credentials(sqlite_place: Place, tmp_path: Path, bucket: dict[str, str]) -> None:
    source = tmp_path / "mlflow.db"
    client = MlflowClient(f"sqlite:///{source}", f"sqlite:///{source}")
    run = client.create_run(client.create_experiment("e", "s3://models/kept")).info
    path = f"models/kept/{run.run_id}/artifacts/deep/er/a b.bin"
    httpx.put(f"{bucket['AWS_ENDPOINT_URL']}/{path}", content=_WEIGHTS).raise_for_status()
    report = sqlite_place.bring(source, "--artifacts", "copy", "--json", **bucket).json
    assert report["artifacts"] == {"files": 1, "bytes": len(_WEIGHTS), "left": 0, "failed": []}
    with RunningServer(sqlite_place.data) as server:
        kept = f"/api/2.0/mlflow-artifacts/artifacts/1/{run.run_id}/artifacts/deep/er/a b.bin"
        assert Api(server.url).call("GET", kept).content == _WEIGHTS
