"""Collecting garbage: what was deleted goes for good, what was not stays."""

from tests.support.api import Api
from tests.support.codes import INCORRECT_STATE_TO_MLFLOW, INVALID, NOT_FOUND


def _run(api: Api, experiment: str = "0") -> str:
    run_id: str = api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"]
    return run_id


def _deleted_run(api: Api, experiment: str = "0") -> str:
    run_id = _run(api, experiment)
    api.post("runs/delete", run_id=run_id)
    return run_id


def test_deleted_runs_go_and_active_ones_stay(mlflow_api: Api) -> None:
    deleted, active = _deleted_run(mlflow_api), _run(mlflow_api)
    answer = mlflow_api.post("internal/gc")
    assert answer == {"run_ids": [deleted], "model_ids": [], "experiment_ids": [], "more": False}
    assert mlflow_api.call("GET", "runs/get", query={"run_id": deleted}).status == 404
    assert mlflow_api.call("GET", "runs/get", query={"run_id": active}).status == 200


def test_a_deleted_experiment_goes_with_its_runs(mlflow_api: Api) -> None:
    experiment = mlflow_api.post("experiments/create", name="old")["experiment_id"]
    run = _run(mlflow_api, experiment)
    mlflow_api.post("experiments/delete", experiment_id=experiment)
    answer = mlflow_api.post("internal/gc")
    assert (answer["run_ids"], answer["experiment_ids"]) == ([run], [experiment])
    assert mlflow_api.call("GET", "experiments/get", query={"experiment_id": experiment}).status == 404
    assert mlflow_api.post("experiments/create", name="old")["experiment_id"] != experiment


def test_the_default_experiment_stays_although_it_is_deleted(mlflow_api: Api) -> None:
    mlflow_api.post("experiments/delete", experiment_id="0")
    assert mlflow_api.post("internal/gc")["experiment_ids"] == []
    named = mlflow_api.call("POST", "internal/gc", {"experiment_ids": ["0"]})
    assert named.error == INCORRECT_STATE_TO_MLFLOW
    mlflow_api.post("experiments/restore", experiment_id="0")


def test_what_was_deleted_lately_stays(mlflow_api: Api) -> None:
    run = _deleted_run(mlflow_api)
    assert mlflow_api.post("internal/gc", older_than="1d2h")["run_ids"] == []
    named = mlflow_api.call("POST", "internal/gc", {"older_than": "1d", "run_ids": [run]})
    assert named.error == INCORRECT_STATE_TO_MLFLOW
    assert mlflow_api.post("internal/gc", older_than="0s")["run_ids"] == [run]


def test_only_what_is_named_goes(mlflow_api: Api) -> None:
    first, second = _deleted_run(mlflow_api), _deleted_run(mlflow_api)
    assert mlflow_api.post("internal/gc", run_ids=[first])["run_ids"] == [first]
    assert mlflow_api.call("GET", "runs/get", query={"run_id": second}).status == 200


def test_nothing_goes_where_one_that_is_named_is_not_deleted(mlflow_api: Api) -> None:
    deleted, active = _deleted_run(mlflow_api), _run(mlflow_api)
    refused = mlflow_api.call("POST", "internal/gc", {"run_ids": [deleted, active]})
    assert refused.error == INCORRECT_STATE_TO_MLFLOW
    assert mlflow_api.call("GET", "runs/get", query={"run_id": deleted}).status == 200


def test_an_unknown_id_is_404(mlflow_api: Api) -> None:
    refused = mlflow_api.call("POST", "internal/gc", {"run_ids": ["none"]})
    assert refused.error == NOT_FOUND


def test_a_request_removes_no_more_than_it_says_and_tells_that_there_is_more(mlflow_api: Api) -> None:
    runs = [_deleted_run(mlflow_api) for _ in range(3)]
    first = mlflow_api.post("internal/gc", max_results=2)
    assert (first["run_ids"], first["more"]) == (runs[:2], True)
    second = mlflow_api.post("internal/gc", max_results=2)
    assert (second["run_ids"], second["more"]) == (runs[2:], False)


def test_an_age_that_is_none_is_refused(mlflow_api: Api) -> None:
    refused = mlflow_api.call("POST", "internal/gc", {"older_than": "a month"})
    assert refused.error == INVALID
    assert "'older_than'" in refused.body["message"]
