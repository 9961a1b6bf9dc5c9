"""Parts of files, and files that the caller has already."""

import pytest

from tests.support.api import Api

SMALL = bytes(range(100))
LARGE = bytes(range(256)) * 4096


@pytest.fixture(params=[SMALL, LARGE], ids=["read whole", "sent as a file"])
def content(request: pytest.FixtureRequest, artifacts: Api) -> bytes:
    artifacts.ok("PUT", "artifacts/f.bin", content=request.param)
    content: bytes = request.param
    return content


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, None),
        ("bytes=-7", -7, None),
        ("bytes=5-5", 5, 6),
        ("bytes=90-999999999", 90, None),
        ("bytes=-999999999", 0, None),
    ],
)
def test_a_range_is_answered_with_its_bytes(
    artifacts: Api, content: bytes, asked: str, start: int, stop: int | None
) -> None:
    answer = artifacts.call("GET", "artifacts/f.bin", headers={"range": asked})
    assert answer.status == 206
    assert answer.content == content[start:stop]
    first = start % len(content)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(content)}"
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_416(artifacts: Api, content: bytes, asked: str) -> None:
    answer = artifacts.call("GET", "artifacts/f.bin", headers={"range": asked})
    assert answer.error == (416, "BAD_REQUEST", "RangeNotSatisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-5", "lines=1-2", "bytes=-", "bytes=a-b"])
def test_what_is_no_single_range_is_answered_whole(artifacts: Api, content: bytes, asked: str) -> None:
    answer = artifacts.call("GET", "artifacts/f.bin", headers={"range": asked})
    assert (answer.status, answer.content) == (200, content)


def test_a_file_that_the_caller_has_is_304(artifacts: Api, content: bytes) -> None:
    headers = artifacts.call("HEAD", "artifacts/f.bin").headers
    for condition in (
        {"if-none-match": headers["etag"]},
        {"if-none-match": f'"other", W/{headers["etag"]}'},
        {"if-modified-since": headers["last-modified"]},
    ):
        answer = artifacts.call("GET", "artifacts/f.bin", headers=condition)
        assert (answer.status, answer.content) == (304, b"")


def test_a_range_of_another_state_is_answered_whole(artifacts: Api, content: bytes) -> None:
    etag = artifacts.call("HEAD", "artifacts/f.bin").headers["etag"]
    asked = {"range": "bytes=0-9", "if-range": etag}
    assert artifacts.call("GET", "artifacts/f.bin", headers=asked).status == 206
    artifacts.ok("PUT", "artifacts/f.bin", content=content)
    answer = artifacts.call("GET", "artifacts/f.bin", headers=asked)
    assert (answer.status, answer.content) == (200, content)


def test_head_of_a_range_tells_its_length(artifacts: Api, content: bytes) -> None:
    answer = artifacts.call("HEAD", "artifacts/f.bin", headers={"range": "bytes=0-9"})
    assert (answer.status, answer.headers["content-length"], answer.content) == (206, "10", b"")
