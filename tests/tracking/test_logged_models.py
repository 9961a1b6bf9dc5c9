"""Logged models: created pending, finalized, got with what was logged to them, deleted."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import (
    INVALID,
    MISSING,
    NO_ETAG_MATCH,
    NO_OPERATION,
    NOT_ACTIVE,
    NOT_FOUND,
)

Error = tuple[int, str, str]
SQL = "'; DROP TABLE logged_models; --"


def create(api: Api, **fields: Any) -> Any:
    return api.post("logged-models", **{"experiment_id": "0", **fields})["model"]


def model_id_of(api: Api, **fields: Any) -> str:
    model_id: str = create(api, **fields)["info"]["model_id"]
    return model_id


def read(api: Api, model_id: str, **query: str) -> Any:
    return api.get(f"logged-models/{model_id}", **query)["model"]


@pytest.fixture
def model(oracle_api: Api, experiment: str) -> str:
    """The id of a model that is pending."""
    return model_id_of(oracle_api, experiment_id=experiment, name="scorer")


def test_a_created_model_is_pending_and_answered_whole(any_workspace_api: Api) -> None:
    created = create(
        any_workspace_api,
        name="scorer",
        model_type="agent",
        source_run_id="of-another-server",
        params=[{"key": "steps[0].depth", "value": "7"}],
        tags=[{"key": "team", "value": "Ümläute, 模型, 🚀"}, {"key": "a/b", "value": ""}],
    )
    info = created["info"]
    location = f"mlflow-artifacts:/0/models/{info['model_id']}/artifacts"
    assert created == {
        "info": {
            "model_id": info["model_id"],
            "experiment_id": "0",
            "name": "scorer",
            "artifact_uri": location,
            "creation_timestamp_ms": info["creation_timestamp_ms"],
            "last_updated_timestamp_ms": info["creation_timestamp_ms"],
            "status": "LOGGED_MODEL_PENDING",
            "status_message": "",
            "model_type": "agent",
            "source_run_id": "of-another-server",
            "tags": [{"key": "a/b", "value": ""}, {"key": "team", "value": "Ümläute, 模型, 🚀"}],
        },
        "data": {"params": [{"key": "steps[0].depth", "value": "7"}], "metrics": []},
    }
    assert len(info["model_id"]) == 34
    assert info["model_id"].startswith("m-")
    assert read(any_workspace_api, info["model_id"]) == created


def test_a_model_without_a_name_is_given_one(oracle_api: Api) -> None:
    assert create(oracle_api)["info"]["name"]
    assert create(oracle_api, name="")["info"]["name"]


def test_two_models_may_have_one_name(oracle_api: Api) -> None:
    assert model_id_of(oracle_api, name="scorer") != model_id_of(oracle_api, name="scorer")


def test_its_artifacts_are_below_those_of_its_experiment(oracle_api: Api) -> None:
    experiment = oracle_api.post("experiments/create", name="lake", artifact_location="s3://lake/e/")["experiment_id"]
    info = create(oracle_api, experiment_id=experiment)["info"]
    assert info["artifact_uri"] == f"s3://lake/e/models/{info['model_id']}/artifacts"


@pytest.mark.parametrize("name", ["a/b", "a:b", "a.b", "50%", 'a"b', "a'b", SQL, "x" * 501])
def test_a_name_that_no_uri_can_have_is_refused(oracle_api: Api, name: str) -> None:
    answer = oracle_api.call("POST", "logged-models", {"experiment_id": "0", "name": name})
    assert answer.error == INVALID
    assert "'name'" in answer.body["message"]


@pytest.mark.parametrize("field", ["model_type", "source_run_id"])
def test_sql_in_a_text_is_text(oracle_api: Api, field: str) -> None:
    model = model_id_of(oracle_api, **{field: SQL})
    assert read(oracle_api, model)["info"][field] == SQL


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, MISSING),
        ({"experiment_id": ""}, MISSING),
        ({"experiment_id": "first"}, INVALID),
        ({"experiment_id": SQL}, INVALID),
        ({"experiment_id": "77"}, NOT_FOUND),
        ({"experiment_id": "0", "name": 7}, INVALID),
        ({"experiment_id": "0", "model_type": "x" * 501}, INVALID),
        ({"experiment_id": "0", "source_run_id": "x" * 2049}, INVALID),
        ({"experiment_id": "0", "params": {"depth": "7"}}, INVALID),
        ({"experiment_id": "0", "params": [{"value": "7"}]}, MISSING),
        ({"experiment_id": "0", "params": [{"key": "", "value": "7"}]}, MISSING),
        ({"experiment_id": "0", "params": [{"key": "a", "value": "1"}, {"key": "a", "value": "1"}]}, INVALID),
        ({"experiment_id": "0", "tags": [{"key": "x" * 251, "value": ""}]}, INVALID),
        ({"experiment_id": "0", "tags": [{"key": "x", "value": "y" * 100_001}]}, INVALID),
        ({"experiment_id": "0", "tags": [{"key": f"x{n}", "value": ""} for n in range(1_001)]}, INVALID),
    ],
)
def test_a_model_that_cannot_be_is_refused(oracle_api: Api, fields: dict[str, Any], error: Error) -> None:
    assert oracle_api.call("POST", "logged-models", fields).error == error


def test_a_deleted_experiment_gets_no_model(oracle_api: Api, mlflow_api: Api, experiment: str) -> None:
    oracle_api.post("experiments/delete", experiment_id=experiment)
    for api in (oracle_api, mlflow_api):
        assert api.call("POST", "logged-models", {"experiment_id": experiment}).error == NOT_ACTIVE


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("LOGGED_MODEL_READY", "LOGGED_MODEL_READY"),
        ("LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_UPLOAD_FAILED"),
        (2, "LOGGED_MODEL_READY"),
        ("3", "LOGGED_MODEL_UPLOAD_FAILED"),
    ],
)
def test_a_model_is_finalized_by_the_name_or_number_of_a_status(
    oracle_api: Api, model: str, given: str | int, status: str
) -> None:
    answer = oracle_api.ok("PATCH", f"logged-models/{model}", {"model_id": model, "status": given})["model"]
    assert answer["info"]["status"] == status
    assert answer["info"]["last_updated_timestamp_ms"] >= answer["info"]["creation_timestamp_ms"]
    assert read(oracle_api, model) == answer


@pytest.mark.parametrize(
    ("status", "error"), [("READY", INVALID), (SQL, INVALID), (4, INVALID), (-1, INVALID), (None, MISSING)]
)
def test_what_is_no_status_finalizes_nothing(oracle_api: Api, model: str, status: Any, error: Error) -> None:
    assert oracle_api.call("PATCH", f"logged-models/{model}", {"status": status}).error == error
    assert read(oracle_api, model)["info"]["status"] == "LOGGED_MODEL_PENDING"


def test_a_deleted_model_is_answered_only_to_those_who_ask_for_deleted_ones(oracle_api: Api, model: str) -> None:
    assert oracle_api.ok("DELETE", f"logged-models/{model}") == {}
    answer = oracle_api.call("GET", f"logged-models/{model}")
    assert answer.error == NOT_FOUND
    assert answer.body["message"] == f"Logged model with ID '{model}' not found."
    assert oracle_api.call("GET", f"logged-models/{model}?allow_deleted=false").error == NOT_FOUND
    assert read(oracle_api, model, allow_deleted="true")["info"]["model_id"] == model


def test_a_model_can_be_deleted_twice_and_is_still_written_to(oracle_api: Api, model: str) -> None:
    for _ in range(2):
        oracle_api.ok("DELETE", f"logged-models/{model}")
    oracle_api.ok("PATCH", f"logged-models/{model}/tags", {"tags": [{"key": "late", "value": "1"}]})
    oracle_api.ok("PATCH", f"logged-models/{model}", {"status": "LOGGED_MODEL_READY"})
    info = read(oracle_api, model, allow_deleted="true")["info"]
    assert (info["status"], info["tags"]) == ("LOGGED_MODEL_READY", [{"key": "late", "value": "1"}])


@pytest.mark.parametrize("model_id", ["m-unknown", "1", SQL.replace("/", "")])
@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("PATCH", "", {"status": 2}),
        ("PATCH", "/tags", {"tags": [{"key": "a", "value": "b"}]}),
        ("DELETE", "/tags/a", None),
        ("POST", "/params", {"params": [{"key": "a", "value": "b"}]}),
    ],
)
def test_a_model_that_is_not_there_is_not_found(
    oracle_api: Api, model: str, model_id: str, method: str, tail: str, body: Any
) -> None:
    assert oracle_api.call(method, f"logged-models/{model_id}{tail}", body).error == NOT_FOUND


def test_a_model_of_another_place_is_not_found(oracle_api: Api, elsewhere: Api, model: str) -> None:
    assert elsewhere.call("GET", f"logged-models/{model}").error == NOT_FOUND
    assert elsewhere.call("DELETE", f"logged-models/{model}").error == NOT_FOUND
    assert read(oracle_api, model)["info"]["model_id"] == model


def test_models_are_not_served_on_the_platforms_own_path(platform_api: Api) -> None:
    assert platform_api.call("POST", "logged-models", {"experiment_id": "0"}).error == NO_OPERATION


def test_a_models_etag_changes_with_everything_that_is_answered(oracle_api: Api, experiment: str, model: str) -> None:
    run = oracle_api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    point = {"run_id": run, "key": "auc", "value": 1, "timestamp": 1, "model_id": model}
    seen = [oracle_api.call("GET", f"logged-models/{model}").headers["etag"]]
    for method, path, body in (
        ("PATCH", f"logged-models/{model}", {"status": 2}),
        ("PATCH", f"logged-models/{model}/tags", {"tags": [{"key": "a", "value": "b"}]}),
        ("DELETE", f"logged-models/{model}/tags/a", None),
        ("POST", f"logged-models/{model}/params", {"params": [{"key": "a", "value": "b"}]}),
        ("POST", "runs/log-metric", point),
    ):
        answer = oracle_api.call(method, path, body)
        assert answer.status == 200
        seen.append(oracle_api.call("GET", f"logged-models/{model}").headers["etag"])
        assert answer.headers.get("etag", seen[-1]) == seen[-1]
    assert len(set(seen)) == len(seen)


def test_a_model_is_changed_only_while_it_has_the_etag_of_if_match(oracle_api: Api, model: str) -> None:
    path = f"logged-models/{model}"
    etag = oracle_api.call("GET", path).headers["etag"]
    assert oracle_api.call("PATCH", path, {"status": 2}, headers={"if-match": etag}).status == 200
    assert oracle_api.call("DELETE", path, headers={"if-match": etag}).error == NO_ETAG_MATCH
    assert read(oracle_api, model)["info"]["status"] == "LOGGED_MODEL_READY"


def test_a_creation_sent_again_with_its_retry_token_makes_one_model(oracle_api: Api, experiment: str) -> None:
    body = {"experiment_id": experiment}
    first, second = (
        oracle_api.call("POST", "logged-models", body, headers={"opc-retry-token": experiment * 3}) for _ in range(2)
    )
    assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])


def test_a_model_goes_for_good_with_its_experiment_whoever_measured_it(
    oracle_api: Api, experiment: str, model: str
) -> None:
    other = oracle_api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    oracle_api.post("runs/log-metric", run_id=other, key="auc", value=1, timestamp=1, model_id=model)
    oracle_api.post("experiments/delete", experiment_id=experiment, is_permanent=True)
    assert oracle_api.call("GET", f"logged-models/{model}?allow_deleted=true").error == NOT_FOUND
    assert len(oracle_api.get("runs/get", run_id=other)["run"]["data"]["metrics"]) == 1
