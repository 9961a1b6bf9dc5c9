"""Paths: keys that cannot be, operations and verbs that are not there."""

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NO_OPERATION, NOT_ALLOWED, NOT_FOUND
from tests.support.raw import get
from tests.support.server import RunningServer

_ROOT = b"/20260430/aiDataPlatforms/"
_SEARCH = b"/mlops/api/2.0/mlflow/registered-models/search"
_WORKSPACE = b"/workspaces/default"

_KEYS: list[tuple[bytes, tuple[int, str, str]]] = [
    (b"", MISSING),
    (b"%20", MISSING),
    (b"%09", MISSING),
    (b"k" * 501, INVALID),
    ("模".encode() * 501, INVALID),
    (b"a%00b", INVALID),
    (b"%00", INVALID),
    (b"a%0Ab", INVALID),
    (b"a%7Fb", INVALID),
    (b"%FF%FE", INVALID),
    (b"a%C3", INVALID),
    (b"%ED%A0%80", INVALID),
    (b"k" * 500, NOT_FOUND),
    (b"absent", NOT_FOUND),
    (b"%E6%A8%A1", NOT_FOUND),
    (b"..", NOT_FOUND),
    (b"%252F", NOT_FOUND),
    (b"a'b", NOT_FOUND),
    (b"a%22b", NOT_FOUND),
]


@pytest.mark.parametrize(("key", "error"), _KEYS)
def test_a_platform_key_that_cannot_be_is_refused(
    server: RunningServer, key: bytes, error: tuple[int, str, str]
) -> None:
    for tail in (_SEARCH, _WORKSPACE + _SEARCH, b"/workspaces"):
        answer = get(server, _ROOT + key + tail)
        assert answer.error == error
        assert error == NOT_FOUND or "'aiDataPlatformId'" in answer.body["message"]


@pytest.mark.parametrize(("key", "error"), _KEYS)
def test_a_workspace_key_that_cannot_be_is_refused(
    server: RunningServer, platform: str, key: bytes, error: tuple[int, str, str]
) -> None:
    below = _ROOT + platform.encode() + b"/workspaces/"
    answers = [get(server, below + key + _SEARCH)]
    answers += [get(server, below + key)] if key else []
    for answer in answers:
        assert answer.error == error
        assert error == NOT_FOUND or "'workspaceKey'" in answer.body["message"]


@pytest.mark.parametrize("tail", [_SEARCH, _WORKSPACE + _SEARCH])
@pytest.mark.parametrize("key", [b"a%2Fb", b"%2F", b"a/b", b"%2Fb", b"..%2F.."])
def test_a_slash_in_a_platform_key_is_refused_even_when_encoded(server: RunningServer, key: bytes, tail: bytes) -> None:
    answer = get(server, _ROOT + key + tail)
    assert answer.status == 400
    assert answer.error in (INVALID, MISSING)
    assert "'aiDataPlatformId'" in answer.body["message"]


@pytest.mark.parametrize("key", [b"a%2Fb", b"%2F", b"a/b"])
def test_a_slash_in_a_workspace_key_is_refused_even_when_encoded(
    server: RunningServer, platform: str, key: bytes
) -> None:
    answer = get(server, _ROOT + platform.encode() + b"/workspaces/" + key + _SEARCH)
    assert answer.error == INVALID
    assert "cannot contain '/', not even encoded" in answer.body["message"]


@pytest.mark.parametrize("escape", [b"%zz", b"%", b"%2"])
def test_a_broken_escape_is_answered_in_order(server: RunningServer, escape: bytes) -> None:
    answer = get(server, _ROOT + b"a" + escape + _SEARCH)
    assert answer.status in (400, 404)
    assert answer.body["code"]


@pytest.mark.parametrize("query", [b"name=%FF", b"name=a%00b", b"name=a&name=b", b"&".join([b"x=1"] * 500)])
def test_a_query_that_cannot_be_read_is_refused(server: RunningServer, query: bytes) -> None:
    answer = get(server, b"/api/2.0/mlflow/registered-models/get?" + query)
    assert answer.status == 400
    assert answer.body["code"] in ("CannotParseRequest", "InvalidParameter")


_REGISTRY = [
    "/20260430/aiDataPlatforms/default/mlops/api/2.0/",
    "/20260430/aiDataPlatforms/default/workspaces/default/mlops/api/2.0/",
    "/api/2.0/",
    "/api/2.11/",
    "/api/3.0/",
    "/ajax-api/2.0/",
]


@pytest.mark.parametrize("prefix", _REGISTRY)
@pytest.mark.parametrize(
    "tail",
    [
        "mlflow/nonsense",
        "mlflow/registered-models",
        "mlflow/registered-models/create/",
        "mlflow/registered-models/Create",
        "registered-models/create",
        "mlflow//registered-models/create",
        "workspaces",
        "",
    ],
)
def test_an_operation_that_is_not_there_is_not_found(root: Api, prefix: str, tail: str) -> None:
    for verb in ("GET", "POST"):
        answer = root.call(verb, prefix + tail, {"name": "x"})
        assert answer.error == NO_OPERATION


@pytest.mark.parametrize(
    "path",
    [
        "/nonsense",
        "/api",
        "/api/2.0",
        "/api/1.0/mlflow/registered-models/search",
        "/api/2.0mlflow/registered-models/search",
        "/20260430/aiDataPlatforms/default",
        "/20260430/aiDataPlatforms/default/nonsense",
        "/20260430/aiDataPlatforms/default/mlops/nonsense",
        "/20260430/aiDataPlatforms/default/mlops/api/9.9/mlflow/registered-models/search",
        "/20260430/nonsense",
        "/20991231/aiDataPlatforms/default/mlops/api/2.0/mlflow/registered-models/search",
        "/20260430/aiDataPlatforms/default/mlops/api/3.0/mlflow/workspaces",
        "/20260430/aiDataPlatforms/default/workspaces/default/mlops/api/3.0/mlflow/workspaces/default",
        "/api/2.0/workspaces/default",
    ],
)
def test_a_path_that_is_none_is_not_found(root: Api, path: str) -> None:
    assert root.call("GET", path).error == NO_OPERATION


@pytest.mark.parametrize("prefix", _REGISTRY)
@pytest.mark.parametrize(
    ("path", "allowed", "refused"),
    [
        ("mlflow/registered-models/create", "POST", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        ("mlflow/registered-models/update", "PATCH, POST", ["GET", "PUT", "DELETE"]),
        ("mlflow/registered-models/delete", "DELETE, POST", ["GET", "PUT", "PATCH"]),
        ("mlflow/registered-models/get", "GET", ["POST", "PUT", "PATCH", "DELETE"]),
        ("mlflow/registered-models/alias", "DELETE, GET, POST", ["PUT", "PATCH"]),
        ("mlflow/registered-models/get-latest-versions", "GET, POST", ["PUT", "DELETE"]),
    ],
)
def test_a_verb_that_is_not_allowed_is_told_which_are(
    root: Api, prefix: str, path: str, allowed: str, refused: list[str]
) -> None:
    for verb in (*refused, "NONSENSE"):
        answer = root.call(verb, prefix + path)
        assert answer.error == NOT_ALLOWED
        assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/20260430/aiDataPlatforms", "/api/3.0/mlflow/workspaces", "/docs", "/openapi.json"])
def test_verbs_are_held_outside_the_registry_too(root: Api, path: str) -> None:
    answer = root.call("PUT", path)
    assert answer.error == NOT_ALLOWED
    assert "GET" in answer.headers["allow"]
