"""Files by path, as locations that begin with `mlflow-artifacts:` are read and written."""

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_FOUND


def test_what_was_put_is_read_back(any_artifacts: Api) -> None:
    content = bytes(range(256)) * 5000
    assert any_artifacts.ok("PUT", "artifacts/1/run/artifacts/model.bin", content=content) == {}
    answer = any_artifacts.call("GET", "artifacts/1/run/artifacts/model.bin")
    assert (answer.status, answer.content) == (200, content)
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_file_is_put_in_the_place_of_another(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/a", content=b"first, and longer")
    before = artifacts.call("GET", "artifacts/a")
    artifacts.ok("PUT", "artifacts/a", content=b"second")
    after = artifacts.call("GET", "artifacts/a")
    assert after.content == b"second"
    assert before.headers["etag"] != after.headers["etag"]


def test_an_empty_file_is_kept(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/__init__.py", headers={"content-length": "0"})
    answer = artifacts.call("GET", "artifacts/__init__.py")
    assert (answer.status, answer.content, answer.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MLmodel", "text/plain"),
        ("conda.yaml", "text/plain"),
        ("x.json", "text/plain"),
        ("train.log", "text/plain"),
        ("plot.png", "image/png"),
        ("page.html", "text/html"),
        ("model", "application/octet-stream"),
        (".unknown-kind", "application/octet-stream"),
    ],
)
def test_the_content_type_is_guessed_from_the_name_as_mlflow_does(artifacts: Api, name: str, kind: str) -> None:
    artifacts.ok("PUT", f"artifacts/{name}", content=b"x")
    assert artifacts.call("GET", f"artifacts/{name}").headers["content-type"] == kind


def test_a_file_is_sent_as_an_attachment_that_no_browser_sniffs(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/a/page.html", content=b"<script>")
    headers = artifacts.call("GET", "artifacts/a/page.html").headers
    assert headers["content-disposition"] == 'attachment; filename="page.html"'
    assert headers["x-content-type-options"] == "nosniff"


def test_a_name_that_is_not_ascii_is_kept_and_told(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/großes%20Modell.bin", content=b"x")
    answer = artifacts.call("GET", "artifacts/großes%20Modell.bin")
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''gro%C3%9Fes%20Modell.bin")
    assert artifacts.get("artifacts")["files"][0]["path"] == "großes Modell.bin"


def test_head_tells_all_but_the_content(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/a.bin", content=b"12345")
    answer = artifacts.call("HEAD", "artifacts/a.bin")
    assert (answer.status, answer.content, answer.headers["content-length"]) == (200, b"", "5")


def test_a_file_that_is_not_there_is_404(any_artifacts: Api) -> None:
    assert any_artifacts.call("GET", "artifacts/absent/file").error == NOT_FOUND


def test_a_list_has_files_and_folders_by_name(artifacts: Api) -> None:
    for name in ("b.txt", "a/deep/x", "a/y", "c"):
        artifacts.ok("PUT", f"artifacts/1/{name}", content=b"123")
    assert artifacts.ok("GET", "artifacts", query={"path": "1"})["files"] == [
        {"path": "a", "is_dir": True},
        {"path": "b.txt", "is_dir": False, "file_size": 3},
        {"path": "c", "is_dir": False, "file_size": 3},
    ]


@pytest.mark.parametrize("path", ["absent", "1/c"])
def test_a_list_of_what_is_no_folder_is_empty(artifacts: Api, path: str) -> None:
    artifacts.ok("PUT", "artifacts/1/c", content=b"123")
    assert artifacts.ok("GET", "artifacts", query={"path": path}) == {"files": []}


def test_a_folder_is_deleted_with_all_that_is_in_it(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/1/a/deep/x", content=b"1")
    artifacts.ok("PUT", "artifacts/1/b", content=b"1")
    artifacts.ok("DELETE", "artifacts/1/a/")
    assert [file["path"] for file in artifacts.ok("GET", "artifacts", query={"path": "1"})["files"]] == ["b"]


def test_a_file_is_deleted(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/1/b", content=b"1")
    artifacts.ok("DELETE", "artifacts/1/b")
    assert artifacts.call("GET", "artifacts/1/b").error == NOT_FOUND


def test_deleting_what_is_not_there_succeeds(artifacts: Api) -> None:
    artifacts.ok("DELETE", "artifacts/absent")


def test_deleting_below_a_file_succeeds_and_leaves_the_file(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/file", content=b"x")
    assert artifacts.ok("DELETE", "artifacts/file/below/it") == {}
    assert artifacts.call("GET", "artifacts/file").content == b"x"


def test_the_root_itself_cannot_be_deleted(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/b", content=b"1")
    assert artifacts.call("DELETE", "artifacts/").error == MISSING
    assert artifacts.call("GET", "artifacts/b").content == b"1"


@pytest.mark.parametrize("path", ["1/a/below", "1"])
def test_a_file_is_not_put_below_a_file_or_over_a_folder(artifacts: Api, path: str) -> None:
    artifacts.ok("PUT", "artifacts/1/a", content=b"1")
    answer = artifacts.call("PUT", f"artifacts/{path}", content=b"2")
    assert answer.error == INVALID
    assert "'path'" in answer.body["message"]
    assert artifacts.call("GET", "artifacts/1/a").content == b"1"


def test_a_folder_cannot_be_read(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/1/a", content=b"1")
    assert artifacts.call("GET", "artifacts/1").error == INVALID


def test_the_same_path_in_two_workspaces_is_two_files(artifacts: Api, platform: str, workspaces_api: Api) -> None:
    key = workspaces_api.post("workspaces", displayName="fraud")["key"]
    other = Api(artifacts.url, f"{workspaces_api.base}/workspaces/{key}/mlops/api/2.0/mlflow-artifacts")
    artifacts.ok("PUT", "artifacts/1/a", content=b"mine")
    assert other.call("GET", "artifacts/1/a").error == NOT_FOUND
    assert other.get("artifacts") == {"files": []}
    other.ok("PUT", "artifacts/1/a", content=b"theirs")
    assert artifacts.call("GET", "artifacts/1/a").content == b"mine"
    other.ok("DELETE", "artifacts/1")
    assert artifacts.call("GET", "artifacts/1/a").content == b"mine"


def test_the_platforms_own_path_has_no_artifacts(artifacts: Api, platform: str) -> None:
    above = Api(artifacts.url, f"/20260430/aiDataPlatforms/{platform}/mlops/api/2.0/mlflow-artifacts")
    assert above.call("GET", "artifacts/a").error == (404, "ENDPOINT_NOT_FOUND", "NotFound")


def test_each_answer_has_the_requests_id(artifacts: Api) -> None:
    sent = {"opc-request-id": "mine"}
    assert artifacts.call("PUT", "artifacts/a", content=b"1", headers=sent).headers["opc-request-id"] == "mine"
    assert artifacts.call("GET", "artifacts/a", headers=sent).headers["opc-request-id"] == "mine"
