"""Metrics: every point is kept once, and a run shows of each metric its latest."""

import itertools
import random
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import CANNOT_PARSE, INVALID, MISSING

Error = tuple[int, str, str]
Found = dict[str, Any]


def log(api: Api, run: str, value: Any, timestamp: int = 1, step: int = 0, key: str = "loss") -> None:
    fields = {"key": key, "value": value, "timestamp": timestamp, "step": step}
    assert api.post("runs/log-metric", run_id=run, **fields) == {}


def history(api: Api, run: str, key: str = "loss") -> list[tuple[int, int, Any]]:
    """Timestamp, step and value of each point, in the order answered."""
    found = api.get("metrics/get-history", run_id=run, metric_key=key)["metrics"]
    assert {point["key"] for point in found} <= {key}
    return [(point["timestamp"], point["step"], point["value"]) for point in found]


def latest(api: Api, run: str) -> dict[str, tuple[int, int, Any]]:
    found = api.get("runs/get", run_id=run)["run"]["data"]["metrics"]
    metrics = {point["key"]: (point["timestamp"], point["step"], point["value"]) for point in found}
    assert len(metrics) == len(found)
    return metrics


def test_a_point_is_kept_and_shown(any_workspace_api: Api) -> None:
    run = any_workspace_api.post("runs/create")["run"]["info"]["run_id"]
    log(any_workspace_api, run, 0.25, timestamp=1_700_000_000_000, step=3)
    point = {"key": "loss", "value": 0.25, "timestamp": 1_700_000_000_000, "step": 3}
    assert any_workspace_api.get("runs/get", run_id=run)["run"]["data"]["metrics"] == [point]
    assert any_workspace_api.get("metrics/get-history", run_id=run, metric_key="loss") == {"metrics": [point]}


def test_a_point_without_a_step_has_step_0(oracle_api: Api, run: str) -> None:
    oracle_api.post("runs/log-metric", run_uuid=run, key="loss", value=1, timestamp=1)
    assert history(oracle_api, run) == [(1, 0, 1.0)]


def test_a_metric_that_was_not_logged_has_no_history(oracle_api: Api, run: str) -> None:
    log(oracle_api, run, 1)
    assert oracle_api.get("metrics/get-history", run_id=run, metric_key="none") == {"metrics": []}


def test_the_history_of_a_deleted_run_is_still_got(oracle_api: Api, run: str) -> None:
    log(oracle_api, run, 1)
    oracle_api.post("runs/delete", run_id=run)
    assert history(oracle_api, run) == [(1, 0, 1.0)]


_POINTS = [(1, 9, 0.5), (2, 7, 9.0), (1, 9, 0.25), (3, 9, 0.125), (3, 9, 0.0625), (9, -1, 7.0)]


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_latest_point_has_the_highest_step_then_time_then_value_in_whatever_order_they_come(
    oracle_api: Api, run: str, seed: int, together: bool
) -> None:
    points = random.Random(seed).sample(_POINTS, len(_POINTS))
    if together:
        batch = [{"key": "loss", "timestamp": at, "step": step, "value": value} for at, step, value in points]
        oracle_api.post("runs/log-batch", run_id=run, metrics=batch)
    else:
        for at, step, value in points:
            log(oracle_api, run, value, at, step)
    assert latest(oracle_api, run) == {"loss": (3, 9, 0.125)}
    assert history(oracle_api, run) == sorted(_POINTS)


def test_steps_below_0_come_before_0(oracle_api: Api, run: str) -> None:
    for step in (-5, -7):
        log(oracle_api, run, 1, step=step)
    assert latest(oracle_api, run) == {"loss": (1, -5, 1.0)}
    assert [step for _, step, _ in history(oracle_api, run)] == [-7, -5]


def test_the_same_point_again_is_kept_once(oracle_api: Api, run: str) -> None:
    for value in (0.5, "NaN", "Infinity"):
        for _ in range(2):
            log(oracle_api, run, value)
    batch = [{"key": "loss", "timestamp": 1, "step": 0, "value": 0.5}] * 3
    oracle_api.post("runs/log-batch", run_id=run, metrics=batch)
    assert history(oracle_api, run) == [(1, 0, "NaN"), (1, 0, 0.5), (1, 0, "Infinity")]


_NO_NUMBERS = [("NaN", "NaN"), ("Infinity", "Infinity"), ("-Infinity", "-Infinity"), ("nan", "NaN")]


@pytest.mark.parametrize(("sent", "answered"), _NO_NUMBERS)
def test_what_is_no_finite_number_comes_back_as_the_word_for_it(
    oracle_api: Api, mlflow_api: Api, run: str, sent: str, answered: str
) -> None:
    log(oracle_api, run, sent)
    for api in (oracle_api, mlflow_api):
        assert latest(api, run) == {"loss": (1, 0, answered)}
        assert history(api, run) == [(1, 0, answered)]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_the_literals_that_python_writes_for_them_are_read(oracle_api: Api, run: str, literal: str) -> None:
    body = f'{{"run_id": "{run}", "key": "loss", "timestamp": 1, "value": {literal}}}'
    batch = f'{{"run_id": "{run}", "metrics": [{{"key": "acc", "timestamp": 1, "value": {literal}}}]}}'
    headers = {"content-type": "application/json"}
    assert oracle_api.call("POST", "runs/log-metric", content=body.encode(), headers=headers).status == 200
    assert oracle_api.call("POST", "runs/log-batch", content=batch.encode(), headers=headers).status == 200
    assert latest(oracle_api, run) == {"loss": (1, 0, literal), "acc": (1, 0, literal)}


def test_the_latest_point_can_be_no_number(oracle_api: Api, run: str) -> None:
    log(oracle_api, run, 1, step=1)
    log(oracle_api, run, "NaN", step=2)
    assert latest(oracle_api, run) == {"loss": (1, 2, "NaN")}
    log(oracle_api, run, "-Infinity", step=3)
    assert latest(oracle_api, run) == {"loss": (1, 3, "-Infinity")}


@pytest.mark.parametrize(
    "value",
    [0, -0.5, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 0.1, 2**53 + 1, 10**300, "1.5", "-3"],
)
def test_values_are_doubles(oracle_api: Api, run: str, value: float | str) -> None:
    log(oracle_api, run, value)
    assert latest(oracle_api, run) == {"loss": (1, 0, float(value))}
    assert history(oracle_api, run) == [(1, 0, float(value))]


@pytest.mark.parametrize("field", ["step", "timestamp"])
def test_steps_and_times_have_64_bits(oracle_api: Api, run: str, field: str) -> None:
    for number in (2**63 - 1, 2**63 - 2):
        oracle_api.post("runs/log-metric", **{"run_id": run, "key": "loss", "value": 1, "timestamp": 1, field: number})
    numbers = [point[0 if field == "timestamp" else 1] for point in history(oracle_api, run)]
    assert numbers == [2**63 - 2, 2**63 - 1]
    assert latest(oracle_api, run)["loss"][0 if field == "timestamp" else 1] == 2**63 - 1


def test_the_lowest_step_has_64_bits_too(oracle_api: Api, run: str) -> None:
    log(oracle_api, run, 1, step=-(2**63))
    assert history(oracle_api, run) == [(1, -(2**63), 1.0)]


_BAD: list[tuple[dict[str, Any], Error, str]] = [
    ({"value": "high"}, INVALID, "value"),
    ({"value": ""}, INVALID, "value"),
    ({"value": True}, INVALID, "value"),
    ({"value": None}, MISSING, "value"),
    ({"value": [1]}, INVALID, "value"),
    ({"value": {}}, INVALID, "value"),
    ({"timestamp": None}, MISSING, "timestamp"),
    ({"timestamp": "now"}, INVALID, "timestamp"),
    ({"timestamp": 1.5}, INVALID, "timestamp"),
    ({"timestamp": -1}, INVALID, "timestamp"),
    ({"timestamp": 2**63}, INVALID, "timestamp"),
    ({"timestamp": True}, INVALID, "timestamp"),
    ({"step": 1.5}, INVALID, "step"),
    ({"step": "first"}, INVALID, "step"),
    ({"step": 2**63}, INVALID, "step"),
    ({"step": -(2**63) - 1}, INVALID, "step"),
    ({"step": 10**400}, INVALID, "step"),
    ({"step": False}, INVALID, "step"),
    ({"key": ""}, MISSING, "key"),
    ({"key": None}, MISSING, "key"),
    ({"key": 5}, INVALID, "key"),
    ({"key": "k" * 251}, INVALID, "key"),
    ({"key": "a,b"}, INVALID, "key"),
    ({"key": "../a"}, INVALID, "key"),
    ({"key": "a\x00"}, INVALID, "key"),
    ({"key": "'; DROP TABLE metrics; --"}, INVALID, "key"),
]


@pytest.mark.parametrize(("fields", "error", "field"), _BAD, ids=lambda value: str(value)[:40])
def test_a_bad_point_is_refused_by_name_alone_and_in_a_batch(
    oracle_api: Api, mlflow_api: Api, run: str, fields: dict[str, Any], error: Error, field: str
) -> None:
    good = {"key": "loss", "value": 1, "timestamp": 1}
    bad = {**good, **fields}
    for api in (oracle_api, mlflow_api):
        alone = api.call("POST", "runs/log-metric", {"run_id": run, **bad})
        assert alone.error == error
        assert f"'{field}'" in alone.body["message"]
        batch = api.call("POST", "runs/log-batch", {"run_id": run, "metrics": [good, bad]})
        assert batch.error == error
        assert f".{field}'" in batch.body["message"]
    assert latest(oracle_api, run) == {}


def test_a_point_needs_a_key_a_value_and_a_time(oracle_api: Api, mlflow_api: Api, run: str) -> None:
    whole = {"run_id": run, "key": "loss", "value": 1, "timestamp": 1}
    for api, field in itertools.product((oracle_api, mlflow_api), ("key", "value", "timestamp")):
        body = {key: value for key, value in whole.items() if key != field}
        answer = api.call("POST", "runs/log-metric", body)
        assert answer.error == MISSING
        assert f"'{field}'" in answer.body["message"]


def test_a_number_that_no_double_holds_is_refused(oracle_api: Api, run: str) -> None:
    for number in ("1e400", "-1e400", "1" * 400):
        body = f'{{"run_id": "{run}", "key": "loss", "timestamp": 1, "value": {number}}}'.encode()
        answer = oracle_api.call("POST", "runs/log-metric", content=body, headers={"content-type": "application/json"})
        assert answer.error in (INVALID, CANNOT_PARSE)
    assert latest(oracle_api, run) == {}


def test_metrics_of_one_name_belong_to_their_own_runs(oracle_api: Api, run: str) -> None:
    other = oracle_api.post("runs/create")["run"]["info"]["run_id"]
    log(oracle_api, run, 1)
    log(oracle_api, other, 2)
    assert (history(oracle_api, run), history(oracle_api, other)) == ([(1, 0, 1.0)], [(1, 0, 2.0)])
    assert (latest(oracle_api, run), latest(oracle_api, other)) == ({"loss": (1, 0, 1.0)}, {"loss": (1, 0, 2.0)})


@pytest.mark.parametrize("key", ["k" * 250, "a b", "val/loss", "потери", "a.b-c_d:e"])
def test_keys_have_letters_digits_and_some_marks(oracle_api: Api, run: str, key: str) -> None:
    log(oracle_api, run, 1, key=key)
    assert latest(oracle_api, run) == {key: (1, 0, 1.0)}
    assert history(oracle_api, run, key) == [(1, 0, 1.0)]
