"""The order of runs, and which of them a search answers."""

from typing import Any

import pytest

from tests.support.api import Api


def _log(api: Api, name: str, start: int = 1, metrics: dict[str, Any] | None = None, **params: str) -> str:
    run: str = api.post("runs/create", experiment_id="0", run_name=name, start_time=start)["run"]["info"]["run_id"]
    api.post(
        "runs/log-batch",
        run_id=run,
        metrics=[{"key": key, "value": value, "timestamp": 1, "step": 0} for key, value in (metrics or {}).items()],
        params=[{"key": key, "value": value} for key, value in params.items()],
    )
    return run


def _names(api: Api, *order_by: str, **search: Any) -> list[str]:
    asked = {"experiment_ids": ["0"], "order_by": order_by, **search}
    return [run["info"]["run_name"] for run in api.ok("POST", "runs/search", asked)["runs"]]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("metrics.auc", ["low", "middle", "high", "nan", "late", "early"]),
        ("metrics.auc ASC", ["low", "middle", "high", "nan", "late", "early"]),
        ("metrics.auc DESC", ["high", "middle", "low", "nan", "late", "early"]),
        ("metric.`auc` desc", ["high", "middle", "low", "nan", "late", "early"]),
    ],
)
def test_nan_stands_behind_numbers_and_a_run_without_the_metric_last_in_both_directions(
    oracle_api: Api, order: str, names: list[str]
) -> None:
    _log(oracle_api, "early", 1)
    _log(oracle_api, "late", 2)
    _log(oracle_api, "high", 3, {"auc": "Infinity"})
    _log(oracle_api, "nan", 4, {"auc": "NaN"})
    _log(oracle_api, "low", 5, {"auc": -3})
    _log(oracle_api, "middle", 6, {"auc": 0.0})
    assert _names(oracle_api, order) == names
    assert _names(oracle_api, order, max_results=2) == names[:2]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("params.depth", ["ten", "nine", "none"]),
        ("params.depth DESC", ["nine", "ten", "none"]),
        ("tags.mlflow.runName DESC", ["ten", "none", "nine"]),
        ("attributes.run_name", ["nine", "none", "ten"]),
    ],
)
def test_params_and_tags_are_ordered_as_text(oracle_api: Api, order: str, names: list[str]) -> None:
    _log(oracle_api, "none")
    _log(oracle_api, "nine", depth="9")
    _log(oracle_api, "ten", depth="10")
    assert _names(oracle_api, order) == names


@pytest.mark.parametrize("direction", ["", " DESC"])
def test_a_run_that_goes_on_stands_last_by_its_end(oracle_api: Api, direction: str) -> None:
    _log(oracle_api, "runs on", 9)
    for name, end in (("first", 10), ("second", 20)):
        oracle_api.post("runs/update", run_id=_log(oracle_api, name), status="FINISHED", end_time=end)
    ended = ["second", "first"] if direction else ["first", "second"]
    assert _names(oracle_api, f"end_time{direction}") == [*ended, "runs on"]


def test_ties_are_decided_by_the_latest_start_then_by_id(oracle_api: Api) -> None:
    same = sorted((_log(oracle_api, f"same {number}", 5), f"same {number}") for number in range(4))
    _log(oracle_api, "later", 6)
    expected = ["later", *(name for _, name in same)]
    for order in ([], ["metrics.auc DESC"], ["params.depth"], ["status"]):
        assert _names(oracle_api, *order) == expected


def test_several_keys_order_one_after_the_other(oracle_api: Api) -> None:
    _log(oracle_api, "a", 1, {"auc": 1, "loss": 2})
    _log(oracle_api, "b", 2, {"auc": 1, "loss": 1})
    _log(oracle_api, "c", 3, {"auc": 1})
    _log(oracle_api, "d", 4, {"loss": 0})
    assert _names(oracle_api, "metrics.auc DESC", "metrics.loss") == ["b", "a", "c", "d"]
    assert _names(oracle_api, "metrics.loss, metrics.auc") == ["d", "b", "a", "c"]


def test_the_latest_value_of_a_metric_is_what_counts(oracle_api: Api) -> None:
    run = _log(oracle_api, "falls", 1, {"auc": 0.9})
    _log(oracle_api, "stays", 2, {"auc": 0.5})
    oracle_api.post("runs/log-metric", run_id=run, key="auc", value=0.1, timestamp=2, step=1)
    assert _names(oracle_api, "metrics.auc DESC") == ["stays", "falls"]
    assert _names(oracle_api, filter="metrics.auc > 0.3") == ["stays"]


def test_a_view_answers_active_or_deleted_runs_or_both(oracle_api: Api) -> None:
    _log(oracle_api, "kept", 2)
    oracle_api.post("runs/delete", run_id=_log(oracle_api, "gone", 1))
    assert _names(oracle_api) == ["kept"]
    assert _names(oracle_api, run_view_type="ACTIVE_ONLY") == ["kept"]
    assert _names(oracle_api, run_view_type="DELETED_ONLY") == ["gone"]
    assert _names(oracle_api, run_view_type="ALL") == ["kept", "gone"]


def test_values_are_answered_to_the_last_digit(oracle_api: Api) -> None:
    values = {"a": 0.1 + 0.2, "b": 5e-324, "c": 1.7976931348623157e308, "d": -0.0, "e": 2**53 + 0.0}
    _log(oracle_api, "exact", 1, values)
    (run,) = oracle_api.ok("POST", "runs/search", {"experiment_ids": ["0"]})["runs"]
    assert {metric["key"]: metric["value"] for metric in run["data"]["metrics"]} == values


def test_a_search_reaches_no_other_workspace(oracle_api: Api, workspaces_api: Api) -> None:
    _log(oracle_api, "secret")
    key = workspaces_api.post("workspaces", displayName="second")["key"]
    second = Api(workspaces_api.url, f"{workspaces_api.base}/workspaces/{key}/mlops/api/2.0/mlflow")
    assert _names(second) == []
    assert [found["name"] for found in second.ok("POST", "experiments/search", {})["experiments"]] == ["Default"]
