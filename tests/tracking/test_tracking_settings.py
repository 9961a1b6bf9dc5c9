"""The limits of tracking are settings."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID
from tests.support.server import RunningServer


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that refuses long values and has small limits."""
    settings = {
        "TRUNCATE_LONG_VALUES": "false",
        "MAX_METRICS_PER_BATCH": "3",
        "MAX_PARAMS_PER_BATCH": "2",
        "MAX_TAGS_PER_BATCH": "2",
        "MAX_ENTITIES_PER_BATCH": "4",
        "MAX_METRIC_HISTORY_PAGE": "5",
        "MAX_METRIC_HISTORY_RUNS": "2",
        "MAX_EXPERIMENT_NAME_LENGTH": "10",
        "MAX_EXPERIMENT_TAG_VALUE_LENGTH": "11",
        "MAX_RUN_TAG_VALUE_LENGTH": "12",
        "MAX_PARAM_VALUE_LENGTH": "13",
        "MAX_KEY_LENGTH": "14",
    }
    environment = {f"MODELKEEP_{name}": value for name, value in settings.items()}
    with RunningServer(tmp_path_factory.mktemp("strict") / "data", environment=environment) as server:
        yield Api(server.url, "/api/2.0/mlflow")


@pytest.fixture(scope="module")
def run(strict: Api) -> str:
    run_id: str = strict.post("runs/create", run_name="first")["run"]["info"]["run_id"]
    return run_id


def entries(count: int) -> list[dict[str, Any]]:
    return [{"key": f"k{n}", "value": "1", "timestamp": 1} for n in range(count)]


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("runs/log-parameter", {"key": "a", "value": "v" * 14}, "value"),
        ("runs/log-batch", {"params": [{"key": "a", "value": "v" * 14}]}, "params[0].value"),
        ("runs/set-tag", {"key": "a", "value": "v" * 13}, "value"),
        ("runs/log-batch", {"tags": [{"key": "a", "value": "v" * 13}]}, "tags[0].value"),
        ("internal/runs/update-tags", {"set_tags": [{"key": "a", "value": "v" * 13}]}, "set_tags[0].value"),
        ("runs/create", {"tags": [{"key": "a", "value": "v" * 13}]}, "tags[0].value"),
        ("runs/create", {"run_name": "v" * 13}, "run_name"),
        ("runs/update", {"run_name": "v" * 13}, "run_name"),
        ("runs/set-tag", {"key": "k" * 15, "value": ""}, "key"),
        ("experiments/create", {"name": "n" * 11}, "name"),
        ("experiments/set-experiment-tag", {"experiment_id": "0", "key": "a", "value": "v" * 12}, "value"),
    ],
)
def test_values_longer_than_the_settings_say_are_refused_where_they_are_not_to_be_cut(
    strict: Api, run: str, path: str, fields: dict[str, Any], field: str
) -> None:
    before = strict.get("runs/get", run_id=run)
    answer = strict.call("POST", path, {"run_id": run, **fields})
    assert answer.error == INVALID
    assert f"'{field}'" in answer.body["message"]
    assert strict.get("runs/get", run_id=run) == before


def test_values_as_long_as_the_settings_say_are_kept(strict: Api) -> None:
    tags = [{"key": "a", "value": "v" * 12}]
    created = strict.post("runs/create", run_name="n" * 12, tags=tags)["run"]
    strict.post("runs/log-parameter", run_id=created["info"]["run_id"], key="k" * 14, value="v" * 13)
    found = strict.get("runs/get", run_id=created["info"]["run_id"])["run"]["data"]
    assert found["params"] == [{"key": "k" * 14, "value": "v" * 13}]
    assert tags[0] in found["tags"]


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"metrics": entries(4)}, "at most 3 metrics"),
        ({"params": entries(3)}, "at most 2 params"),
        ({"tags": entries(3)}, "at most 2 tags"),
        ({"metrics": entries(1), "params": entries(2), "tags": entries(2)}, "at most 4 metrics, params, and tags"),
    ],
)
def test_batches_larger_than_the_settings_say_are_refused(
    strict: Api, run: str, lists: dict[str, Any], message: str
) -> None:
    answer = strict.call("POST", "runs/log-batch", {"run_id": run, **lists})
    assert answer.error == INVALID
    assert message in answer.body["message"]


def test_a_history_is_answered_in_pages_of_the_size_that_the_settings_say(strict: Api, run: str) -> None:
    for at in range(7):
        strict.post("runs/log-metric", run_id=run, key="loss", value=1, timestamp=at)
    first = strict.get("metrics/get-history", run_id=run, metric_key="loss")
    rest = strict.get("metrics/get-history", run_id=run, metric_key="loss", page_token=first["next_page_token"])
    assert [point["timestamp"] for point in first["metrics"]] == [0, 1, 2, 3, 4]
    assert [point["timestamp"] for point in rest["metrics"]] == [5, 6]
    assert "next_page_token" not in rest
    query = {"run_id": run, "metric_key": "loss", "max_results": 6}
    assert strict.call("GET", "metrics/get-history", query=query).error == INVALID


def test_a_history_of_more_runs_than_the_settings_say_is_refused(strict: Api, run: str) -> None:
    query = {"run_ids": [run] * 3, "metric_key": "loss"}
    assert strict.call("GET", "metrics/get-history-bulk-interval", query=query).error == INVALID
