"""Searching logged models, by what was measured of them and on which data."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer

_WINE = {"dataset_name": "wine", "dataset_digest": "d1"}
_OTHER_WINE = {"dataset_name": "wine", "dataset_digest": "d2"}
_IRIS = {"dataset_name": "iris", "dataset_digest": "d1"}


@pytest.fixture(scope="module")
def found(server: RunningServer) -> Api:
    """A workspace with four logged models, of which one is deleted, and one in another experiment."""
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": "model-filters"}, status=201)
    api = Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": "model-filters"})
    api.post("experiments/create", name="other")
    run = api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]

    def made(name: str, experiment: str = "0", **fields: Any) -> str:
        answer = api.post("logged-models", experiment_id=experiment, name=name, source_run_id=run, **fields)
        model: str = answer["model"]["info"]["model_id"]
        return model

    def measured(model: str, *points: tuple[float | str, int, dict[str, str]]) -> None:
        metrics = [
            {"key": "auc", "value": value, "timestamp": time, "step": 0, "model_id": model, **dataset}
            for value, time, dataset in points
        ]
        api.post("runs/log-batch", run_id=run, metrics=metrics)

    tree = made("tree", model_type="sklearn", params=[{"key": "depth", "value": "3"}])
    measured(tree, (0.9, 1, _WINE), (0.2, 2, _IRIS))
    net = made("net", tags=[{"key": "team", "value": "Risk"}])
    measured(net, (0.5, 1, _OTHER_WINE), (0.6, 2, {}))
    api.ok("PATCH", f"logged-models/{net}", {"status": "LOGGED_MODEL_READY"})
    made("bare", params=[{"key": "depth", "value": "5"}])
    api.ok("DELETE", f"logged-models/{made('gone')}")
    made("elsewhere", "1", model_type="sklearn")
    return api


def _search(api: Api, text: str = "", **search: Any) -> list[str]:
    asked = {"experiment_ids": ["0"], "filter": text, **search}
    return [model["info"]["name"] for model in api.ok("POST", "logged-models/search", asked)["models"]]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["bare", "net", "tree"]),
        ("name = 'tree'", ["tree"]),
        ("attributes.name LIKE '%e'", ["bare", "tree"]),
        ("name IN ('net', 'tree')", ["net", "tree"]),
        ("model_type = 'sklearn'", ["tree"]),
        ("model_type != 'sklearn'", []),
        ("status = 'READY'", ["net"]),
        ("status = 'LOGGED_MODEL_READY'", ["net"]),
        ("status != 'READY'", ["bare", "tree"]),
        ("status NOT IN ('LOGGED_MODEL_READY')", ["bare", "tree"]),
        ("experiment_id = '0'", ["bare", "net", "tree"]),
        ("experiment_id IN ('1')", []),
        ("source_run_id LIKE '%'", ["bare", "net", "tree"]),
        ("creation_time > 5.5", ["bare", "net", "tree"]),
        ("last_updated_timestamp < 5", []),
        ("metrics.auc > 0.55", ["net", "tree"]),
        ("metrics.auc = 0.2", ["tree"]),
        ("metrics.auc != 0.2", ["net", "tree"]),
        ("metrics.auc > 0.1 AND metrics.auc < 0.55", ["net", "tree"]),
        ("params.depth = '3'", ["tree"]),
        ("params.depth != '3'", ["bare"]),
        ("params.depth IN ('3', '5')", ["bare", "tree"]),
        ("tags.team ILIKE 'r%'", ["net"]),
    ],
)
def test_a_filter_finds_what_it_says(found: Api, text: str, names: list[str]) -> None:
    assert sorted(_search(found, text)) == names


def test_models_of_all_named_experiments_are_searched(found: Api) -> None:
    assert sorted(_search(found, "model_type = 'sklearn'", experiment_ids=["0", "1"])) == ["elsewhere", "tree"]


@pytest.mark.parametrize(
    ("text", "datasets", "names"),
    [
        ("", [_WINE], ["tree"]),
        ("", [{"dataset_name": "wine"}], ["net", "tree"]),
        ("", [_IRIS, _OTHER_WINE], ["net", "tree"]),
        ("", [{"dataset_name": "absent"}], []),
        ("metrics.auc > 0.4", [{"dataset_name": "iris"}], []),
        ("metrics.auc > 0.4", [{"dataset_name": "wine"}], ["net", "tree"]),
        ("metrics.auc > 0.4", [_WINE], ["tree"]),
        ("name = 'net'", [_WINE], []),
    ],
)
def test_where_datasets_are_named_metrics_on_them_alone_count(
    found: Api, text: str, datasets: list[dict[str, str]], names: list[str]
) -> None:
    assert sorted(_search(found, text, datasets=datasets)) == names


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ([{"field_name": "name"}], ["bare", "net", "tree"]),
        ([{"field_name": "name", "ascending": False}], ["tree", "net", "bare"]),
        ([{"field_name": "metrics.auc"}], ["tree", "net", "bare"]),
        ([{"field_name": "metrics.auc", "ascending": False}], ["net", "tree", "bare"]),
        ([{"field_name": "metrics.auc", "dataset_name": "wine"}], ["net", "tree", "bare"]),
        ([{"field_name": "metrics.auc", "ascending": False, **_IRIS}, {"field_name": "name"}], ["tree", "bare", "net"]),
        ([{"field_name": "model_type", "ascending": False}, {"field_name": "name"}], ["tree", "bare", "net"]),
    ],
)
def test_the_order_is_what_it_says(found: Api, order: list[dict[str, Any]], names: list[str]) -> None:
    assert _search(found, order_by=order) == names


def test_the_newest_stand_first_by_default(found: Api) -> None:
    listed = found.ok("POST", "logged-models/search", {"experiment_ids": ["0"]})["models"]
    keys = [(-model["info"]["creation_timestamp_ms"], model["info"]["model_id"]) for model in listed]
    assert keys == sorted(keys)


def test_a_model_found_is_answered_as_get_answers_it(found: Api) -> None:
    for model in found.ok("POST", "logged-models/search", {"experiment_ids": ["0"]})["models"]:
        assert found.get(f"logged-models/{model['info']['model_id']}")["model"] == model
