"""`opc-retry-token`: the same write sent again is answered again, and not done again."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.api import Answer, Api
from tests.support.codes import EXISTS, INVALID, INVALIDATED_TOKEN, NOT_FOUND

CREATE = "model-versions/create"
BODY = {"name": "churn", "source": "s3://lake/churn", "tags": [{"key": "team", "value": "growth"}]}


def _send(api: Api, token: str, path: str = CREATE, body: Any = BODY, **headers: str) -> Answer:
    return api.call("POST", path, body, headers={"opc-retry-token": token, **headers})


def _count(api: Api) -> int:
    return len(api.get("model-versions/search")["model_versions"])


@pytest.fixture(autouse=True)
def user(platform: str, oracle_api: Api, mlflow_api: Api) -> str:
    """Each test's own caller, for tokens are a caller's."""
    for api in (oracle_api, mlflow_api):
        api.headers["dh-user-principal"] = f"user-of-{platform}"
    oracle_api.post("registered-models/create", name="churn")
    return f"user-of-{platform}"


def test_the_same_write_again_is_answered_byte_for_byte_and_done_once(oracle_api: Api) -> None:
    first = _send(oracle_api, "t")
    for _ in range(3):
        again = _send(oracle_api, "t")
        assert (again.status, again.content) == (first.status, first.content)
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["opc-request-id"] != first.headers["opc-request-id"]
    assert _count(oracle_api) == 1


def test_what_counts_of_a_request_is_what_it_says(oracle_api: Api) -> None:
    first = _send(oracle_api, "t")
    same = {"tags": BODY["tags"], "source": BODY["source"], "name": BODY["name"], "unknown": 1, "run_id": None}
    assert _send(oracle_api, "t", body=same).content == first.content


def test_without_a_token_each_write_is_done(oracle_api: Api) -> None:
    for _ in range(2):
        oracle_api.post(CREATE, **BODY)
    assert _count(oracle_api) == 2


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("registered-models/create", {"name": "new", "description": "x"}),
        ("registered-models/update", {"name": "churn", "description": "x"}),
        ("registered-models/rename", {"name": "churn", "new_name": "risk"}),
        ("registered-models/delete", {"name": "churn"}),
        ("registered-models/set-tag", {"name": "churn", "key": "k", "value": "v"}),
        ("registered-models/delete-tag", {"name": "churn", "key": "k"}),
        ("internal/registered-models/update-tags", {"name": "churn", "set_tags": [{"key": "k"}]}),
        ("registered-models/alias", {"name": "churn", "alias": "a", "version": "1"}),
        ("model-versions/update", {"name": "churn", "version": "1", "description": "x"}),
        ("model-versions/transition-stage", {"name": "churn", "version": "1", "stage": "Staging"}),
        ("model-versions/set-tag", {"name": "churn", "version": "1", "key": "k", "value": "v"}),
        ("model-versions/delete-tag", {"name": "churn", "version": "1", "key": "k"}),
        ("internal/model-versions/update-tags", {"name": "churn", "version": "1", "set_tags": [{"key": "k"}]}),
        ("model-versions/delete", {"name": "churn", "version": "1"}),
    ],
)
def test_every_write_takes_a_token(oracle_api: Api, path: str, fields: dict[str, Any]) -> None:
    oracle_api.post(CREATE, **BODY)
    first = _send(oracle_api, "t", path, fields)
    assert first.status == 200
    names = [found["name"] for found in oracle_api.get("registered-models/search")["registered_models"]]
    before = [oracle_api.call("GET", "registered-models/get", query={"name": name}).headers["etag"] for name in names]
    again = _send(oracle_api, "t", path, fields)
    assert (again.status, again.content, again.headers.get("etag")) == (200, first.content, first.headers.get("etag"))
    after = [oracle_api.call("GET", "registered-models/get", query={"name": name}).headers["etag"] for name in names]
    assert after == before


def test_another_request_with_the_same_token_is_refused(oracle_api: Api) -> None:
    _send(oracle_api, "t")
    for other in ({**BODY, "source": "s3://other"}, {**BODY, "tags": []}, {**BODY, "run_id": "r1"}):
        assert _send(oracle_api, "t", body=other).error == INVALIDATED_TOKEN
    assert _count(oracle_api) == 1


def test_another_operation_with_the_same_token_is_refused(oracle_api: Api) -> None:
    fields = {"name": "churn", "key": "k", "value": "v", "version": "1"}
    _send(oracle_api, "t")
    _send(oracle_api, "u", "registered-models/set-tag", fields)
    assert _send(oracle_api, "t", "model-versions/set-tag", fields).error == INVALIDATED_TOKEN
    assert _send(oracle_api, "u", "model-versions/set-tag", fields).error == INVALIDATED_TOKEN
    assert oracle_api.get("model-versions/get", name="churn", version="1")["model_version"]["tags"] == BODY["tags"]


def test_the_same_request_in_another_workspace_is_another_request(oracle_api: Api, workspaces_api: Api) -> None:
    key = workspaces_api.post("workspaces", displayName="fraud")["key"]
    below = Api(oracle_api.url, oracle_api.base.replace("/default/", f"/{key}/"), oracle_api.headers)
    token = {"opc-retry-token": "same"}
    assert oracle_api.call("POST", CREATE, BODY, headers=token).status == 200
    assert below.call("POST", CREATE, BODY, headers=token).error == INVALIDATED_TOKEN
    assert _count(oracle_api) == 1


def test_another_callers_token_is_another_token(oracle_api: Api) -> None:
    first = _send(oracle_api, "t")
    other = _send(oracle_api, "t", **{"dh-user-principal": "someone-else"})
    assert (first.body["model_version"]["version"], other.body["model_version"]["version"]) == ("1", "2")
    assert _send(oracle_api, "t").content == first.content


@pytest.mark.parametrize(
    ("verb", "path", "fields"),
    [
        ("POST", "model-versions/delete", {"version": "1"}),
        ("POST", "model-versions/update", {"version": "1", "description": "x"}),
        ("POST", "model-versions/set-tag", {"version": "1", "key": "k", "value": "v"}),
        ("POST", "model-versions/transition-stage", {"version": "1", "stage": "Staging"}),
        ("POST", "registered-models/alias", {"version": "1", "alias": "champion"}),
        ("POST", "registered-models/rename", {"new_name": "risk"}),
        ("POST", "registered-models/delete", {}),
    ],
)
def test_a_token_is_invalid_once_its_version_was_changed_or_deleted(
    oracle_api: Api, verb: str, path: str, fields: dict[str, str]
) -> None:
    _send(oracle_api, "t")
    oracle_api.ok(verb, path, {"name": "churn", **fields})
    before = _count(oracle_api)
    answer = _send(oracle_api, "t")
    assert answer.error == INVALIDATED_TOKEN
    assert "'opc-retry-token'" in answer.body["message"]
    assert _count(oracle_api) == before


def test_a_token_outlives_what_happens_to_other_versions(oracle_api: Api) -> None:
    first = _send(oracle_api, "t")
    oracle_api.post(CREATE, **BODY)
    oracle_api.post("model-versions/delete", name="churn", version="2")
    assert _send(oracle_api, "t").content == first.content


def test_one_token_from_20_clients_at_once_creates_one_version(oracle_api: Api) -> None:
    with ThreadPoolExecutor(20) as clients:
        answers = list(clients.map(lambda _: _send(oracle_api, "t"), range(40)))
    assert {(answer.status, answer.content, answer.headers["etag"]) for answer in answers} == {
        (200, answers[0].content, answers[0].headers["etag"])
    }
    assert _count(oracle_api) == 1


def test_an_error_is_not_kept_under_a_token(oracle_api: Api) -> None:
    late = {"name": "late", "source": "s3://b/k"}
    assert _send(oracle_api, "t", body=late).error == NOT_FOUND
    oracle_api.post("registered-models/create", name="late")
    assert _send(oracle_api, "t", body=late).status == 200
    assert _send(oracle_api, "u", "registered-models/create", {"name": "churn"}).error == EXISTS
    oracle_api.post("registered-models/delete", name="churn")
    assert _send(oracle_api, "u", "registered-models/create", {"name": "churn"}).status == 200


def test_a_model_created_again_by_its_token_is_answered_and_not_told_to_exist(oracle_api: Api) -> None:
    first = _send(oracle_api, "t", "registered-models/create", {"name": "new"})
    again = _send(oracle_api, "t", "registered-models/create", {"name": "new"})
    assert (again.status, again.content) == (200, first.content)


def test_a_write_under_if_match_can_be_sent_again(oracle_api: Api) -> None:
    etag = _send(oracle_api, "t").headers["etag"]
    change = {"name": "churn", "version": "1", "description": "x"}
    first = _send(oracle_api, "u", "model-versions/update", change, **{"if-match": etag})
    again = _send(oracle_api, "u", "model-versions/update", change, **{"if-match": etag})
    assert (again.status, again.content) == (first.status, first.content) == (200, first.content)


def test_mlflows_clients_can_send_tokens_too(mlflow_api: Api) -> None:
    token = {"opc-retry-token": "t"}
    first, again = (mlflow_api.call("POST", CREATE, BODY, headers=token) for _ in range(2))
    assert (again.status, again.content) == (200, first.content)


def test_workspaces_are_created_once_under_a_token(workspaces_api: Api, user: str) -> None:
    headers = {"opc-retry-token": "w", "dh-user-principal": user}
    first, again = (workspaces_api.call("POST", "workspaces", {"displayName": "x"}, headers=headers) for _ in range(2))
    assert (again.status, again.content) == (200, first.content)
    assert len(workspaces_api.get("workspaces")["items"]) == 2


@pytest.mark.parametrize("token", ["", "x" * 65, "x" * 1_000, "a\tb"])
def test_what_is_no_token_is_refused_and_nothing_done(oracle_api: Api, token: str) -> None:
    answer = oracle_api.call("POST", CREATE, BODY, headers={"opc-retry-token": token})
    assert answer.error == INVALID
    assert "'opc-retry-token'" in answer.body["message"]
    assert _count(oracle_api) == 0


@pytest.mark.parametrize("token", ["x", "x" * 64, "a b", "a/%'\""])
def test_a_token_has_1_to_64_characters(oracle_api: Api, token: str) -> None:
    headers = {"opc-retry-token": token}
    first, again = (oracle_api.call("POST", CREATE, BODY, headers=headers) for _ in range(2))
    assert (again.status, again.content) == (200, first.content)


def test_a_read_takes_no_notice_of_a_token(oracle_api: Api) -> None:
    headers = {"opc-retry-token": "x" * 65}
    assert oracle_api.call("GET", "registered-models/search", headers=headers).status == 200
