"""The history of a metric: in pages, of several runs at once, and sampled for a chart."""

import itertools
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_FOUND

Error = tuple[int, str, str]
HISTORY, BULK, SAMPLE = "metrics/get-history", "metrics/get-history-bulk", "metrics/get-history-bulk-interval"


def log(api: Api, run: str, points: list[tuple[int, int, Any]], key: str = "loss") -> None:
    metrics = [{"key": key, "timestamp": at, "step": step, "value": value} for at, step, value in points]
    for start in range(0, len(metrics), 1_000):
        api.post("runs/log-batch", run_id=run, metrics=metrics[start : start + 1_000])


def pages(api: Api, run: str, size: int, key: str = "loss") -> list[list[tuple[int, int, Any]]]:
    """All pages of a history, read one after the other."""
    found: list[list[tuple[int, int, Any]]] = []
    token: dict[str, str] = {}
    while True:
        page = api.get(HISTORY, run_id=run, metric_key=key, max_results=size, **token)
        found.append([(point["timestamp"], point["step"], point["value"]) for point in page["metrics"]])
        if "next_page_token" not in page:
            return found
        token = {"page_token": page["next_page_token"]}


@pytest.fixture
def runs(oracle_api: Api, experiment: str) -> list[str]:
    """Three runs in the order of their ids; the steps of their points start at 0, 100 and 200."""
    made = [oracle_api.post("runs/create", experiment_id=experiment)["run"]["info"]["run_id"] for _ in range(3)]
    for number, run in enumerate(sorted(made)):
        log(oracle_api, run, [(step, 100 * number + step, float(step)) for step in range(10)])
    return sorted(made)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 24, 25, 26, 1_000_000])
def test_pages_have_every_point_once_in_order(oracle_api: Api, run: str, size: int) -> None:
    points = [(at, step, float(value)) for at in (5, 6) for step in (-1, 0, 2) for value in (1, 2, 3, 4)]
    points.append((7, 0, 0.0))
    log(oracle_api, run, points[::-1])
    found = pages(oracle_api, run, size)
    assert [point for page in found for point in page] == points
    assert [len(page) for page in found[:-1]] == [size] * (len(found) - 1)
    assert 0 < len(found[-1]) <= size


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_go_on_behind_what_is_no_finite_number(oracle_api: Api, run: str, size: int) -> None:
    values = ["-Infinity", -1.0, 0.0, "NaN", 1.0, "Infinity"]
    log(oracle_api, run, [(at, 0, value) for at in (1, 2) for value in values])
    found = [point for page in pages(oracle_api, run, size) for point in page]
    assert found == [(at, 0, value) for at in (1, 2) for value in values]


def test_a_point_that_comes_between_two_pages_neither_doubles_nor_hides_others(oracle_api: Api, run: str) -> None:
    log(oracle_api, run, [(at, 0, 1.0) for at in (2, 4, 6)])
    first = oracle_api.get(HISTORY, run_id=run, metric_key="loss", max_results=2)
    log(oracle_api, run, [(1, 0, 1.0), (5, 0, 1.0)])
    rest = oracle_api.get(HISTORY, run_id=run, metric_key="loss", max_results=2, page_token=first["next_page_token"])
    assert [point["timestamp"] for point in first["metrics"] + rest["metrics"]] == [2, 4, 5, 6]
    assert "next_page_token" not in rest


def test_a_page_token_is_of_one_run_and_one_metric(
    oracle_api: Api, mlflow_api: Api, second_workspace: Api, runs: list[str]
) -> None:
    log(oracle_api, runs[0], [(1, 1, 1.0)], key="acc")
    token = oracle_api.get(HISTORY, run_id=runs[0], metric_key="loss", max_results=2)["next_page_token"]
    for query in (
        {"run_id": runs[1], "metric_key": "loss"},
        {"run_id": runs[0], "metric_key": "acc"},
    ):
        for api in (oracle_api, mlflow_api):
            answer = api.call("GET", HISTORY, query={**query, "page_token": token})
            assert answer.error == INVALID
            assert "'page_token'" in answer.body["message"]


@pytest.mark.parametrize("token", ["x", "AAAA", "0" * 500, "'; --", "é"])
def test_what_is_no_page_token_is_refused(oracle_api: Api, mlflow_api: Api, run: str, token: str) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("GET", HISTORY, query={"run_id": run, "metric_key": "loss", "page_token": token})
        assert answer.error == INVALID
        assert "'page_token'" in answer.body["message"]


@pytest.mark.parametrize("size", [0, -1, 1_000_001, "many", 1.5])
@pytest.mark.parametrize("path", [HISTORY, BULK, SAMPLE])
def test_a_page_has_a_size_in_its_range(
    oracle_api: Api, mlflow_api: Api, run: str, path: str, size: int | str | float
) -> None:
    named = {"run_id": run, "run_ids": run}
    for api in (oracle_api, mlflow_api):
        answer = api.call("GET", path, query={**named, "metric_key": "loss", "max_results": size})
        assert answer.error == INVALID
        assert "'max_results'" in answer.body["message"]


def test_a_sample_has_at_most_2500_points_of_a_run(oracle_api: Api, run: str) -> None:
    query = {"run_ids": run, "metric_key": "loss", "max_results": 2_501}
    assert oracle_api.call("GET", SAMPLE, query=query).error == INVALID


@pytest.mark.parametrize("path", [HISTORY, BULK, SAMPLE])
@pytest.mark.parametrize("key", [None, ""])
def test_a_history_is_of_a_metric(oracle_api: Api, mlflow_api: Api, run: str, path: str, key: str | None) -> None:
    query = {"run_id": run, "run_ids": run, **({} if key is None else {"metric_key": key})}
    for api in (oracle_api, mlflow_api):
        answer = api.call("GET", path, query=query)
        assert answer.error == MISSING
        assert "'metric_key'" in answer.body["message"]


@pytest.mark.parametrize("key", ["'; DROP TABLE metrics; --", "k" * 1_000, "%", "a/../b"])
@pytest.mark.parametrize("path", [HISTORY, BULK, SAMPLE])
def test_a_key_that_no_metric_has_finds_nothing(oracle_api: Api, run: str, path: str, key: str) -> None:
    log(oracle_api, run, [(1, 1, 1.0)])
    assert oracle_api.get(path, run_id=run, run_ids=run, metric_key=key) == {"metrics": []}


def test_several_runs_are_answered_one_after_the_other(oracle_api: Api, runs: list[str]) -> None:
    found = oracle_api.get(BULK, run_id=[runs[2], runs[0]], metric_key="loss")["metrics"]
    assert found == [
        {"key": "loss", "value": float(step), "timestamp": step, "step": base + step, "run_id": run}
        for run, base in ((runs[0], 0), (runs[2], 200))
        for step in range(10)
    ]


@pytest.mark.parametrize(("most", "steps"), [(1, [0]), (10, range(10)), (13, [*range(10), 100, 101, 102])])
def test_the_points_of_several_runs_are_limited_together(
    oracle_api: Api, runs: list[str], most: int, steps: list[int]
) -> None:
    found = oracle_api.get(BULK, run_id=runs, metric_key="loss", max_results=most)["metrics"]
    assert [point["step"] for point in found] == list(steps)


@pytest.mark.parametrize(("path", "field"), [(BULK, "run_id"), (SAMPLE, "run_ids")])
def test_the_runs_of_a_history_are_1_to_100_that_are_there(
    oracle_api: Api, mlflow_api: Api, run: str, path: str, field: str
) -> None:
    wanted: list[tuple[list[str], Error]] = [([], MISSING), ([run] * 101, INVALID), ([run, "none"], NOT_FOUND)]
    for api in (oracle_api, mlflow_api):
        for runs, error in wanted:
            answer = api.call("GET", path, query={field: runs, "metric_key": "loss"})
            assert answer.error == error
            assert (f"'{field}'" in answer.body["message"]) is (error != NOT_FOUND)


@pytest.mark.parametrize(("path", "field"), [(BULK, "run_id"), (SAMPLE, "run_ids")])
def test_a_run_that_is_named_twice_is_answered_once(oracle_api: Api, runs: list[str], path: str, field: str) -> None:
    found = oracle_api.get(path, **{field: [runs[0], runs[1], runs[0]], "metric_key": "loss"})["metrics"]
    assert [point["step"] for point in found] == [*range(10), *range(100, 110)]


@pytest.mark.parametrize("points", [1, 2, 3, 10, 11, 29, 30, 31, 100])
@pytest.mark.parametrize("most", [1, 2, 3, 7, 30])
def test_a_sample_is_even_and_has_the_first_and_the_last_point(
    oracle_api: Api, run: str, points: int, most: int
) -> None:
    log(oracle_api, run, [(step, step, float(step)) for step in range(points)])
    found = oracle_api.get(SAMPLE, run_ids=run, metric_key="loss", max_results=most)["metrics"]
    steps = [point["step"] for point in found]
    assert len(steps) == min(points, most)
    assert steps[-1] == points - 1
    if most > 1:
        assert steps[0] == 0
        gaps = {later - earlier for earlier, later in itertools.pairwise(steps)}
        assert not gaps or max(gaps) - min(gaps) <= 1


def test_a_sample_is_taken_of_each_run_in_the_order_asked_for(oracle_api: Api, runs: list[str]) -> None:
    found = oracle_api.get(SAMPLE, run_ids=[runs[1], runs[0]], metric_key="loss", max_results=2)["metrics"]
    assert [(point["run_id"], point["step"]) for point in found] == [
        (runs[1], 100),
        (runs[1], 109),
        (runs[0], 0),
        (runs[0], 9),
    ]


@pytest.mark.parametrize(
    ("start", "end", "steps"),
    [
        (3, 6, [3, 4, 5, 6]),
        (9, 9, [9]),
        (-5, 2, [0, 1, 2]),
        (10, 20, []),
        (-(2**63), 2**63 - 1, list(range(10))),
    ],
)
def test_a_sample_is_of_the_steps_asked_for_both_ends_included(
    oracle_api: Api, runs: list[str], start: int, end: int, steps: list[int]
) -> None:
    query = {"run_ids": runs[0], "metric_key": "loss", "start_step": start, "end_step": end}
    assert [point["step"] for point in oracle_api.get(SAMPLE, **query)["metrics"]] == steps


@pytest.mark.parametrize(
    "steps",
    [
        {"start_step": 1},
        {"end_step": 1},
        {"start_step": 2, "end_step": 1},
        {"start_step": "first", "end_step": 5},
        {"start_step": 0, "end_step": 2**63},
    ],
)
def test_steps_that_are_no_interval_are_refused(
    oracle_api: Api, mlflow_api: Api, run: str, steps: dict[str, Any]
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("GET", SAMPLE, query={"run_ids": run, "metric_key": "loss", **steps})
        assert answer.error == INVALID
        assert "_step'" in answer.body["message"]


def test_what_is_no_finite_number_is_sampled_too(oracle_api: Api, run: str) -> None:
    values = ["NaN", 1.0, "Infinity", "-Infinity"]
    log(oracle_api, run, [(step, step, value) for step, value in enumerate(values)])
    for path in (BULK, SAMPLE):
        found = oracle_api.get(path, run_id=run, run_ids=run, metric_key="loss")["metrics"]
        assert [point["value"] for point in found] == values
