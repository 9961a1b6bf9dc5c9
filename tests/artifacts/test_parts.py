"""Uploads in parts to the local disk, and signed URLs to this server."""

import os
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelkeep.artifacts.grants import Grant, read_grant
from modelkeep.artifacts.incoming import UPLOAD_SECONDS, Incoming
from modelkeep.core.errors import ApiError
from modelkeep.core.limits import Limits
from modelkeep.core.scope import Dialect, Principal, Scope, Tenancy
from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_FOUND
from tests.support.server import RunningServer

PARTS = [b"a" * 1_500_000, b"b" * 1_500_000, b"c" * 10]
NOT_AUTHORIZED = (403, "PERMISSION_DENIED", "NotAuthorized")


def _start(api: Api, parts: int = 3) -> Any:
    return api.ok("POST", "mpu/create/1/run/artifacts", {"path": "/home/me/model.bin", "num_parts": parts})


def _send(started: Any, contents: list[bytes] = PARTS) -> list[dict[str, Any]]:
    sent = []
    for credential, content in zip(started["credentials"], contents, strict=True):
        answer = httpx.put(credential["url"], content=content, headers=credential["headers"])
        assert answer.status_code == 200, answer.text
        sent.append(
            {"part_number": credential["part_number"], "etag": answer.headers["etag"], "url": credential["url"]}
        )
    return sent


def _complete(api: Api, started: Any, parts: list[dict[str, Any]]) -> Any:
    body = {"path": "/home/me/model.bin", "upload_id": started["upload_id"], "parts": parts}
    return api.call("POST", "mpu/complete/1/run/artifacts", body)


def test_parts_are_joined_in_their_order(any_artifacts: Api) -> None:
    started = _start(any_artifacts)
    assert _complete(any_artifacts, started, _send(started)).status == 200
    assert any_artifacts.call("GET", "artifacts/1/run/artifacts/model.bin").content == b"".join(PARTS)


def test_nothing_is_seen_before_the_upload_is_complete(artifacts: Api) -> None:
    _send(_start(artifacts))
    assert artifacts.call("GET", "artifacts/1/run/artifacts/model.bin").error == NOT_FOUND
    assert artifacts.get("artifacts") == {"files": []}


def test_completing_twice_succeeds_twice_and_is_done_once(artifacts: Api) -> None:
    started = _start(artifacts)
    sent = _send(started)
    _complete(artifacts, started, sent)
    etag = artifacts.call("HEAD", "artifacts/1/run/artifacts/model.bin").headers["etag"]
    assert _complete(artifacts, started, sent).status == 200
    assert artifacts.call("HEAD", "artifacts/1/run/artifacts/model.bin").headers["etag"] == etag
    assert _complete(artifacts, started, sent[:1]).error == NOT_FOUND


def test_a_part_that_is_sent_again_replaces_the_first(artifacts: Api) -> None:
    started = _start(artifacts)
    first, second = _send(started), _send(started, [b"x", b"y", b"z"])
    assert _complete(artifacts, started, first).error == INVALID
    assert _complete(artifacts, started, second).status == 200
    assert artifacts.call("GET", "artifacts/1/run/artifacts/model.bin").content == b"xyz"


@pytest.mark.parametrize("wrong", ["absent", "etag", "order", "none"])
def test_parts_that_are_not_as_sent_are_refused(artifacts: Api, wrong: str) -> None:
    started = _start(artifacts)
    sent = _send(started)
    parts = {
        "absent": [*sent, {"part_number": 4}],
        "etag": [{**sent[0], "etag": '"other"'}, *sent[1:]],
        "order": sent[::-1],
        "none": [],
    }[wrong]
    answer = _complete(artifacts, started, parts)
    assert answer.error == (MISSING if wrong == "none" else INVALID)
    assert "'parts'" in answer.body["message"]
    assert _complete(artifacts, started, sent).status == 200


def test_an_upload_that_is_given_up_leaves_nothing(artifacts: Api, incoming: Path) -> None:
    started = _start(artifacts)
    sent = _send(started)
    artifacts.ok("POST", "mpu/abort/1/run/artifacts", {"path": "model.bin", "upload_id": started["upload_id"]})
    assert not (incoming / f"upload-{started['upload_id'][:24]}").exists()
    assert _complete(artifacts, started, sent).error == NOT_FOUND
    answer = httpx.put(started["credentials"][0]["url"], content=b"late")
    assert answer.status_code == 404


def test_an_upload_belongs_to_its_path_and_workspace(artifacts: Api, root: Api) -> None:
    started = _start(artifacts)
    sent = _send(started)
    body = {"path": "other.bin", "upload_id": started["upload_id"], "parts": sent}
    assert artifacts.call("POST", "mpu/complete/1/run/artifacts", body).error == NOT_FOUND
    stranger = Api(root.url, "/api/2.0/mlflow-artifacts")
    assert _complete(stranger, started, sent).error == NOT_FOUND
    for made_up in ("", "x", "../../../x", "0" * 56):
        assert _complete(artifacts, {"upload_id": made_up}, sent).error == NOT_FOUND


@pytest.mark.parametrize("count", [0, -1, 10_001])
def test_the_number_of_parts_has_bounds(artifacts: Api, count: int) -> None:
    answer = artifacts.call("POST", "mpu/create/1", {"path": "f", "num_parts": count})
    assert answer.error == INVALID


def test_an_upload_that_came_to_no_end_is_removed_after_a_day(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    old, new = tmp_path / "upload-old", tmp_path / "upload-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "1").write_bytes(b"x")
    then = time.time() - UPLOAD_SECONDS - 1
    os.utime(old, (then, then))
    incoming.clean()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_signed_url_reads_the_file_without_any_header(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/1/f.bin", content=b"0123456789")
    signed = artifacts.get("presigned/1/f.bin")
    assert (signed["headers"], signed["file_size"]) == ({}, 10)
    assert httpx.get(signed["url"]).content == b"0123456789"
    assert httpx.get(signed["url"], headers={"range": "bytes=2-4"}).content == b"234"


def test_a_signed_url_stands_in_no_log(own_server: RunningServer, own_artifacts: Api) -> None:
    own_artifacts.ok("PUT", "artifacts/1/f.bin", content=b"0123456789")
    url = own_artifacts.ok("GET", "presigned/1/f.bin")["url"]
    httpx.get(url).raise_for_status()
    own_server.stop()
    log = own_server.log.read_text()
    assert '"operation":"download_signed"' in log
    assert url.rpartition("/")[2] not in log


def test_a_signed_url_is_for_one_method(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/1/f.bin", content=b"x")
    url = artifacts.get("presigned/1/f.bin")["url"]
    assert httpx.put(url, content=b"changed").status_code == 403
    assert artifacts.call("GET", "artifacts/1/f.bin").content == b"x"


def test_a_url_for_what_is_not_there_is_404(artifacts: Api) -> None:
    assert artifacts.call("GET", "presigned/absent").error == NOT_FOUND


@pytest.mark.parametrize("place", [0, 10, -1])
def test_a_signed_url_that_was_changed_is_refused(artifacts: Api, place: int) -> None:
    artifacts.ok("PUT", "artifacts/1/f.bin", content=b"x")
    head, _, token = artifacts.get("presigned/1/f.bin")["url"].rpartition("/")
    letters = list(token)
    letters[place] = "A" if letters[place] != "A" else "Q"
    for changed in ("".join(letters), "", "x", "AAAA" * 30, f"{token}AAAA"):
        assert httpx.get(f"{head}/{changed}").status_code in (400, 403)


def test_a_signed_url_does_not_open_another_workspace(artifacts: Api, platform: str, workspaces_api: Api) -> None:
    key = workspaces_api.post("workspaces", displayName="fraud")["key"]
    artifacts.ok("PUT", "artifacts/1/f.bin", content=b"x")
    url = artifacts.get("presigned/1/f.bin")["url"]
    assert httpx.get(url.replace("/workspaces/default/", f"/workspaces/{key}/")).status_code == 403


def _scope(now: int, workspace: int = 7) -> Scope:
    tenancy = Tenancy(1, "p", workspace, "w")
    return Scope(Principal("x"), Dialect.ORACLE, now, "r", Limits(), b"key", tenancy)


def _token(grant: Grant) -> str:
    from modelkeep.artifacts.grants import signed_url
    from modelkeep.core.exchange import Exchange

    def none(name: str) -> None: ...

    exchange = Exchange("GET", _scope(0), none, "http://h", lambda: None, 0, none)  # type: ignore[arg-type, return-value]
    return signed_url(exchange, grant).rpartition("/")[2]


def test_a_signed_url_ends_when_its_time_is_over() -> None:
    grant = Grant("GET", 7, "mlflow-artifacts:/", "f", 1000)
    token = _token(grant)
    assert read_grant(_scope(999), token) == grant
    with pytest.raises(ApiError, match="its time is over"):
        read_grant(_scope(1000), token)


def test_a_signed_url_of_another_key_is_refused() -> None:
    token = _token(Grant("GET", 7, "mlflow-artifacts:/", "f", 1000))
    scope = _scope(0)
    scope.page_key = b"other"
    with pytest.raises(ApiError, match="signature"):
        read_grant(scope, token)


def test_signed_urls_have_the_public_address(data_directory: Path) -> None:
    with RunningServer(data_directory, "--public-url", "https://models.example.com/keep/") as server:
        api = Api(server.url, "/api/2.0/mlflow-artifacts")
        api.ok("PUT", "artifacts/f", content=b"x")
        assert api.get("presigned/f")["url"].startswith("https://models.example.com/keep/20260430/")
