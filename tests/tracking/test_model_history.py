"""Models as MLflow 2 logs them: a list in a tag of their run."""

import json
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_ACTIVE, NOT_FOUND

TAG = "mlflow.log-model.history"


def model_json(**fields: Any) -> str:
    model = {"artifact_path": "model", "flavors": {"sklearn": {}}, "utc_time_created": "2026-01-01", "run_id": "r1"}
    return json.dumps({**model, **fields})


def history(api: Api, run: str) -> Any:
    tags = {tag["key"]: tag["value"] for tag in api.get("runs/get", run_id=run)["run"]["data"]["tags"]}
    return json.loads(tags[TAG]) if TAG in tags else None


def test_models_are_listed_in_the_order_in_which_they_were_logged(any_workspace_api: Api) -> None:
    run = any_workspace_api.post("runs/create")["run"]["info"]["run_id"]
    for path in ("first", "second"):
        text = model_json(artifact_path=path, model_uuid="u1", signature="left out")
        assert any_workspace_api.post("runs/log-model", run_id=run, model_json=text) == {}
    common = {"run_id": "r1", "utc_time_created": "2026-01-01", "model_uuid": "u1", "flavors": {"sklearn": {}}}
    assert history(any_workspace_api, run) == [
        {**common, "artifact_path": "first"},
        {**common, "artifact_path": "second"},
    ]


def test_a_flavor_is_kept_without_its_configuration(oracle_api: Api, run: str) -> None:
    flavors = {"keras": {"config": {"large": 1}, "data": "data"}, "odd": "text"}
    oracle_api.post("runs/log-model", run_id=run, model_json=model_json(flavors=flavors))
    assert history(oracle_api, run)[0]["flavors"] == {"keras": {"data": "data"}, "odd": "text"}


def test_where_the_list_would_be_too_long_its_oldest_are_left_out(oracle_api: Api, run: str) -> None:
    for number in range(4):
        text = model_json(artifact_path=f"{number}{'x' * 40_000}")
        oracle_api.post("runs/log-model", run_id=run, model_json=text)
    assert [model["artifact_path"][0] for model in history(oracle_api, run)] == ["2", "3"]


def test_a_model_too_long_for_the_list_is_refused(oracle_api: Api, run: str) -> None:
    body = {"run_id": run, "model_json": model_json(artifact_path="x" * 100_000)}
    assert oracle_api.call("POST", "runs/log-model", body).error == INVALID
    assert history(oracle_api, run) is None


@pytest.mark.parametrize("text", ["", "no JSON", "{}", "7"])
def test_a_tag_that_is_no_list_is_begun_anew(oracle_api: Api, run: str, text: str) -> None:
    oracle_api.post("runs/set-tag", run_id=run, key=TAG, value=text)
    oracle_api.post("runs/log-model", run_id=run, model_json=model_json())
    assert len(history(oracle_api, run)) == 1


@pytest.mark.parametrize("field", ["artifact_path", "flavors", "utc_time_created", "run_id"])
def test_a_model_without_a_mandatory_field_is_refused(oracle_api: Api, run: str, field: str) -> None:
    model = json.loads(model_json())
    del model[field]
    answer = oracle_api.call("POST", "runs/log-model", {"run_id": run, "model_json": json.dumps(model)})
    assert answer.error == INVALID
    assert answer.body["message"].endswith(f"it is missing mandatory fields: {field}.")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", MISSING),
        (None, MISSING),
        (7, INVALID),
        ("model", INVALID),
        ("[1]", INVALID),
        ("{" * 100_000, INVALID),
        ("[" * 100_000, INVALID),
        ("9" * 10_000, INVALID),
        (model_json(flavors=["sklearn"]), INVALID),
    ],
)
def test_what_is_no_model_is_refused(oracle_api: Api, run: str, text: Any, error: tuple[int, str, str]) -> None:
    assert oracle_api.call("POST", "runs/log-model", {"run_id": run, "model_json": text}).error == error


def test_a_run_that_is_gone_or_deleted_is_not_written_to(oracle_api: Api, run: str) -> None:
    assert oracle_api.call("POST", "runs/log-model", {"model_json": model_json()}).error == MISSING
    body = {"run_id": "unknown", "model_json": model_json()}
    assert oracle_api.call("POST", "runs/log-model", body).error == NOT_FOUND
    oracle_api.post("runs/delete", run_id=run)
    assert oracle_api.call("POST", "runs/log-model", {**body, "run_id": run}).error == NOT_ACTIVE
