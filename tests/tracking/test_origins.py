"""What model versions take from the runs and logged models that are kept here, and what these learn of them."""

import json
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID

POINT = {"key": "auc", "value": 0.1 + 0.2, "timestamp": 5, "step": 1}
PARAM = {"key": "depth", "value": "7"}


@pytest.fixture(autouse=True)
def _registered(oracle_api: Api) -> None:
    oracle_api.post("registered-models/create", name="churn")


@pytest.fixture
def logged_run(oracle_api: Api, run: str) -> str:
    """The id of a run with a metric and a param."""
    oracle_api.post("runs/log-batch", run_id=run, metrics=[POINT], params=[PARAM])
    return run


@pytest.fixture
def evaluation(oracle_api: Api, experiment: str) -> str:
    """The id of another run, which measures models."""
    run_id: str = oracle_api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    return run_id


@pytest.fixture
def logged_model(oracle_api: Api, experiment: str, logged_run: str, evaluation: str) -> str:
    """The id of a model of that run, with a param of its own and a metric that the other run measured."""
    created = oracle_api.post(
        "logged-models",
        experiment_id=experiment,
        source_run_id=logged_run,
        params=[{"key": "trees", "value": "9"}],
    )
    model_id: str = created["model"]["info"]["model_id"]
    point = {"key": "f1", "value": "NaN", "timestamp": 7, "step": 2, "model_id": model_id}
    oracle_api.post("runs/log-metric", run_id=evaluation, dataset_name="iris", dataset_digest="d1", **point)
    return model_id


def create(api: Api, **fields: Any) -> Any:
    return api.post("model-versions/create", **{"name": "churn", "source": "s3://lake/churn", **fields})[
        "model_version"
    ]


def of_run(run: str) -> tuple[Any, Any]:
    """The metrics and params of the run, as a version answers them."""
    metric = {**POINT, "dataset_name": "", "dataset_digest": "", "model_id": "", "run_id": run}
    return [metric], [{"name": "depth", "value": "7"}]


def of_model(model: str, run: str) -> tuple[Any, Any]:
    metric = {"key": "f1", "value": "NaN", "timestamp": 7, "step": 2, "dataset_name": "iris", "dataset_digest": "d1"}
    return [{**metric, "model_id": model, "run_id": run}], [{"name": "trees", "value": "9"}]


def logged(version: Any) -> tuple[Any, Any]:
    return version["model_metrics"], version["model_params"]


def versions_of(api: Api, model: str) -> Any:
    tags = api.get(f"logged-models/{model}", allow_deleted="true")["model"]["info"]["tags"]
    return next((json.loads(tag["value"]) for tag in tags if tag["key"] == "mlflow.modelVersions"), None)


def test_a_version_of_a_run_answers_what_the_run_logged(oracle_api: Api, logged_run: str) -> None:
    created = create(oracle_api, run_id=logged_run)
    assert logged(created) == of_run(logged_run)
    assert oracle_api.get("model-versions/get", name="churn", version="1")["model_version"] == created
    assert oracle_api.get("model-versions/search")["model_versions"] == [created]
    assert oracle_api.get("registered-models/get", name="churn")["registered_model"]["latest_versions"] == [created]
    assert oracle_api.get("registered-models/search")["registered_models"][0]["latest_versions"] == [created]
    oracle_api.post("registered-models/alias", name="churn", alias="champion", version="1")
    aliased = oracle_api.get("registered-models/alias", name="churn", alias="champion")["model_version"]
    assert logged(aliased) == of_run(logged_run)


def test_a_version_of_a_logged_model_answers_what_is_the_models_own(
    any_workspace_api: Api, logged_run: str, logged_model: str, evaluation: str
) -> None:
    created = create(any_workspace_api, source=f"models:/{logged_model}", model_id=logged_model)
    assert logged(created) == of_model(logged_model, evaluation)
    assert created["run_id"] == logged_run
    assert any_workspace_api.get("model-versions/get", name="churn", version="1")["model_version"] == created


def test_a_model_with_nothing_logged_to_it_lends_nothing_of_its_run(
    oracle_api: Api, experiment: str, logged_run: str
) -> None:
    model = oracle_api.post("logged-models", experiment_id=experiment)["model"]["info"]["model_id"]
    assert logged(create(oracle_api, model_id=model, run_id=logged_run)) == ([], [])


def test_the_run_counts_where_the_model_is_of_another_server(oracle_api: Api, logged_run: str) -> None:
    created = create(oracle_api, model_id="m-of-another-server", run_id=logged_run)
    assert logged(created) == of_run(logged_run)
    assert oracle_api.get("model-versions/search")["model_versions"] == [created]


def test_a_page_of_versions_answers_each_with_its_own_origin(
    oracle_api: Api, logged_run: str, logged_model: str, evaluation: str
) -> None:
    origins: list[dict[str, str]] = [
        {},
        {"run_id": logged_run},
        {"model_id": logged_model},
        {"run_id": "of-another-server"},
        {"model_id": "of-another-server"},
        {"model_id": "of-another-server", "run_id": logged_run},
    ]
    for origin in origins:
        create(oracle_api, **origin)
    page = oracle_api.get("model-versions/search", order_by="version_number ASC")["model_versions"]
    nothing: tuple[Any, Any] = ([], [])
    run, model = of_run(logged_run), of_model(logged_model, evaluation)
    found = {version["version"]: logged(version) for version in page}
    assert found == {"1": nothing, "2": run, "3": model, "4": nothing, "5": nothing, "6": run}


def test_of_each_metric_and_dataset_the_latest_value_is_answered(
    oracle_api: Api, logged_run: str, logged_model: str
) -> None:
    points = [
        {"key": "auc", "value": value, "timestamp": time, "step": step, "model_id": logged_model, **dataset}
        for value, time, step, dataset in (
            (1, 10, 0, {}),
            (2, 20, 0, {}),
            (3, 20, 5, {}),
            (4, 5, 9, {}),
            (5, 1, 0, {"dataset_name": "iris", "dataset_digest": "d1"}),
            (6, 1, 0, {"dataset_name": "iris", "dataset_digest": "d2"}),
        )
    ]
    oracle_api.post("runs/log-batch", run_id=logged_run, metrics=points)
    metrics = create(oracle_api, model_id=logged_model)["model_metrics"]
    assert [(metric["key"], metric["dataset_digest"], metric["value"]) for metric in metrics] == [
        ("auc", "", 3.0),
        ("auc", "d1", 5.0),
        ("auc", "d2", 6.0),
        ("f1", "d1", "NaN"),
    ]


def test_what_is_logged_later_is_answered_too(oracle_api: Api, run: str) -> None:
    create(oracle_api, run_id=run)
    oracle_api.post("runs/log-batch", run_id=run, metrics=[POINT], params=[PARAM])
    assert logged(oracle_api.get("model-versions/get", name="churn", version="1")["model_version"]) == of_run(run)


def test_a_version_keeps_its_origins_ids_when_they_are_gone(
    oracle_api: Api, logged_run: str, logged_model: str
) -> None:
    create(oracle_api, model_id=logged_model)
    oracle_api.ok("DELETE", f"logged-models/{logged_model}")
    oracle_api.post("internal/gc", model_ids=[logged_model])
    found = oracle_api.get("model-versions/get", name="churn", version="1")["model_version"]
    assert (found["model_id"], found["run_id"]) == (logged_model, logged_run)
    assert logged(found) == of_run(logged_run)


def test_origins_are_looked_for_in_the_workspace_that_the_version_came_from(
    oracle_api: Api, second_workspace: Api, platform_api: Api, logged_run: str, logged_model: str
) -> None:
    for api in (second_workspace, platform_api):
        assert logged(create(api, run_id=logged_run, model_id=logged_model)) == ([], [])
    create(oracle_api, run_id=logged_run)
    for api in (oracle_api, second_workspace, platform_api):
        page = api.get("model-versions/search", order_by="version_number ASC")["model_versions"]
        assert [logged(version) for version in page] == [([], []), ([], []), of_run(logged_run)]
    assert versions_of(oracle_api, logged_model) is None


def test_a_logged_model_names_its_versions_in_a_tag(oracle_api: Api, logged_model: str) -> None:
    etag = oracle_api.call("GET", f"logged-models/{logged_model}").headers["etag"]
    oracle_api.post("registered-models/create", name="other")
    create(oracle_api, model_id=logged_model)
    create(oracle_api, model_id=logged_model)
    create(oracle_api, model_id=logged_model, name="other")
    assert versions_of(oracle_api, logged_model) == [
        {"name": "churn", "version": 1},
        {"name": "churn", "version": 2},
        {"name": "other", "version": 1},
    ]
    assert oracle_api.call("GET", f"logged-models/{logged_model}").headers["etag"] != etag


@pytest.mark.parametrize("text", ["", "no JSON", "{}", "[]"])
def test_a_tag_that_names_no_versions_is_begun_anew(oracle_api: Api, logged_model: str, text: str) -> None:
    tags = [{"key": "mlflow.modelVersions", "value": text}]
    oracle_api.ok("PATCH", f"logged-models/{logged_model}/tags", {"tags": tags})
    create(oracle_api, model_id=logged_model)
    assert versions_of(oracle_api, logged_model) == [{"name": "churn", "version": 1}]


def test_a_version_that_is_refused_leaves_its_logged_model_alone(oracle_api: Api, logged_model: str) -> None:
    body = {"name": "churn", "source": "/etc/passwd", "model_id": logged_model}
    assert oracle_api.call("POST", "model-versions/create", body).error == INVALID
    assert versions_of(oracle_api, logged_model) is None


def test_a_source_in_the_artifacts_of_a_model_needs_that_model(oracle_api: Api, logged_model: str) -> None:
    location = oracle_api.get(f"logged-models/{logged_model}")["model"]["info"]["artifact_uri"]
    create(oracle_api, source=location, model_id=logged_model)
    create(oracle_api, source=f"{location}/deeper", model_id=logged_model)
    for fields in ({}, {"model_id": "m-other"}, {"source": f"{location}/../..", "model_id": logged_model}):
        body = {"name": "churn", "source": location, **fields}
        assert oracle_api.call("POST", "model-versions/create", body).error == INVALID


def test_a_source_in_the_artifacts_of_a_run_needs_that_run(oracle_api: Api, run: str) -> None:
    location = oracle_api.get("runs/get", run_id=run)["run"]["info"]["artifact_uri"]
    create(oracle_api, source=f"{location}/model", run_id=run)
    body = {"name": "churn", "source": f"{location}/model", "run_id": "other"}
    assert oracle_api.call("POST", "model-versions/create", body).error == INVALID


def test_a_version_named_by_a_models_uri_is_read_where_the_models_artifacts_are(
    oracle_api: Api, logged_model: str
) -> None:
    location = oracle_api.get(f"logged-models/{logged_model}")["model"]["info"]["artifact_uri"]
    create(oracle_api, source=f"models:/{logged_model}", model_id=logged_model)
    found = oracle_api.get("model-versions/get-download-uri", name="churn", version="1")
    assert found == {"artifact_uri": location}
