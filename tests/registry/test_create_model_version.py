"""`model-versions/create`: what it answers and what it keeps."""

import pytest

from tests.support.api import Api
from tests.support.codes import NOT_FOUND

EVERYTHING = {
    "source": "s3://lake/churn",
    "run_id": "0a1b2c",
    "run_link": "https://mlflow.example/runs/0a1b2c",
    "model_id": "m-77",
    "description": "Trained on August. Ümläute, 模型, 🚀.",
    "tags": [{"key": "team", "value": "growth"}, {"key": "quality/auc", "value": "0.93"}],
}


def test_the_first_version_of_a_model_is_1_and_ready(oracle_api: Api) -> None:
    oracle_api.post("registered-models/create", name="churn")
    created = oracle_api.post("model-versions/create", name="churn", source="s3://lake/churn")["model_version"]
    assert created == {
        "name": "churn",
        "version": "1",
        "creation_timestamp": created["creation_timestamp"],
        "last_updated_timestamp": created["creation_timestamp"],
        "user_id": "anonymous",
        "current_stage": "None",
        "description": "",
        "source": "s3://lake/churn",
        "run_id": "",
        "run_link": "",
        "model_id": "",
        "tags": [],
        "aliases": [],
        "status": "READY",
        "status_message": "",
        "model_metrics": [],
        "model_params": [],
        "deployment_job_state": {
            "job_id": "",
            "run_id": "",
            "job_state": "NOT_SET_UP",
            "run_state": "NO_VALID_DEPLOYMENT_JOB_FOUND",
            "current_task_name": "",
        },
    }
    assert oracle_api.get("model-versions/get", name="churn", version="1")["model_version"] == created


def test_what_a_version_is_created_with_is_answered_and_kept(any_api: Api) -> None:
    any_api.post("registered-models/create", name="churn")
    created = any_api.post("model-versions/create", name="churn", **EVERYTHING)["model_version"]
    assert {field: created[field] for field in EVERYTHING} == {
        **EVERYTHING,
        "tags": [{"key": "quality/auc", "value": "0.93"}, {"key": "team", "value": "growth"}],
    }
    assert any_api.get("model-versions/get", name="churn", version="1")["model_version"] == created


def test_times_are_numbers_of_milliseconds(oracle_api: Api, model: str) -> None:
    before = oracle_api.get("registered-models/get", name=model)["registered_model"]["creation_timestamp"]
    created = oracle_api.post("model-versions/create", name=model, source="s3://b/k")["model_version"]
    assert before <= created["creation_timestamp"] < before + 60_000


def test_the_caller_is_the_user(oracle_api: Api, model: str) -> None:
    created = oracle_api.ok(
        "POST",
        "model-versions/create",
        {"name": model, "source": "s3://b/k"},
        headers={"dh-user-principal": "alma@example.com"},
    )["model_version"]
    assert created["user_id"] == "alma@example.com"
    assert (
        oracle_api.get("model-versions/get", name=model, version="1")["model_version"]["user_id"] == created["user_id"]
    )


def test_a_run_and_a_logged_model_that_are_not_kept_here_are_taken_as_given(oracle_api: Api, model: str) -> None:
    created = oracle_api.post(
        "model-versions/create", name=model, source="s3://b/k", run_id="elsewhere", model_id="m-elsewhere"
    )["model_version"]
    assert (created["run_id"], created["model_id"]) == ("elsewhere", "m-elsewhere")


def test_null_fields_are_as_absent_ones(oracle_api: Api, model: str) -> None:
    nothing = dict.fromkeys(("run_id", "run_link", "model_id", "description", "tags"))
    created = oracle_api.post("model-versions/create", name=model, source="s3://b/k", **nothing)["model_version"]
    assert [created[field] for field in nothing] == ["", "", "", "", []]


def test_unknown_fields_are_ignored(any_api: Api) -> None:
    any_api.post("registered-models/create", name="churn", invented=1)
    created = any_api.post("model-versions/create", name="churn", source="s3://b/k", invented={"deep": [1]})
    assert created["model_version"]["version"] == "1"
    assert "invented" not in created["model_version"]


def test_creating_a_version_moves_the_models_time_on(oracle_api: Api, model: str) -> None:
    created = oracle_api.post("model-versions/create", name=model, source="s3://b/k")["model_version"]
    found = oracle_api.get("registered-models/get", name=model)["registered_model"]
    assert found["last_updated_timestamp"] == created["creation_timestamp"]


@pytest.mark.parametrize("name", ["absent", "CHURN", "churn "])
def test_a_model_of_another_name_is_not_found_and_not_made(oracle_api: Api, model: str, name: str) -> None:
    answer = oracle_api.call("POST", "model-versions/create", {"name": name, "source": "s3://b/k"})
    assert answer.error == NOT_FOUND
    assert answer.body["message"] == f"Registered Model with name={name} not found"
    found = oracle_api.get("registered-models/search")["registered_models"]
    assert [(known["name"], known["latest_versions"]) for known in found] == [(model, [])]
