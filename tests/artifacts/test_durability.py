"""A file is whole under its name or not there, whatever ends an upload."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelkeep.core.errors import ApiError
from modelkeep.server import uploads
from modelkeep.server.http import HttpRequest
from tests.support.api import Api
from tests.support.codes import NOT_FOUND
from tests.support.server import RunningServer

_TARGET = "/api/2.0/mlflow-artifacts/artifacts"


def _begin(server: RunningServer, path: str, length: int, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(
        f"PUT {_TARGET}/{path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {length}\r\n\r\n".encode() + sent
    )
    return connection


def _drafts(incoming: Path) -> list[Path]:
    return list(incoming.glob("new-*"))


def wait_until(condition: object) -> None:
    deadline = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_upload_that_is_cut_off_leaves_nothing(own_server: RunningServer, own_artifacts: Api) -> None:
    incoming = own_server.data / "artifacts" / ".incoming"
    connection = _begin(own_server, "1/f", 4_000_000, b"x" * 2_000_000)
    wait_until(lambda: _drafts(incoming))
    connection.close()
    wait_until(lambda: not _drafts(incoming))
    assert own_artifacts.call("GET", "artifacts/1/f").error == NOT_FOUND
    assert own_artifacts.get("artifacts") == {"files": []}


def test_an_upload_that_is_cut_off_leaves_what_was_there(own_server: RunningServer, own_artifacts: Api) -> None:
    incoming = own_server.data / "artifacts" / ".incoming"
    own_artifacts.ok("PUT", "artifacts/1/f", content=b"before")
    connection = _begin(own_server, "1/f", 4_000_000, b"x" * 2_000_000)
    wait_until(lambda: _drafts(incoming))
    assert own_artifacts.call("GET", "artifacts/1/f").content == b"before"
    connection.close()
    wait_until(lambda: not _drafts(incoming))
    assert own_artifacts.call("GET", "artifacts/1/f").content == b"before"


def test_a_killed_server_leaves_nothing_under_the_name_and_cleans_up_at_its_start(
    data_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = RunningServer(data_directory)
    server.start()
    incoming = data_directory / "artifacts" / ".incoming"
    with _begin(server, "1/f", 4_000_000, b"x" * 2_000_000):
        wait_until(lambda: _drafts(incoming))
        server.kill()
    (draft,) = _drafts(incoming)
    _age(draft)
    server.start()
    # It is ready before it has tidied up.
    wait_until(lambda: not _drafts(incoming))
    assert Api(server.url, "/api/2.0/mlflow-artifacts").get("artifacts") == {"files": []}
    server.stop()


def _age(path: Path) -> None:
    import os

    os.utime(path, (time.time() - 3600, time.time() - 3600))


def test_what_another_server_still_writes_is_not_cleaned(tmp_path: Path) -> None:
    from modelkeep.artifacts.incoming import Incoming

    incoming = Incoming(tmp_path)
    with incoming.draft() as draft:
        draft.append([b"x"])
        _age(draft.path)
        Incoming(tmp_path).clean()
        assert draft.path.exists()
    assert not draft.path.exists()


def test_a_download_is_whole_although_the_file_is_replaced(own_server: RunningServer, own_artifacts: Api) -> None:
    contents = {letter: letter.encode() * (2_000_000 + place) for place, letter in enumerate("ab")}
    own_artifacts.ok("PUT", "artifacts/f", content=contents["a"])
    done = threading.Event()

    def replace() -> None:
        with httpx.Client(base_url=own_server.url) as client:
            while not done.is_set():
                for content in contents.values():
                    client.put(f"{_TARGET}/f", content=content).raise_for_status()

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        for _ in range(40):
            assert own_artifacts.call("GET", "artifacts/f").content in contents.values()
    finally:
        done.set()
        writer.join()


def test_an_upload_without_a_length_is_refused(artifacts: Api) -> None:
    answer = artifacts.call("PUT", "artifacts/f", content=iter([b"a", b"b"]))
    assert answer.error == (411, "BAD_REQUEST", "LengthRequired")
    assert artifacts.call("GET", "artifacts/f").error == NOT_FOUND


def test_an_upload_that_gives_nothing_but_empty_chunks_was_cut_off() -> None:
    """So Granian tells that the client of an HTTP/2 stream has gone."""

    async def no_body(limit: int) -> bytes:
        return b""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"first"
        while True:
            yield b""

    async def read() -> None:
        headers: Any = {"content-length": "10"}
        upload = uploads.Upload(HttpRequest("PUT", "/", "", headers, "", no_body, chunks()), 0)
        try:
            assert [chunk async for chunk in upload.chunks()]
        finally:
            await upload.drain()

    with pytest.raises(ApiError, match="cut off: 5 of 10 bytes"):
        asyncio.run(read())


def test_an_empty_file_needs_no_length_as_mlflows_client_sends_none(artifacts: Api) -> None:
    for _ in range(2):
        artifacts.ok("PUT", "artifacts/f", content=iter([]))
        assert artifacts.call("GET", "artifacts/f").headers["content-length"] == "0"


def test_what_may_be_cut_off_takes_no_files_place(artifacts: Api) -> None:
    artifacts.ok("PUT", "artifacts/f", content=b"kept")
    answer = artifacts.call("PUT", "artifacts/f", content=iter([]))
    assert answer.error == (411, "BAD_REQUEST", "LengthRequired")
    assert artifacts.call("GET", "artifacts/f").content == b"kept"


def test_a_refused_upload_is_answered_although_the_client_sends_all_of_it(artifacts: Api) -> None:
    answer = artifacts.call("PUT", "artifacts/a%252e%252e/..%2f", content=bytes(20_000_000))
    assert answer.status == 400


def test_an_artifact_that_is_too_large_is_413(data_directory: Path) -> None:
    with RunningServer(data_directory, "--max-artifact-bytes", "1000", "--max-body-bytes", "10") as server:
        api = Api(server.url, "/api/2.0/mlflow-artifacts")
        api.ok("PUT", "artifacts/f", content=bytes(1000))
        assert api.call("PUT", "artifacts/g", content=bytes(1001)).error == (413, "BAD_REQUEST", "PayloadTooLarge")
        assert [file["path"] for file in api.get("artifacts")["files"]] == ["f"]


@pytest.mark.parametrize("place", ["absent://x", "/dev/null/x"])
def test_a_place_that_cannot_be_used_keeps_the_server_from_starting(data_directory: Path, place: str) -> None:
    from tests.support.command import run

    ended = run("serve", "--data", data_directory, "--port", "0", "--artifacts", place)
    assert ended.code == 1
    assert ended.errors.count("\n") == 1
    assert "Artifacts cannot be kept at" in ended.errors
