"""Paths that name no artifact: no way out of a workspace's root, however it is written."""

from pathlib import Path

import pytest

from tests.support import raw
from tests.support.api import Api
from tests.support.codes import INVALID, MISSING
from tests.support.server import RunningServer

BAD = [
    b"..",
    b"../other",
    b"a/../../other",
    b"a/..",
    b"a/./b",
    b"%2e%2e/other",
    b"a/%2e%2e/%2e%2e/other",
    b"%2E%2e%2fother",
    b"a/..%2f..%2fother",
    b"%252e%252e/other",
    b"a/%25252e%25252e/other",
    b"a%252fb",
    b"a//b",
    b"/etc/passwd",
    b"%2fetc/passwd",
    b"a\\..\\b",
    b"..%5cother",
    b"a%255cb",
    b"a%00b",
    b"a%2500b",
    b"a%0ab",
    b"a%ffb",
    b"a" * 256,
    b"a/" * 500 + b"b",
]


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"DELETE"])
@pytest.mark.parametrize("path", BAD)
def test_a_path_that_leads_elsewhere_is_refused(server: RunningServer, method: bytes, path: bytes) -> None:
    body = b"x" if method == b"PUT" else b""
    head = method + b" /api/2.0/mlflow-artifacts/artifacts/" + path + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    answer = raw.exchange(server, head + b"content-length: %d\r\n\r\n" % len(body) + body)
    assert answer.error == INVALID, answer
    assert "'path'" in answer.body["message"]


@pytest.mark.parametrize("path", ["..", "a/../..", "%2e%2e", "/etc", "a//b", "a\\b", "a%2f..%2f.."])
@pytest.mark.parametrize(
    ("operation", "field"),
    [("artifacts", "path"), ("/api/2.0/mlflow/get-artifact", "path"), ("/get-artifact", "path")],
)
def test_a_path_in_the_query_is_held_to_the_same_rules(artifacts: Api, operation: str, field: str, path: str) -> None:
    answer = artifacts.call(
        "GET", operation, query={field: path, "run_id": "r"} if "get" in operation else {field: path}
    )
    assert answer.error == INVALID
    assert f"'{field}'" in answer.body["message"]


@pytest.mark.parametrize("folder", ["..", "a/../..", "a//b"])
@pytest.mark.parametrize("deed", ["create", "complete", "abort"])
def test_an_upload_in_parts_is_held_to_the_same_rules(server: RunningServer, folder: str, deed: str) -> None:
    body = b'{"path": "x", "upload_id": "u", "parts": [{"part_number": 1}]}'
    head = f"POST /api/2.0/mlflow-artifacts/mpu/{deed}/{folder} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    answer = raw.exchange(
        server, f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
    )
    assert answer.error == INVALID
    assert "'artifact_path'" in answer.body["message"]


def test_no_path_at_all_is_asked_for(artifacts: Api) -> None:
    assert artifacts.call("GET", "artifacts/").error == MISSING


@pytest.mark.parametrize(
    "name", ["100% sure.txt", "a b+c.txt", "#1.txt", "what?.txt", "~x", "..hidden", "a..b", "...", "%41"]
)
def test_unusual_names_are_kept_as_they_are(artifacts: Api, name: str) -> None:
    from urllib.parse import quote

    artifacts.ok("PUT", f"artifacts/n/{quote(name)}", content=b"x")
    assert [file["path"] for file in artifacts.ok("GET", "artifacts", query={"path": "n"})["files"]] == [name]
    assert artifacts.call("GET", f"artifacts/n/{quote(name)}").content == b"x"


def _root_of_default(server: RunningServer) -> Path:
    return server.data / "artifacts" / "workspaces" / "1"


@pytest.mark.parametrize("link", ["file", "folder"])
def test_a_symbolic_link_is_not_followed(
    own_server: RunningServer, own_artifacts: Api, tmp_path: Path, link: str
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_bytes(b"secret")
    own_artifacts.ok("PUT", "artifacts/a", content=b"1")
    root = _root_of_default(own_server)
    (root / "out").symlink_to(secret / "key" if link == "file" else secret)
    path = "artifacts/out" if link == "file" else "artifacts/out/key"
    for method, content in (("GET", None), ("PUT", b"changed"), ("DELETE", None)):
        assert own_artifacts.call(method, path, content=content).error == INVALID
    assert (secret / "key").read_bytes() == b"secret"
    assert [file["path"] for file in own_artifacts.get("artifacts")["files"]] == ["a"]
