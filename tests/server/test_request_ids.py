"""`opc-request-id`: on every answer, the caller's own where it sent one."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID
from tests.support.raw import get
from tests.support.server import RunningServer

_TENANT = "/20260430/aiDataPlatforms/default/workspaces/default/mlops"
_ANSWERS: list[tuple[str, str, Any, int]] = [
    ("GET", f"{_TENANT}/api/2.0/mlflow/registered-models/search", None, 200),
    ("GET", "/api/2.0/mlflow/registered-models/search", None, 200),
    ("GET", "/20260430/aiDataPlatforms/default/workspaces", None, 200),
    ("POST", f"{_TENANT}/api/2.0/mlflow/registered-models/create", {}, 400),
    ("POST", f"{_TENANT}/api/2.0/mlflow/registered-models/create", [], 400),
    ("GET", f"{_TENANT}/api/2.0/mlflow/registered-models/get?name=absent", None, 404),
    ("GET", f"{_TENANT}/api/2.0/mlflow/nonsense", None, 404),
    ("GET", "/20260430/aiDataPlatforms/absent/workspaces", None, 404),
    ("PUT", f"{_TENANT}/api/2.0/mlflow/registered-models/create", None, 405),
    ("GET", f"{_TENANT}/health", None, 200),
    ("GET", "/health", None, 200),
    ("GET", "/ready", None, 200),
    ("GET", "/version", None, 200),
    ("GET", "/api/3.0/mlflow/server-info", None, 200),
    ("GET", "/openapi.json", None, 200),
    ("GET", "/docs", None, 200),
    ("GET", "/", None, 303),
    ("GET", "/nonsense", None, 404),
    ("PUT", "/docs", None, 405),
]


@pytest.mark.parametrize(("verb", "path", "body", "status"), _ANSWERS)
def test_a_request_id_is_echoed_on_every_answer(root: Api, verb: str, path: str, body: Any, status: int) -> None:
    answer = root.call(verb, path, body, headers={"opc-request-id": "My_request-1"})
    assert (answer.status, answer.headers["opc-request-id"]) == (status, "My_request-1")


@pytest.mark.parametrize(("verb", "path", "body", "status"), _ANSWERS)
def test_a_request_without_an_id_is_given_one_of_its_own(
    root: Api, verb: str, path: str, body: Any, status: int
) -> None:
    answers = [root.call(verb, path, body) for _ in range(3)]
    assert [answer.status for answer in answers] == [status] * 3
    assert len({answer.headers["opc-request-id"] for answer in answers}) == 3


@pytest.mark.parametrize("given", ["a", "A-Z_0-9", "x" * 255])
def test_an_id_has_1_to_255_characters(oracle_api: Api, given: str) -> None:
    answer = oracle_api.call("GET", "registered-models/search", headers={"opc-request-id": given})
    assert (answer.status, answer.headers["opc-request-id"]) == (200, given)


@pytest.mark.parametrize("given", [b"", b"a b", b"a/b", b"a.b", b"x" * 256, b"<script>", b"\xc3\xbc", b"\xff"])
@pytest.mark.parametrize(
    "path", [f"{_TENANT}/api/2.0/mlflow/registered-models/search", "/health", "/docs", "/nonsense"]
)
def test_what_is_no_id_is_refused_under_a_new_one(server: RunningServer, path: str, given: bytes) -> None:
    answer = get(server, path.encode(), [b"opc-request-id: " + given])
    assert answer.error == INVALID
    assert "'opc-request-id'" in answer.body["message"]
    made = answer.headers["opc-request-id"]
    assert made.isalnum()
    assert made.encode() != given


def test_a_write_with_a_bad_id_is_not_done(oracle_api: Api) -> None:
    answer = oracle_api.call(
        "POST", "registered-models/create", {"name": "churn"}, headers={"opc-request-id": "not an id"}
    )
    assert answer.error == INVALID
    assert oracle_api.get("registered-models/search") == {"registered_models": []}
