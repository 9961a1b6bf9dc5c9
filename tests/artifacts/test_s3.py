"""Artifacts in S3: a real server that speaks its protocol, and MLflow's own client."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, NOT_FOUND
from tests.support.needs import need
from tests.support.server import RunningServer

BUCKET = "models"
_PART = 5 * 1024 * 1024


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The URL of an S3 with an empty bucket."""
    server = need("moto.server", "moto[server]").ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    httpx.put(f"{url}/{BUCKET}").raise_for_status()
    yield url
    server.stop()


@pytest.fixture(scope="module")
def cloud_server(s3: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that keeps its artifacts in that bucket, below a prefix."""
    environment = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": s3,
    }
    data = tmp_path_factory.mktemp("cloud")
    with RunningServer(data, "--artifacts", f"s3://{BUCKET}/kept", environment=environment) as server:
        yield server


@pytest.fixture
def workspace(cloud_server: RunningServer, request: pytest.FixtureRequest) -> str:
    """The key of a platform that no other test uses."""
    key = f"w-{abs(hash(request.node.name))}"
    Api(cloud_server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": key}, status=201)
    return key


@pytest.fixture
def cloud(cloud_server: RunningServer, workspace: str) -> Api:
    return Api(cloud_server.url, "/api/2.0/mlflow-artifacts", {"X-MLFLOW-WORKSPACE": workspace})


def test_what_was_put_is_read_back_whole_and_in_ranges(cloud: Api) -> None:
    content = bytes(range(256)) * 4
    cloud.ok("PUT", "artifacts/1/a b.bin", content=content)
    answer = cloud.call("GET", "artifacts/1/a b.bin")
    assert (answer.status, answer.content) == (200, content)
    part = cloud.call("GET", "artifacts/1/a b.bin", headers={"range": "bytes=-24"})
    assert (part.status, part.content, part.headers["content-range"]) == (206, content[-24:], "bytes 1000-1023/1024")
    assert cloud.call("GET", "artifacts/1/a b.bin", headers={"range": "bytes=5000-"}).status == 416
    assert cloud.call("HEAD", "artifacts/1/a b.bin").headers["content-length"] == "1024"
    known = {"if-none-match": answer.headers["etag"]}
    assert cloud.call("GET", "artifacts/1/a b.bin", headers=known).status == 304


def test_what_is_larger_than_a_request_to_the_cloud_passes_in_pieces(cloud: Api) -> None:
    content = os.urandom(20_000_001)
    cloud.ok("PUT", "artifacts/large.bin", content=content)
    assert cloud.call("GET", "artifacts/large.bin").content == content
    answer = cloud.call("GET", "artifacts/large.bin", headers={"range": "bytes=1000-18000000"})
    assert (answer.status, answer.content) == (206, content[1000:18_000_001])


def test_a_client_that_goes_away_does_not_hold_up_the_server(cloud: Api) -> None:
    cloud.ok("PUT", "artifacts/large.bin", content=bytes(20_000_000))
    for _ in range(3):
        with httpx.stream("GET", f"{cloud.url}{cloud.base}/artifacts/large.bin", headers=cloud.headers) as answer:
            next(answer.iter_raw())
    assert len(cloud.call("GET", "artifacts/large.bin").content) == 20_000_000


def test_an_upload_that_is_cut_off_leaves_nothing(cloud: Api, cloud_server: RunningServer, workspace: str) -> None:
    import socket

    head = (
        f"PUT /api/2.0/mlflow-artifacts/artifacts/f HTTP/1.1\r\nhost: 127.0.0.1\r\nx-mlflow-workspace: {workspace}\r\n"
    )
    for length in (1_000_000, 30_000_000):
        with socket.create_connection(("127.0.0.1", cloud_server.port)) as connection:
            connection.sendall(f"{head}content-length: {length}\r\n\r\n".encode() + bytes(length // 2))
    assert cloud.call("GET", "artifacts/f").error == NOT_FOUND
    assert cloud.ok("GET", "artifacts") == {"files": []}


def test_folders_are_listed_and_deleted(cloud: Api) -> None:
    for name in ("a/deep/x", "a/y", "b", "ab"):
        cloud.ok("PUT", f"artifacts/1/{name}", content=b"123")
    assert cloud.ok("GET", "artifacts", query={"path": "1"})["files"] == [
        {"path": "a", "is_dir": True},
        {"path": "ab", "is_dir": False, "file_size": 3},
        {"path": "b", "is_dir": False, "file_size": 3},
    ]
    cloud.ok("DELETE", "artifacts/1/a")
    cloud.ok("DELETE", "artifacts/1/b")
    cloud.ok("DELETE", "artifacts/absent")
    assert [file["path"] for file in cloud.ok("GET", "artifacts", query={"path": "1"})["files"]] == ["ab"]


def test_a_folder_is_neither_read_nor_written_over(cloud: Api) -> None:
    cloud.ok("PUT", "artifacts/1/a", content=b"1")
    assert cloud.call("GET", "artifacts/1").error == INVALID
    assert cloud.call("PUT", "artifacts/1", content=b"1").error == INVALID
    assert cloud.call("GET", "artifacts/2").error == NOT_FOUND


def test_each_workspace_has_its_own_prefix(cloud: Api, cloud_server: RunningServer, s3: str) -> None:
    cloud.ok("PUT", "artifacts/1/mine", content=b"1")
    other = Api(cloud_server.url, "/api/2.0/mlflow-artifacts")
    assert other.call("GET", "artifacts/1/mine").error == NOT_FOUND
    keys = httpx.get(f"{s3}/{BUCKET}?list-type=2&prefix=kept/workspaces/").text
    assert "/1/mine</Key>" in keys


def test_a_signed_url_reads_straight_from_the_cloud(cloud: Api, s3: str) -> None:
    cloud.ok("PUT", "artifacts/1/f.bin", content=b"0123456789")
    signed = cloud.ok("GET", "presigned/1/f.bin")
    assert signed["url"].startswith(f"{s3}/{BUCKET}/kept/workspaces/")
    assert signed["file_size"] == 10
    assert httpx.get(signed["url"], headers={"range": "bytes=2-4", **signed["headers"]}).content == b"234"


def test_a_signed_url_writes_straight_to_the_cloud(cloud_server: RunningServer, workspace: str, s3: str) -> None:
    api = Api(cloud_server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": workspace})
    run = api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    signed = api.ok("POST", "artifacts/presigned-upload-url", {"run_id": run, "path": "a/f.bin"})
    assert signed["presigned_url"].startswith(s3)
    httpx.put(signed["presigned_url"], content=b"direct", headers=signed["headers"]).raise_for_status()
    assert api.call("GET", "get-artifact", query={"run_id": run, "path": "a/f.bin"}).content == b"direct"


def test_parts_go_straight_to_the_cloud(cloud: Api, s3: str) -> None:
    started = cloud.ok("POST", "mpu/create/1", {"path": "f.bin", "num_parts": 2})
    contents = [bytes(_PART), b"end"]
    parts = []
    for credential, content in zip(started["credentials"], contents, strict=True):
        assert credential["url"].startswith(s3)
        answer = httpx.put(credential["url"], content=content)
        parts.append({"part_number": credential["part_number"], "etag": answer.headers["etag"]})
    body = {"path": "f.bin", "upload_id": started["upload_id"], "parts": parts}
    assert cloud.call("GET", "artifacts/1/f.bin").error == NOT_FOUND
    cloud.ok("POST", "mpu/complete/1", body)
    assert cloud.call("GET", "artifacts/1/f.bin").content == b"".join(contents)


def test_parts_of_an_upload_that_is_given_up_are_removed(cloud: Api) -> None:
    started = cloud.ok("POST", "mpu/create/1", {"path": "f.bin", "num_parts": 1})
    body = {"path": "f.bin", "upload_id": started["upload_id"]}
    cloud.ok("POST", "mpu/abort/1", body)
    assert httpx.put(started["credentials"][0]["url"], content=b"late").is_error


def test_clients_are_told_that_files_go_in_parts(cloud: Api) -> None:
    told = cloud.ok("GET", "/api/3.0/mlflow/server-info")
    assert (told["multipart_uploads_enabled"], told["multipart_downloads_enabled"]) == (True, True)


@pytest.mark.parametrize("in_parts", ["true", "false", None])
def test_mlflows_client_sends_and_fetches_a_folder(
    cloud_server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_parts: str | None
) -> None:
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1000")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(_PART))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(_PART))
    for direction in ("UPLOAD", "DOWNLOAD"):
        if in_parts:
            monkeypatch.setenv(f"MLFLOW_ENABLE_PROXY_MULTIPART_{direction}", in_parts)
    client: Any = MlflowClient(cloud_server.url, cloud_server.url)
    run = client.create_run("0").info.run_id
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "data").mkdir(parents=True)
    target.mkdir()
    (source / "MLmodel").write_text("flavors: {}")
    (source / "data" / "w.bin").write_bytes(os.urandom(2 * _PART + 7))
    client.log_artifacts(run, str(source))
    assert [file.path for file in client.list_artifacts(run)] == ["MLmodel", "data"]
    fetched = Path(client.download_artifacts(run, "", str(target)))
    for path in ("MLmodel", "data/w.bin"):
        assert (fetched / path).read_bytes() == (source / path).read_bytes()


def test_a_bucket_that_does_not_answer_is_503_and_says_nothing_of_it(data_directory: Path) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    with RunningServer(data_directory, "--artifacts", f"s3://{BUCKET}", environment=environment) as server:
        answer = Api(server.url, "/api/2.0/mlflow-artifacts").call("GET", "artifacts/f")
    assert answer.error == (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable")
    assert "127.0.0.1" not in answer.body["message"]
