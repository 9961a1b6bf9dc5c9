"""Batches: metrics, params and tags in one step, all of them or none."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_FOUND

Error = tuple[int, str, str]


def points(count: int, keys: int = 1) -> list[dict[str, Any]]:
    """That many points of so many metrics, each at a time of its own."""
    return [{"key": f"m{n % keys}", "value": n, "timestamp": n, "step": n} for n in range(count)]


def params(count: int) -> list[dict[str, str]]:
    return [{"key": f"p{n}", "value": str(n)} for n in range(count)]


def tags(count: int) -> list[dict[str, str]]:
    return [{"key": f"t{n}", "value": str(n)} for n in range(count)]


def data_of(api: Api, run: str) -> Any:
    return api.get("runs/get", run_id=run)["run"]["data"]


def counts(api: Api, run: str) -> tuple[int, int, int]:
    """How many metrics, params and tags a run has beside its name."""
    data = data_of(api, run)
    return len(data["metrics"]), len(data["params"]), len(data["tags"]) - 1


def history(api: Api, run: str, key: str) -> list[int]:
    found = api.get("metrics/get-history", run_id=run, metric_key=key)["metrics"]
    return [point["timestamp"] for point in found]


def test_a_batch_logs_metrics_params_and_tags(any_workspace_api: Api) -> None:
    run = any_workspace_api.post("runs/create", run_name="first")["run"]["info"]["run_id"]
    answer = any_workspace_api.post(
        "runs/log-batch",
        run_id=run,
        metrics=[{"key": "loss", "value": 0.5, "timestamp": 1, "step": 2}, {"key": "acc", "value": 1, "timestamp": 3}],
        params=[{"key": "depth", "value": "7"}],
        tags=[{"key": "team", "value": "risk"}],
    )
    assert answer == {}
    data = data_of(any_workspace_api, run)
    assert sorted(data["metrics"], key=lambda metric: str(metric["key"])) == [
        {"key": "acc", "value": 1.0, "timestamp": 3, "step": 0},
        {"key": "loss", "value": 0.5, "timestamp": 1, "step": 2},
    ]
    assert data["params"] == [{"key": "depth", "value": "7"}]
    assert data["tags"] == [{"key": "mlflow.runName", "value": "first"}, {"key": "team", "value": "risk"}]


@pytest.mark.parametrize(
    "lists", [{}, {"metrics": [], "params": [], "tags": []}, {"metrics": None, "params": None, "tags": None}]
)
def test_a_batch_of_nothing_changes_nothing(oracle_api: Api, run: str, lists: dict[str, Any]) -> None:
    before = data_of(oracle_api, run)
    assert oracle_api.post("runs/log-batch", run_id=run, **lists) == {}
    assert data_of(oracle_api, run) == before


@pytest.mark.parametrize(
    ("metrics", "params_", "tags_"),
    [(1_000, 0, 0), (0, 100, 0), (0, 0, 100), (800, 100, 100)],
)
def test_a_batch_may_be_as_large_as_its_limits(
    oracle_api: Api, run: str, metrics: int, params_: int, tags_: int
) -> None:
    oracle_api.post(
        "runs/log-batch", run_id=run, metrics=points(metrics, 1_000), params=params(params_), tags=tags(tags_)
    )
    assert counts(oracle_api, run) == (metrics, params_, tags_)


@pytest.mark.parametrize(
    ("lists", "most", "what", "given"),
    [
        ({"metrics": points(1_001)}, 1_000, "metrics", 1_001),
        ({"params": params(101)}, 100, "params", 101),
        ({"tags": tags(101)}, 100, "tags", 101),
        (
            {"metrics": points(801), "params": params(100), "tags": tags(100)},
            1_000,
            "metrics, params, and tags",
            1_001,
        ),
    ],
    ids=["metrics", "params", "tags", "together"],
)
def test_a_larger_batch_is_refused_in_mlflows_words_and_nothing_logged(
    oracle_api: Api, mlflow_api: Api, run: str, lists: dict[str, Any], most: int, what: str, given: int
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/log-batch", {"run_id": run, **lists})
        assert answer.error == INVALID
        assert answer.body["message"].startswith(
            f"A batch logging request can contain at most {most} {what}. Got {given} {what}."
        )
    assert counts(oracle_api, run) == (0, 0, 0)


@pytest.mark.parametrize(
    ("bad", "error", "field"),
    [
        ({"tags": [{"key": "ok"}, {"key": ""}]}, MISSING, "tags[1].key"),
        ({"tags": [{"key": "ok"}, {"value": "1"}]}, MISSING, "tags.key"),
        ({"tags": [{"key": "k" * 251}]}, INVALID, "tags[0].key"),
        ({"tags": [{"key": "a", "value": 5}]}, INVALID, "tags.value"),
        ({"tags": "a=1"}, INVALID, "tags"),
        ({"params": [{"key": "ok", "value": "1"}, {"key": "a,b", "value": "1"}]}, INVALID, "params[1].key"),
        ({"params": [{"key": "set", "value": "other"}]}, INVALID, "params[0]"),
        ({"params": [{"value": "1"}]}, MISSING, "params.key"),
        ({"params": {"a": "1"}}, INVALID, "params"),
        ({"metrics": [*points(3), {"key": "", "value": 1, "timestamp": 1}]}, MISSING, "metrics[3].key"),
        ({"metrics": [*points(3), {"key": "m0", "value": 1, "timestamp": -1}]}, INVALID, "metrics[3].timestamp"),
        ({"metrics": [*points(3), {"key": "m0", "value": "high", "timestamp": 1}]}, INVALID, "metrics.value"),
        ({"metrics": [*points(3), {"key": "m0", "timestamp": 1}]}, MISSING, "metrics.value"),
        ({"metrics": [None]}, MISSING, "metrics"),
        ({"metrics": 5}, INVALID, "metrics"),
    ],
)
def test_one_bad_entry_leaves_nothing_of_the_batch(
    oracle_api: Api, mlflow_api: Api, run: str, bad: dict[str, Any], error: Error, field: str
) -> None:
    oracle_api.post("runs/log-parameter", run_id=run, key="set", value="7")
    before = data_of(oracle_api, run)
    whole = {"metrics": points(20, 10), "params": params(3), "tags": tags(3)}
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/log-batch", {"run_id": run, **whole, **bad})
        assert answer.error == error
        assert f"'{field}'" in answer.body["message"]
    assert data_of(oracle_api, run) == before
    assert all(history(oracle_api, run, f"m{n}") == [] for n in range(10))


def test_a_model_that_is_not_there_leaves_nothing_of_the_batch(oracle_api: Api, run: str) -> None:
    metrics = [*points(20, 10), {"key": "m0", "value": 1, "timestamp": 99, "model_id": "m-none"}]
    answer = oracle_api.call("POST", "runs/log-batch", {"run_id": run, "metrics": metrics, "tags": tags(1)})
    assert answer.body["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert counts(oracle_api, run) == (0, 0, 0)
    assert history(oracle_api, run, "m0") == []


def test_a_batch_sent_again_changes_nothing(oracle_api: Api, run: str) -> None:
    batch = {"metrics": points(100, 20), "params": params(5), "tags": tags(5)}
    oracle_api.post("runs/log-batch", run_id=run, **batch)
    before = data_of(oracle_api, run)
    oracle_api.post("runs/log-batch", run_id=run, **batch)
    assert data_of(oracle_api, run) == before
    assert history(oracle_api, run, "m0") == [0, 20, 40, 60, 80]


def test_of_two_tags_with_one_key_the_last_counts(oracle_api: Api, run: str) -> None:
    oracle_api.post("runs/log-batch", run_id=run, tags=[{"key": "a", "value": "1"}, {"key": "a", "value": "2"}])
    assert {"key": "a", "value": "2"} in data_of(oracle_api, run)["tags"]
    assert counts(oracle_api, run) == (0, 0, 1)


def test_a_run_is_named_by_its_older_name_of_its_id(oracle_api: Api, run: str) -> None:
    oracle_api.post("runs/log-batch", run_uuid=run, tags=tags(1))
    assert counts(oracle_api, run) == (0, 0, 1)


_KEYS = 20
"""Metrics of a batch: enough that its points are put aside first."""


def big_batch(number: int, keys: int = _KEYS) -> list[dict[str, Any]]:
    """1,000 points of so many metrics; batches with other numbers have other points."""
    return [
        {"key": f"m{n % keys}", "value": n, "timestamp": number * 1_000 + n // keys, "step": number}
        for n in range(1_000)
    ]


def test_many_points_of_many_metrics_are_all_in_their_histories(oracle_api: Api, run: str) -> None:
    expected = sorted(number * 1_000 + place for number in range(10) for place in range(1_000 // _KEYS))
    for number in (7, 2, 9, 0, 4, 1, 8, 3, 6, 5):
        oracle_api.post("runs/log-batch", run_id=run, metrics=big_batch(number))
    for key in ("m0", f"m{_KEYS - 1}"):
        assert history(oracle_api, run, key) == expected
    latest = {metric["key"]: metric for metric in data_of(oracle_api, run)["metrics"]}
    assert len(latest) == _KEYS
    assert {(metric["step"], metric["timestamp"]) for metric in latest.values()} == {(9, 9_000 + 1_000 // _KEYS - 1)}


@pytest.mark.parametrize("before", [1, 4, 5, 6])
def test_points_logged_again_are_kept_once_wherever_they_are_by_then(oracle_api: Api, run: str, before: int) -> None:
    for number in range(before):
        oracle_api.post("runs/log-batch", run_id=run, metrics=big_batch(number))
    again = big_batch(0)
    alone = [point for point in again if point["key"] == "m0"]
    for batch in (again, alone, alone[:1], again):
        oracle_api.post("runs/log-batch", run_id=run, metrics=batch)
    oracle_api.post("runs/log-metric", run_id=run, **alone[0])
    expected = [number * 1_000 + place for number in range(before) for place in range(1_000 // _KEYS)]
    assert history(oracle_api, run, "m0") == history(oracle_api, run, "m1") == expected
    for number in range(before, before + 5):
        oracle_api.post("runs/log-batch", run_id=run, metrics=[*big_batch(number)])
    expected = [number * 1_000 + place for number in range(before + 5) for place in range(1_000 // _KEYS)]
    assert history(oracle_api, run, "m0") == history(oracle_api, run, "m1") == expected


@pytest.mark.parametrize("size", [37, 100, 199])
def test_pages_and_samples_are_whole_while_points_are_in_two_places(oracle_api: Api, run: str, size: int) -> None:
    for number in (3, 1, 4, 0, 2, 5, 6):
        oracle_api.post("runs/log-batch", run_id=run, metrics=big_batch(number))
    expected = [number * 1_000 + place for number in range(7) for place in range(1_000 // _KEYS)]
    found: list[int] = []
    token: dict[str, str] = {}
    while True:
        page = oracle_api.get("metrics/get-history", run_id=run, metric_key="m3", max_results=size, **token)
        found += [point["timestamp"] for point in page["metrics"]]
        if "next_page_token" not in page:
            break
        token = {"page_token": page["next_page_token"]}
    assert found == expected
    sample = oracle_api.get("metrics/get-history-bulk-interval", run_ids=run, metric_key="m3", max_results=size)
    assert len(sample["metrics"]) == size
    assert (sample["metrics"][0]["timestamp"], sample["metrics"][-1]["timestamp"]) == (expected[0], expected[-1])
    assert len({(point["timestamp"], point["step"]) for point in sample["metrics"]}) == size


def test_points_in_both_places_go_with_a_run_that_is_deleted_for_good(oracle_api: Api, run: str) -> None:
    for number in range(6):
        oracle_api.post("runs/log-batch", run_id=run, metrics=big_batch(number))
    oracle_api.post("runs/delete", run_id=run, is_permanent=True)
    query = {"run_id": run, "metric_key": "m0"}
    assert oracle_api.call("GET", "metrics/get-history", query=query).error == NOT_FOUND


def test_what_is_no_finite_number_is_moved_as_it_is(oracle_api: Api, run: str) -> None:
    odd = [
        {"key": f"m{n}", "value": value, "timestamp": 5_000_000, "step": 5_000}
        for n, value in enumerate(["NaN", "Infinity", "-Infinity", 0, 1, 2, 3, 4, 5, 6])
    ]
    oracle_api.post("runs/log-batch", run_id=run, metrics=odd)
    for number in range(5):
        oracle_api.post("runs/log-batch", run_id=run, metrics=big_batch(number))
        oracle_api.post("runs/log-batch", run_id=run, metrics=odd)
    for point in odd:
        found = oracle_api.get("metrics/get-history", run_id=run, metric_key=point["key"])["metrics"]
        assert [last for last in found if last["timestamp"] == 5_000_000] == [point]
    latest = {metric["key"]: metric for metric in data_of(oracle_api, run)["metrics"]}
    assert [latest[point["key"]] for point in odd] == odd
