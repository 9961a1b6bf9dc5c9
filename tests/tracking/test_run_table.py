"""What tables of runs ask for: chosen columns, children, and the keys that can be chosen."""

import pytest

from tests.support.api import Api


def _run(api: Api, name: str, parent: str = "", **logged: object) -> str:
    tags = [{"key": "mlflow.parentRunId", "value": parent}] if parent else []
    run: str = api.post("runs/create", experiment_id="0", run_name=name, tags=tags)["run"]["info"]["run_id"]
    api.post("runs/log-batch", run_id=run, **logged)
    return run


@pytest.fixture
def table(oracle_api: Api) -> Api:
    return Api(oracle_api.url, oracle_api.base.removesuffix("/mlflow"))


def test_a_table_has_the_columns_that_it_asks_for(table: Api, oracle_api: Api) -> None:
    metrics = [{"key": key, "value": 0.5, "timestamp": 1, "step": 2} for key in ("auc", "loss")]
    params = [{"key": "lr", "value": "0.1"}, {"key": "depth", "value": "3"}]
    run = _run(oracle_api, "a", metrics=metrics, params=params, tags=[{"key": "team", "value": "risk"}])
    answer = table.post(
        "runs/table", experiment_ids=["0"], metric_keys=["auc"], param_keys=["lr"], tag_keys=["team", "absent"]
    )
    (found,) = answer["runs"]
    assert found["info"]["run_id"] == run
    assert found["metrics"] == [{"key": "auc", "value": 0.5, "timestamp": 1, "step": 2}]
    assert found["params"] == [{"key": "lr", "value": "0.1"}]
    assert found["tags"] == [{"key": "team", "value": "risk"}]
    assert (found["parent_run_id"], found["children"]) == ("", 0)


def test_children_are_counted_without_deleted_ones(table: Api, oracle_api: Api) -> None:
    parent = _run(oracle_api, "parent")
    children = [_run(oracle_api, f"child {number}", parent) for number in range(3)]
    oracle_api.post("runs/delete", run_id=children[0])
    answer = table.post("runs/table", experiment_ids=["0"], order_by=["run_name"])
    assert [(run["children"], run["parent_run_id"]) for run in answer["runs"]] == [(0, parent), (0, parent), (2, "")]


def test_a_table_goes_on_page_by_page_in_the_order_of_a_metric(table: Api, oracle_api: Api) -> None:
    for number in range(3):
        _run(oracle_api, f"r{number}", metrics=[{"key": "auc", "value": number, "timestamp": 1}])
    asked = {"experiment_ids": ["0"], "order_by": ["metrics.auc DESC"], "max_results": 2}
    first = table.post("runs/table", **asked)
    second = table.post("runs/table", **asked, page_token=first["next_page_token"])
    assert [run["info"]["run_name"] for run in first["runs"] + second["runs"]] == ["r2", "r1", "r0"]
    assert "next_page_token" not in second


def test_outermost_runs_are_those_whose_parent_is_not_answered_itself(table: Api, oracle_api: Api) -> None:
    metric = [{"key": "auc", "value": 1, "timestamp": 1}]
    parent, gone = _run(oracle_api, "a parent", metrics=metric), _run(oracle_api, "gone")
    _run(oracle_api, "a child", parent, metrics=metric)
    _run(oracle_api, "b of the deleted", gone)
    _run(oracle_api, "c of nobody", "0" * 32, metrics=metric)
    own = _run(oracle_api, "d of itself")
    oracle_api.post("runs/set-tag", run_id=own, key="mlflow.parentRunId", value=own)
    oracle_api.post("runs/delete", run_id=gone)
    for order in ("run_name", "metrics.auc DESC"):
        asked = {"experiment_ids": ["0"], "order_by": [order], "outermost": True, "max_results": 2}
        first = table.post("runs/table", **asked)
        second = table.post("runs/table", **asked, page_token=first["next_page_token"])
        names = [run["info"]["run_name"] for run in first["runs"] + second["runs"]]
        assert sorted(names) == ["a parent", "b of the deleted", "c of nobody", "d of itself"]
        other = {**asked, "outermost": False, "page_token": first["next_page_token"]}
        assert table.call("POST", "runs/table", other).status == 400
    deleted = table.post("runs/table", experiment_ids=["0"], run_view_type="DELETED_ONLY", outermost=True)
    assert [run["info"]["run_name"] for run in deleted["runs"]] == ["gone"]


def test_too_many_columns_are_refused(table: Api) -> None:
    answer = table.call("POST", "runs/table", {"experiment_ids": ["0"], "metric_keys": ["a"] * 201})
    assert answer.error == (400, "INVALID_PARAMETER_VALUE", "InvalidParameter")
    assert "metric_keys" in answer.body["message"]


def test_keys_are_found_by_a_part_of_them(table: Api, oracle_api: Api) -> None:
    metrics = [{"key": key, "value": 1, "timestamp": 1} for key in ("val/AUC", "train/auc", "loss")]
    params = [{"key": "lr", "value": "1"}]
    _run(oracle_api, "a", metrics=metrics, params=params, tags=[{"key": "team", "value": "x"}])
    other = oracle_api.post("experiments/create", name="other")["experiment_id"]

    def keys(experiment: str, kind: str, **asked: object) -> dict[str, object]:
        answer: dict[str, object] = table.get("runs/keys", experiment_id=experiment, kind=kind, **asked)
        return answer

    assert keys("0", "metrics") == {"keys": ["loss", "train/auc", "val/AUC"], "further": False}
    assert keys("0", "metrics", contains="auc", max_results=1) == {"keys": ["train/auc"], "further": True}
    assert keys("0", "params") == {"keys": ["lr"], "further": False}
    assert keys("0", "tags", contains="TEAM") == {"keys": ["team"], "further": False}
    assert keys(other, "metrics") == {"keys": [], "further": False}
