"""Registered models: create, get, update, rename, delete."""

import pytest

from tests.support.api import Api
from tests.support.codes import EXISTS, EXISTS_TO_MLFLOW, MISSING, NOT_FOUND


def test_a_created_model_is_answered_whole(any_api: Api) -> None:
    created = any_api.post(
        "registered-models/create",
        name="main.risk.churn",
        description="Who leaves?",
        deployment_job_id="job-1",
        tags=[{"key": "team", "value": "growth"}, {"key": "empty"}],
    )["registered_model"]
    assert created == {
        "name": "main.risk.churn",
        "creation_timestamp": created["creation_timestamp"],
        "last_updated_timestamp": created["creation_timestamp"],
        "user_id": "anonymous",
        "description": "Who leaves?",
        "deployment_job_id": "job-1",
        "deployment_job_state": "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED",
        "tags": [{"key": "empty", "value": ""}, {"key": "team", "value": "growth"}],
        "aliases": [],
        "latest_versions": [],
        "deployment_summary": {"total_deployment": 0, "active_deployment": 0},
    }
    assert any_api.get("registered-models/get", name="main.risk.churn")["registered_model"] == created


def test_a_model_can_be_created_with_its_name_alone(oracle_api: Api) -> None:
    created = oracle_api.post("registered-models/create", name="churn")["registered_model"]
    assert (created["description"], created["deployment_job_id"], created["tags"]) == ("", "", [])
    assert created["deployment_job_state"] == "NOT_SET_UP"


def test_the_caller_is_the_user(oracle_api: Api) -> None:
    created = oracle_api.ok(
        "POST", "registered-models/create", {"name": "churn"}, headers={"dh-user-principal": "alma@example.com"}
    )["registered_model"]
    assert created["user_id"] == "alma@example.com"


@pytest.mark.parametrize("name", ["a", "a" * 255, "a b", "UPPER", "模型", "a.b.c", "a%2Fb", "a'b", 'a"b', "..a", "-"])
def test_any_name_that_a_path_can_hold_is_allowed(oracle_api: Api, name: str) -> None:
    assert oracle_api.post("registered-models/create", name=name)["registered_model"]["name"] == name
    assert oracle_api.get("registered-models/get", name=name)["registered_model"]["name"] == name


def test_a_taken_name_is_refused_and_its_model_stays(oracle_api: Api, mlflow_api: Api, model: str) -> None:
    before = oracle_api.get("registered-models/get", name=model)
    for api, error in ((oracle_api, EXISTS), (mlflow_api, EXISTS_TO_MLFLOW)):
        answer = api.call("POST", "registered-models/create", {"name": model, "description": "another"})
        assert answer.error == error
        assert answer.body["message"] == f"Registered Model (name={model}) already exists."
    assert oracle_api.get("registered-models/get", name=model) == before


def test_an_update_changes_what_it_names(oracle_api: Api, model: str) -> None:
    first = oracle_api.post("registered-models/update", name=model, description="new")["registered_model"]
    assert (first["description"], first["deployment_job_id"]) == ("new", "")
    second = oracle_api.post("registered-models/update", name=model, deployment_job_id="job-2")["registered_model"]
    assert (second["description"], second["deployment_job_id"]) == ("new", "job-2")
    third = oracle_api.post("registered-models/update", name=model, description="")["registered_model"]
    assert (third["description"], third["deployment_job_id"]) == ("", "job-2")
    assert oracle_api.get("registered-models/get", name=model)["registered_model"] == third


def test_a_renamed_model_takes_its_versions_tags_and_aliases_with_it(any_api: Api) -> None:
    any_api.post("registered-models/create", name="old", tags=[{"key": "team", "value": "growth"}])
    any_api.post("model-versions/create", name="old", source="s3://b/k")
    any_api.post("registered-models/alias", name="old", alias="champion", version="1")
    renamed = any_api.post("registered-models/rename", name="old", new_name="new")["registered_model"]
    assert renamed["name"] == "new"
    assert renamed["tags"] == [{"key": "team", "value": "growth"}]
    assert renamed["aliases"] == [{"alias": "champion", "version": "1"}]
    assert [version["name"] for version in renamed["latest_versions"]] == ["new"]
    assert any_api.get("model-versions/get", name="new", version="1")["model_version"]["name"] == "new"
    found = any_api.get("model-versions/search", filter="name = 'new'")["model_versions"]
    assert [version["name"] for version in found] == ["new"]
    for path, query in (
        ("registered-models/get", {"name": "old"}),
        ("model-versions/get", {"name": "old", "version": "1"}),
    ):
        assert any_api.call("GET", path, query=query).error == NOT_FOUND


def test_a_model_cannot_be_renamed_to_a_taken_name(oracle_api: Api, mlflow_api: Api, model: str) -> None:
    oracle_api.post("registered-models/create", name="fraud")
    oracle_api.post("model-versions/create", name=model, source="s3://b/k")
    before = oracle_api.get("registered-models/search")
    for api, error in ((oracle_api, EXISTS), (mlflow_api, EXISTS_TO_MLFLOW)):
        answer = api.call("POST", "registered-models/rename", {"name": model, "new_name": "fraud"})
        assert answer.error == error
    assert oracle_api.get("registered-models/search") == before


@pytest.mark.parametrize("fields", [{}, {"new_name": ""}, {"new_name": "  "}, {"new_name": None}])
def test_a_rename_needs_a_new_name(oracle_api: Api, model: str, fields: dict[str, str]) -> None:
    answer = oracle_api.call("POST", "registered-models/rename", {"name": model, **fields})
    assert answer.error == MISSING
    assert answer.body["message"] == "Missing value for required parameter 'new_name'."


def test_a_deleted_model_is_gone_with_all_that_was_its_own(any_api: Api) -> None:
    any_api.post("registered-models/create", name="churn", tags=[{"key": "team", "value": "growth"}])
    any_api.post("model-versions/create", name="churn", source="s3://b/k", tags=[{"key": "a", "value": "b"}])
    any_api.post("registered-models/alias", name="churn", alias="champion", version="1")
    assert any_api.post("registered-models/delete", name="churn") == {}
    assert any_api.call("GET", "registered-models/get", query={"name": "churn"}).error == NOT_FOUND
    assert any_api.get("registered-models/search") == {"registered_models": []}
    assert any_api.get("model-versions/search") == {"model_versions": []}
    again = any_api.post("registered-models/create", name="churn")["registered_model"]
    assert (again["tags"], again["aliases"], again["latest_versions"]) == ([], [], [])


@pytest.mark.parametrize(
    ("verb", "path", "fields"),
    [
        ("GET", "get", {}),
        ("POST", "update", {"description": "x"}),
        ("POST", "rename", {"new_name": "other"}),
        ("POST", "delete", {}),
        ("POST", "set-tag", {"key": "k", "value": "v"}),
        ("POST", "delete-tag", {"key": "k"}),
    ],
)
def test_an_unknown_model_is_not_found(oracle_api: Api, verb: str, path: str, fields: dict[str, str]) -> None:
    answer = oracle_api.call(verb, f"registered-models/{path}", {"name": "absent", **fields})
    assert answer.error == NOT_FOUND
    assert answer.body["message"] == "Registered Model with name=absent not found"
    assert oracle_api.get("registered-models/search") == {"registered_models": []}
