"""The artifacts of runs, logged models and model versions, wherever their location is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, NOT_FOUND
from tests.support.server import RunningServer


@pytest.fixture
def run(oracle_api: Api) -> str:
    """The id of a run of experiment 0."""
    run_id: str = oracle_api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    return run_id


@pytest.fixture
def logged_model(oracle_api: Api, run: str) -> Any:
    """A logged model of that run."""
    return oracle_api.post("logged-models", experiment_id="0", name="m", source_run_id=run)["model"]["info"]


def _put(artifacts: Api, uri: str, name: str, content: bytes) -> None:
    artifacts.ok("PUT", f"artifacts/{uri.removeprefix('mlflow-artifacts:/')}/{name}", content=content)


def _uri(api: Api, run: str) -> str:
    uri: str = api.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"]
    return uri


@pytest.mark.parametrize("name", ["run_id", "run_uuid"])
def test_the_artifacts_of_a_run_are_listed_from_its_root_on(
    oracle_api: Api, artifacts: Api, run: str, name: str
) -> None:
    uri = _uri(oracle_api, run)
    for path in ("model/MLmodel", "model/data/w.bin", "plot.png"):
        _put(artifacts, uri, path, b"123")
    assert oracle_api.ok("GET", "artifacts/list", query={name: run}) == {
        "root_uri": uri,
        "files": [
            {"path": "model", "is_dir": True},
            {"path": "plot.png", "is_dir": False, "file_size": 3},
        ],
    }
    below = oracle_api.ok("GET", "artifacts/list", query={name: run, "path": "model"})
    assert [file["path"] for file in below["files"]] == ["model/MLmodel", "model/data"]


def test_a_run_without_artifacts_has_an_empty_list(mlflow_api: Api, run: str) -> None:
    assert mlflow_api.ok("GET", "artifacts/list", query={"run_id": run})["files"] == []


def test_artifacts_of_a_run_that_is_not_there_are_404(any_artifacts: Api) -> None:
    base = any_artifacts.base.removesuffix("-artifacts")
    for path in ("artifacts/list", "get-artifact"):
        answer = any_artifacts.call("GET", f"{base}/{path}", query={"run_id": "absent", "path": "f"})
        assert answer.error == NOT_FOUND


def test_a_long_list_has_pages(data_directory: Path) -> None:
    with RunningServer(data_directory, "--max-artifacts-page", "2") as server:
        api = Api(server.url, "/api/2.0/mlflow")
        run = api.post("runs/create", experiment_id="0")["run"]["info"]
        for name in "edcba":
            _put(Api(server.url, "/api/2.0/mlflow-artifacts"), run["artifact_uri"], name, b"1")
        seen, token = [], ""
        while True:
            page = api.ok("GET", "artifacts/list", query={"run_id": run["run_id"], "page_token": token})
            assert len(page["files"]) <= 2
            seen += [file["path"] for file in page["files"]]
            token = page.get("next_page_token", "")
            if not token:
                break
            wrong = {"run_id": run["run_id"], "page_token": token, "path": "other"}
            assert api.call("GET", "artifacts/list", query=wrong).error == INVALID
        assert seen == list("abcde")


@pytest.mark.parametrize(
    "path", ["/get-artifact", "/ajax-api/2.0/mlflow/get-artifact", "/api/2.0/mlflow/get-artifact", "tenant"]
)
def test_a_file_of_a_run_is_read_where_mlflows_pages_ask_for_it(
    artifacts: Api, oracle_api: Api, platform: str, run: str, path: str
) -> None:
    _put(artifacts, _uri(oracle_api, run), "a/b.txt", b"text")
    if path == "tenant":
        path = f"/20260430/aiDataPlatforms/{platform}/workspaces/default/mlops/get-artifact"
    answer = artifacts.call("GET", path, query={"run_uuid": run, "path": "a/b.txt"})
    assert (answer.status, answer.content) == (200, b"text")
    assert answer.headers["content-disposition"] == 'attachment; filename="b.txt"'


def test_a_file_is_uploaded_to_a_run(artifacts: Api, oracle_api: Api, run: str) -> None:
    where = {"run_uuid": run, "path": "images/i.png"}
    artifacts.ok(
        "POST",
        "/ajax-api/2.0/mlflow/upload-artifact",
        query=where,
        content=b"png",
        headers={"content-type": "image/png"},
    )
    assert oracle_api.call("GET", "get-artifact", query=where).content == b"png"


def test_a_logged_models_artifacts_are_listed_and_read(artifacts: Api, oracle_api: Api, logged_model: Any) -> None:
    _put(artifacts, logged_model["artifact_uri"], "data/w.bin", b"weights")
    base = f"logged-models/{logged_model['model_id']}/artifacts"
    listed = oracle_api.ok("GET", f"{base}/directories", query={"artifact_directory_path": "data"})
    assert listed == {
        "root_uri": logged_model["artifact_uri"],
        "files": [{"path": "data/w.bin", "is_dir": False, "file_size": 7}],
    }
    answer = oracle_api.call("GET", f"{base}/files", query={"artifact_file_path": "data/w.bin"})
    assert answer.content == b"weights"
    assert oracle_api.call("GET", "logged-models/absent/artifacts/directories").error == NOT_FOUND


def test_a_model_versions_file_is_read_from_every_workspace_of_the_platform(
    artifacts: Api, oracle_api: Api, platform_api: Api, workspaces_api: Api, run: str, model: str
) -> None:
    uri = _uri(oracle_api, run)
    _put(artifacts, uri, "model/MLmodel", b"flavors:")
    oracle_api.post("model-versions/create", name=model, source=f"{uri}/model", run_id=run)
    key = workspaces_api.post("workspaces", displayName="fraud")["key"]
    other = Api(artifacts.url, f"{workspaces_api.base}/workspaces/{key}/mlops/api/2.0/mlflow")
    asked = {"name": model, "version": "1", "path": "MLmodel"}
    for api, path in (
        (oracle_api, "model-versions/get-artifact"),
        (platform_api, "model-versions/get-artifact"),
        (other, "model-versions/get-artifact"),
        (artifacts, "/model-versions/get-artifact"),
    ):
        assert api.call("GET", path, query=asked).content == b"flavors:"
    assert oracle_api.call("GET", "model-versions/get-artifact", query={**asked, "version": "2"}).error == NOT_FOUND


def test_a_model_versions_file_is_read_where_its_source_names_its_run(
    artifacts: Api, oracle_api: Api, platform_api: Api, run: str, model: str
) -> None:
    _put(artifacts, _uri(oracle_api, run), "model/MLmodel", b"flavors:")
    oracle_api.post("model-versions/create", name=model, source=f"runs:/{run}/model", run_id=run)
    oracle_api.post("model-versions/create", name=model, source="runs:/elsewhere/model", run_id="elsewhere")
    asked = {"name": model, "version": "1", "path": "MLmodel"}
    assert platform_api.call("GET", "model-versions/get-artifact", query=asked).content == b"flavors:"
    answer = oracle_api.call("GET", "model-versions/get-artifact", query={**asked, "version": "2"})
    assert answer.error == NOT_FOUND


def test_presigned_urls_write_and_read_a_runs_artifact(oracle_api: Api, run: str) -> None:
    upload = oracle_api.ok("POST", "artifacts/presigned-upload-url", {"run_id": run, "path": "a/f.bin"})
    assert httpx.put(upload["presigned_url"], content=b"0123", headers=upload["headers"]).status_code == 200
    download = oracle_api.ok(
        "POST", "artifacts/presigned-download-url", {"run_id": run, "path": "a/f.bin", "expiration": 60}
    )
    assert download["file_size"] == 4
    assert httpx.get(download["presigned_url"], headers=download["headers"]).content == b"0123"


def test_a_presigned_url_writes_a_logged_models_artifact(oracle_api: Api, logged_model: Any) -> None:
    model_id = logged_model["model_id"]
    upload = oracle_api.ok("POST", "artifacts/presigned-upload-url", {"model_id": model_id, "path": "f.bin"})
    httpx.put(upload["presigned_url"], content=b"0123").raise_for_status()
    answer = oracle_api.call("GET", f"logged-models/{model_id}/artifacts/files", query={"artifact_file_path": "f.bin"})
    assert answer.content == b"0123"


def test_a_presigned_url_is_over_after_the_time_that_was_asked_for(oracle_api: Api, artifacts: Api, run: str) -> None:
    import time

    _put(artifacts, _uri(oracle_api, run), "f", b"1")
    url = oracle_api.ok("POST", "artifacts/presigned-download-url", {"run_id": run, "path": "f", "expiration": 1})[
        "presigned_url"
    ]
    assert httpx.get(url).status_code == 200
    time.sleep(1.05)
    answer = httpx.get(url)
    assert (answer.status_code, "its time is over" in answer.json()["message"]) == (403, True)


@pytest.mark.parametrize("expiration", [0, -1, 604_801])
def test_a_presigned_url_holds_a_week_at_most(oracle_api: Api, run: str, expiration: int) -> None:
    body = {"run_id": run, "path": "f", "expiration": expiration}
    assert oracle_api.call("POST", "artifacts/presigned-upload-url", body).error == INVALID
    assert oracle_api.call("POST", "artifacts/presigned-download-url", body).error == INVALID


def test_an_upload_url_is_for_a_run_or_a_logged_model(oracle_api: Api, run: str) -> None:
    for owner in ({}, {"run_id": run, "model_id": "m-1"}):
        assert oracle_api.call("POST", "artifacts/presigned-upload-url", {"path": "f", **owner}).error == INVALID


def _run_at(api: Api, location: str) -> str:
    experiment = api.post("experiments/create", name=location, artifact_location=location)["experiment_id"]
    run_id: str = api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    return run_id


@pytest.mark.parametrize(
    "location", ["s3://someones-bucket/x", "https://elsewhere.example/x", "mlflow-artifacts://other:1/x"]
)
def test_a_location_that_the_operator_does_not_allow_is_not_touched(oracle_api: Api, location: str) -> None:
    run = _run_at(oracle_api, location)
    for method, path, content in (
        ("GET", "artifacts/list", None),
        ("GET", "get-artifact", None),
        ("POST", "upload-artifact", b"x"),
    ):
        answer = oracle_api.call(method, path, query={"run_id": run, "path": "f"}, content=content)
        assert answer.error == INVALID
        assert "'artifact_locations'" in answer.body["message"]
    body = {"run_id": run, "path": "f"}
    assert oracle_api.call("POST", "artifacts/presigned-upload-url", body).error == INVALID


@pytest.fixture
def shared(tmp_path: Path, data_directory: Path) -> Iterator[tuple[Api, Path]]:
    """A server whose operator allows a folder, and that folder."""
    folder = tmp_path / "shared"
    folder.mkdir()
    flags = ("--artifact-locations", f"s3://other/x, {folder.as_uri()}")
    # The bucket is never asked for anything, but a store for it is made at the start.
    environment = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
    with RunningServer(data_directory, *flags, environment=environment) as server:
        yield Api(server.url, "/api/2.0/mlflow"), folder


def test_a_location_that_the_operator_allows_is_read_and_written(shared: tuple[Api, Path]) -> None:
    api, folder = shared
    run = _run_at(api, f"{folder.as_uri()}/team")
    api.ok("POST", "upload-artifact", query={"run_id": run, "path": "a/f"}, content=b"shared")
    assert (folder / "team" / run / "artifacts" / "a" / "f").read_bytes() == b"shared"
    assert api.call("GET", "get-artifact", query={"run_id": run, "path": "a/f"}).content == b"shared"
    url = api.ok("POST", "artifacts/presigned-download-url", {"run_id": run, "path": "a/f"})["presigned_url"]
    assert httpx.get(url).content == b"shared"


def test_a_prefix_ends_at_a_segment(shared: tuple[Api, Path]) -> None:
    api, folder = shared
    for location in (f"{folder.as_uri()}-other", "s3://other/xy"):
        run = _run_at(api, location)
        assert api.call("GET", "artifacts/list", query={"run_id": run}).error == INVALID


def test_what_is_deleted_for_good_loses_its_files(own_server: RunningServer, own_artifacts: Api) -> None:
    from tests.artifacts.test_durability import wait_until

    api = Api(own_server.url, "/api/2.0/mlflow")
    run = api.post("runs/create", experiment_id="0")["run"]["info"]
    _put(own_artifacts, run["artifact_uri"], "f", b"1")
    api.post("runs/delete", run_id=run["run_id"])
    api.post("internal/gc", run_ids=[run["run_id"]])
    own_server.stop()
    own_server.start()
    root = own_server.data / "artifacts" / "workspaces" / "1"
    wait_until(lambda: not (root / "0" / run["run_id"] / "artifacts").exists())
