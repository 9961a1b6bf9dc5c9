"""What runs measured of logged models, and on which data."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, NOT_FOUND, RELATED_NOT_FOUND, RELATED_NOT_FOUND_TO_MLFLOW


@pytest.fixture
def model(oracle_api: Api, experiment: str) -> str:
    """The id of a model."""
    model_id: str = oracle_api.post("logged-models", experiment_id=experiment)["model"]["info"]["model_id"]
    return model_id


def point(model: str, **fields: Any) -> dict[str, Any]:
    return {"key": "auc", "value": 0.5, "timestamp": 1, "step": 0, "model_id": model, **fields}


def metrics_of(api: Api, model: str) -> Any:
    return api.get(f"logged-models/{model}")["model"]["data"]["metrics"]


def test_a_metric_that_names_a_model_is_the_models_and_the_runs(oracle_api: Api, run: str, model: str) -> None:
    oracle_api.post("runs/log-metric", run_id=run, **point(model, step=3, dataset_name="iris", dataset_digest="d1"))
    assert metrics_of(oracle_api, model) == [
        {
            "key": "auc",
            "value": 0.5,
            "timestamp": 1,
            "step": 3,
            "dataset_name": "iris",
            "dataset_digest": "d1",
            "model_id": model,
            "run_id": run,
        }
    ]
    assert len(oracle_api.get("runs/get", run_id=run)["run"]["data"]["metrics"]) == 1


def test_every_value_of_a_model_is_answered_in_the_order_of_time(oracle_api: Api, run: str, model: str) -> None:
    points = [point(model, timestamp=n, step=n, value=n) for n in (3, 1, 2)]
    oracle_api.post("runs/log-batch", run_id=run, metrics=[*points, point("", key="other")])
    assert [metric["value"] for metric in metrics_of(oracle_api, model)] == [1.0, 2.0, 3.0]


def test_one_batch_measures_several_models(oracle_api: Api, experiment: str, run: str, model: str) -> None:
    other = oracle_api.post("logged-models", experiment_id=experiment)["model"]["info"]["model_id"]
    oracle_api.post("runs/log-batch", run_id=run, metrics=[point(model, value=1), point(other, value=2)])
    assert [metrics_of(oracle_api, each)[0]["value"] for each in (model, other)] == [1.0, 2.0]


def test_the_same_point_again_is_kept_once(oracle_api: Api, run: str, model: str) -> None:
    for _ in range(2):
        oracle_api.post("runs/log-batch", run_id=run, metrics=[point(model), point(model)])
    assert len(metrics_of(oracle_api, model)) == 1


def test_two_datasets_measured_at_one_time_are_both_kept(oracle_api: Api, run: str, model: str) -> None:
    points = [point(model, dataset_name=name, dataset_digest="d", value=n) for n, name in enumerate(("a", "b"))]
    oracle_api.post("runs/log-batch", run_id=run, metrics=points)
    assert [(metric["dataset_name"], metric["value"]) for metric in metrics_of(oracle_api, model)] == [
        ("a", 0.0),
        ("b", 1.0),
    ]


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e-323, 1.7976931348623157e308, -0.0, 123456789.12345679])
def test_a_value_is_answered_to_its_last_digit(oracle_api: Api, run: str, model: str, value: float) -> None:
    oracle_api.post("runs/log-metric", run_id=run, **point(model, value=value))
    assert metrics_of(oracle_api, model)[0]["value"] == value


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_finite_number_is_answered_as_its_name(oracle_api: Api, run: str, model: str, value: str) -> None:
    oracle_api.post("runs/log-metric", run_id=run, **point(model, value=value))
    assert metrics_of(oracle_api, model)[0]["value"] == value


def test_a_model_that_is_not_there_is_refused_and_nothing_is_logged(
    oracle_api: Api, mlflow_api: Api, run: str, model: str
) -> None:
    for api, error in ((oracle_api, RELATED_NOT_FOUND), (mlflow_api, RELATED_NOT_FOUND_TO_MLFLOW)):
        body = {"run_id": run, "metrics": [point(model), point("m-unknown")]}
        answer = api.call("POST", "runs/log-batch", body)
        assert answer.error == error
        assert "'m-unknown'" in answer.body["message"]
    assert metrics_of(oracle_api, model) == []
    assert oracle_api.get("runs/get", run_id=run)["run"]["data"]["metrics"] == []


def test_a_model_of_another_place_is_not_measured(elsewhere: Api, model: str) -> None:
    run = elsewhere.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    answer = elsewhere.call("POST", "runs/log-metric", {"run_id": run, **point(model)})
    assert answer.error in (RELATED_NOT_FOUND, RELATED_NOT_FOUND_TO_MLFLOW)


def test_a_deleted_model_is_still_measured(oracle_api: Api, run: str, model: str) -> None:
    oracle_api.ok("DELETE", f"logged-models/{model}")
    oracle_api.post("runs/log-metric", run_id=run, **point(model))
    assert oracle_api.call("GET", f"logged-models/{model}").error == NOT_FOUND


@pytest.mark.parametrize(("field", "value"), [("dataset_name", "x" * 501), ("dataset_digest", "x" * 37)])
def test_a_dataset_that_is_too_long_is_refused(oracle_api: Api, run: str, model: str, field: str, value: str) -> None:
    answer = oracle_api.call("POST", "runs/log-metric", {"run_id": run, **point(model, **{field: value})})
    assert answer.error == INVALID
    assert f"'{field}'" in answer.body["message"]


def test_what_a_run_measured_goes_with_the_run(oracle_api: Api, run: str, model: str) -> None:
    oracle_api.post("runs/log-metric", run_id=run, **point(model))
    oracle_api.post("runs/delete", run_id=run, is_permanent=True)
    assert metrics_of(oracle_api, model) == []
