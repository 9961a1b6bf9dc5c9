"""Bodies that are no JSON object of the right form: 400 or 413, and nothing half done."""

import json
from collections.abc import Iterator

import pytest

from tests.support.api import Api
from tests.support.codes import CANNOT_PARSE, INVALID, MISSING, TOO_LARGE
from tests.support.raw import exchange
from tests.support.server import RunningServer

CREATE = "registered-models/create"
JSON = {"content-type": "application/json"}
LIMIT = 16 * 1024 * 1024


@pytest.fixture(params=["oracle_api", "mlflow_api"])
def api(request: pytest.FixtureRequest, oracle_api: Api, mlflow_api: Api) -> Iterator[Api]:
    """The registry in both dialects; after the test nothing is in it."""
    chosen = oracle_api if request.param == "oracle_api" else mlflow_api
    yield chosen
    assert chosen.get("registered-models/search") == {"registered_models": []}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"name=churn",
        b"{'name': 'churn'}",
        b'{"name": "churn"',
        b'{"name": "churn"} x',
        b'{"name": "churn",}',
        b"\xef\xbb\xbf{}",
        b'{"name": "\xff\xfe"}',
        b'{"name": "chu\x00rn"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\u00"}',
        '{"name": "churn"}'.encode("utf-16"),
        b'{"name": NaN}',
        b'{"name": "churn", "other": NaN}',
        b'{"name": "churn", "other": Infinity}',
        b'{"name": "churn", "other": -Infinity}',
        b"<xml/>",
        b"\x00",
        b" ",
    ],
)
def test_what_is_no_json_cannot_be_read(api: Api, content: bytes) -> None:
    answer = api.call("POST", CREATE, content=content, headers=JSON)
    assert answer.error == CANNOT_PARSE
    assert answer.body["message"].startswith("The request cannot be read: ")


@pytest.mark.parametrize("content", [b"[]", b'[{"name": "churn"}]', b'"churn"', b"5", b"1.5", b"true", b"null"])
def test_a_body_that_is_no_object_cannot_be_read(api: Api, content: bytes) -> None:
    answer = api.call("POST", CREATE, content=content, headers=JSON)
    assert answer.error == CANNOT_PARSE
    assert "its body must be a JSON object" in answer.body["message"]


def test_no_body_is_an_empty_object(api: Api) -> None:
    answer = api.call("POST", CREATE)
    assert answer.error == MISSING
    assert "'name'" in answer.body["message"]


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_a_deep_nest_cannot_be_read(api: Api, opening: bytes, depth: int) -> None:
    closing = b"]" if opening == b"[" else b"}"
    nest = opening * depth + b"1" + closing * depth
    for content in (nest, b'{"name": "churn", "other": ' + nest + b"}", b'{"name": "\\u0000", "o": ' + nest + b"}"):
        assert api.call("POST", CREATE, content=content, headers=JSON).error == CANNOT_PARSE


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400, "9" * 5_000, "1e-400", "0.1" * 1])
def test_a_number_is_no_name_however_large(api: Api, number: str) -> None:
    answer = api.call("POST", CREATE, content=f'{{"name": {number}}}'.encode(), headers=JSON)
    assert answer.status == 400
    assert answer.error in (INVALID, CANNOT_PARSE)


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("0", "1 to"),
        ("-1", "1 to"),
        ("1001", "1 to"),
        ("9223372036854775808", ""),
        ("1.5", ""),
        ("true", ""),
        ('"a"', ""),
    ],
)
def test_a_page_is_a_whole_number_in_its_range(api: Api, number: str, problem: str) -> None:
    content = f'{{"max_results": {number}}}'.encode()
    answer = api.call("GET", "registered-models/search", content=content, headers=JSON)
    assert answer.error == INVALID
    assert "'max_results'" in answer.body["message"]
    assert problem in answer.body["message"]


@pytest.mark.parametrize("number", ["1e400", "9" * 400, "-" + "9" * 400])
def test_a_page_of_an_endless_number_is_refused(api: Api, number: str) -> None:
    content = f'{{"max_results": {number}}}'.encode()
    answer = api.call("GET", "registered-models/search", content=content, headers=JSON)
    assert answer.error in (INVALID, CANNOT_PARSE)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", "x" * 500]
)
def test_another_content_type_is_refused(api: Api, kind: str) -> None:
    answer = api.call("POST", CREATE, {"name": "churn"}, headers={"content-type": kind})
    assert answer.error == CANNOT_PARSE
    assert "application/json" in answer.body["message"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/json;v=1"])
def test_json_is_json_whatever_follows_it(oracle_api: Api, kind: str) -> None:
    oracle_api.ok("POST", CREATE, {"name": "churn"}, headers={"content-type": kind})


def test_a_body_without_a_content_type_is_read_as_json(oracle_api: Api, server: RunningServer) -> None:
    body = b'{"name": "churn"}'
    target = f"{oracle_api.base}/{CREATE}".encode()
    answer = exchange(
        server,
        b"POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n%s" % (target, len(body), body),
    )
    assert answer.status == 200
    assert answer.body["registered_model"]["name"] == "churn"


def _large() -> bytes:
    return json.dumps({"name": "churn", "other": "x" * LIMIT}).encode()


def test_a_body_over_the_limit_is_refused_by_its_announced_length(api: Api, server: RunningServer) -> None:
    chosen = "".join(f"{name}: {value}\r\n" for name, value in api.headers.items())
    head = (
        f"POST {api.base}/{CREATE} HTTP/1.1\r\nhost: localhost\r\n{chosen}"
        f"content-type: application/json\r\ncontent-length: {LIMIT + 1}\r\n\r\n"
    )
    answer = exchange(server, head.encode())
    assert answer.error == TOO_LARGE
    assert answer.headers["opc-request-id"]


def test_a_body_over_the_limit_is_refused_where_no_length_was_announced(api: Api) -> None:
    def chunks() -> Iterator[bytes]:
        large = _large()
        for start in range(0, len(large), 1 << 20):
            yield large[start : start + (1 << 20)]

    answer = api.call("POST", CREATE, content=chunks(), headers={**JSON, "transfer-encoding": "chunked"})
    assert answer.error == TOO_LARGE


def test_a_body_in_chunks_is_read_whole(oracle_api: Api) -> None:
    content = iter([b'{"na', b'me": "', b"chu", b'rn"}'])
    oracle_api.ok("POST", CREATE, content=content, headers={**JSON, "transfer-encoding": "chunked"})
    assert oracle_api.get("registered-models/get", name="churn")


def test_the_last_of_two_equal_keys_counts(oracle_api: Api) -> None:
    created = oracle_api.ok("POST", CREATE, content=b'{"name": "a", "name": "b"}', headers=JSON)
    assert created["registered_model"]["name"] == "b"
