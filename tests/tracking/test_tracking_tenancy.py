"""Workspaces see nothing of each other's experiments and runs: neither those of one platform nor those of two."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import NOT_FOUND

_ON_RUN: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "runs/get", {}),
    ("GET", "metrics/get-history", {"metric_key": "loss"}),
    ("GET", "metrics/get-history-bulk", {"metric_key": "loss"}),
    ("GET", "metrics/get-history-bulk-interval", {"metric_key": "loss"}),
    ("POST", "runs/update", {"status": "FINISHED"}),
    ("POST", "runs/delete", {}),
    ("POST", "runs/delete", {"is_permanent": True}),
    ("POST", "runs/restore", {}),
    ("POST", "runs/set-tag", {"key": "a", "value": "1"}),
    ("POST", "runs/delete-tag", {"key": "team"}),
    ("POST", "internal/runs/update-tags", {"delete_tags": [{"key": "team"}]}),
    ("POST", "runs/log-parameter", {"key": "a", "value": "1"}),
    ("POST", "runs/log-metric", {"key": "loss", "value": 2, "timestamp": 2}),
    ("POST", "runs/log-batch", {"metrics": [{"key": "loss", "value": 2, "timestamp": 2}]}),
]
_ON_EXPERIMENT: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "experiments/get", {}),
    ("POST", "experiments/update", {"new_name": "other"}),
    ("POST", "experiments/delete", {}),
    ("POST", "experiments/delete", {"is_permanent": True}),
    ("POST", "experiments/restore", {}),
    ("POST", "experiments/set-experiment-tag", {"key": "a", "value": "1"}),
    ("POST", "experiments/delete-experiment-tag", {"key": "team"}),
    ("POST", "internal/experiments/update-experiment-tags", {"delete_tags": [{"key": "team"}]}),
    ("POST", "runs/create", {}),
]


@pytest.fixture
def held(oracle_api: Api) -> tuple[str, str]:
    """An experiment and a run in it, each with a tag; the run has a metric and a param too."""
    tags = [{"key": "team", "value": "risk"}]
    experiment = oracle_api.post("experiments/create", name="payments", tags=tags)["experiment_id"]
    run = oracle_api.post("runs/create", experiment_id=experiment, tags=tags)["run"]["info"]["run_id"]
    metrics, params = [{"key": "loss", "value": 1, "timestamp": 1}], [{"key": "depth", "value": "7"}]
    oracle_api.post("runs/log-batch", run_id=run, metrics=metrics, params=params)
    return experiment, run


def state(api: Api, held: tuple[str, str]) -> list[Any]:
    experiment, run = held
    return [
        api.get("experiments/get", experiment_id=experiment),
        api.get("runs/get", run_id=run),
        api.get("metrics/get-history", run_id=run, metric_key="loss"),
    ]


@pytest.mark.parametrize(("verb", "path", "fields"), _ON_RUN)
def test_a_run_of_another_workspace_is_not_there(
    oracle_api: Api, elsewhere: Api, held: tuple[str, str], verb: str, path: str, fields: dict[str, Any]
) -> None:
    before = state(oracle_api, held)
    named = {"run_ids": [held[1]]} if "interval" in path else {"run_id": held[1]}
    if "bulk" in path and "interval" not in path:
        named = {"run_id": [held[1]]}
    answer = elsewhere.call(verb, path, {**named, **fields})
    assert (answer.error, answer.body["message"]) == (NOT_FOUND, f"Run with id={held[1]} not found")
    assert state(oracle_api, held) == before


@pytest.mark.parametrize(("verb", "path", "fields"), _ON_EXPERIMENT)
def test_an_experiment_of_another_workspace_is_not_there(
    oracle_api: Api, elsewhere: Api, held: tuple[str, str], verb: str, path: str, fields: dict[str, Any]
) -> None:
    before = state(oracle_api, held)
    answer = elsewhere.call(verb, path, {"experiment_id": held[0], **fields})
    assert (answer.error, answer.body["message"]) == (NOT_FOUND, f"No Experiment with id={held[0]} exists")
    by_name = elsewhere.call("GET", "experiments/get-by-name", query={"experiment_name": "payments"})
    assert by_name.error == NOT_FOUND
    assert state(oracle_api, held) == before


def test_one_id_names_an_experiment_in_each_workspace(oracle_api: Api, elsewhere: Api, held: tuple[str, str]) -> None:
    before = state(oracle_api, held)
    assert elsewhere.post("experiments/create", name="theirs")["experiment_id"] == held[0]
    elsewhere.post("experiments/set-experiment-tag", experiment_id=held[0], key="team", value="theirs")
    elsewhere.post("experiments/update", experiment_id=held[0], new_name="payments")
    elsewhere.post("experiments/delete", experiment_id=held[0], is_permanent=True)
    assert state(oracle_api, held) == before


def test_a_metric_of_one_name_has_a_history_in_each_workspace(
    oracle_api: Api, elsewhere: Api, held: tuple[str, str]
) -> None:
    before = state(oracle_api, held)
    theirs = elsewhere.post("runs/create")["run"]["info"]["run_id"]
    elsewhere.post("runs/log-metric", run_id=theirs, key="loss", value=9, timestamp=9)
    found = elsewhere.get("metrics/get-history", run_id=theirs, metric_key="loss")["metrics"]
    assert [point["value"] for point in found] == [9.0]
    assert state(oracle_api, held) == before


def test_experiments_and_runs_go_with_their_workspace(
    oracle_api: Api, second_workspace: Api, workspaces_api: Api, held: tuple[str, str]
) -> None:
    second_workspace.post("experiments/create", name="theirs")
    theirs = second_workspace.post("runs/create", experiment_id="1")["run"]["info"]["run_id"]
    before = state(oracle_api, held)
    workspaces_api.ok("DELETE", "workspaces/second")
    workspaces_api.post("workspaces", displayName="second")
    assert second_workspace.call("GET", "runs/get", query={"run_id": theirs}).error == NOT_FOUND
    assert second_workspace.call("GET", "experiments/get", query={"experiment_id": "1"}).error == NOT_FOUND
    assert second_workspace.get("experiments/get", experiment_id="0")["experiment"]["name"] == "Default"
    assert state(oracle_api, held) == before


@pytest.mark.parametrize(("verb", "path", "fields"), [*_ON_RUN, *_ON_EXPERIMENT])
def test_a_platform_by_itself_has_no_experiments_and_runs(
    platform_api: Api, verb: str, path: str, fields: dict[str, Any]
) -> None:
    answer = platform_api.call(verb, path, {"run_id": "r", "experiment_id": "0", **fields})
    assert answer.error == (404, "ENDPOINT_NOT_FOUND", "NotFound")
