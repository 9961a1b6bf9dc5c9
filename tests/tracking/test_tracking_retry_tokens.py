"""Retry tokens on experiments, runs and what is logged: the same write again is answered again and not done again."""

from typing import Any

import pytest

from tests.support.api import Answer, Api
from tests.support.codes import INVALIDATED_TOKEN

_POINT: dict[str, Any] = {"key": "loss", "value": 1, "timestamp": 1}


def send(api: Api, path: str, token: str = "t", **fields: Any) -> Answer:
    return api.call("POST", path, fields, headers={"opc-retry-token": token})


@pytest.fixture(autouse=True)
def caller(platform: str, oracle_api: Api) -> None:
    """Each test's own caller, for tokens are a caller's."""
    oracle_api.headers["dh-user-principal"] = f"user-of-{platform}"


@pytest.fixture
def tagged(oracle_api: Api) -> dict[str, str]:
    """The ids of an experiment and a run in it, each with a tag."""
    tags = [{"key": "team", "value": "risk"}]
    experiment = oracle_api.post("experiments/create", name="payments", tags=tags)["experiment_id"]
    run = oracle_api.post("runs/create", experiment_id=experiment, tags=tags)["run"]["info"]["run_id"]
    return {"experiment_id": experiment, "run_id": run}


def test_an_experiment_is_made_once(oracle_api: Api) -> None:
    first, again = (send(oracle_api, "experiments/create", name="payments") for _ in range(2))
    assert (again.status, again.content) == (200, first.content)
    assert again.headers["etag"] == first.headers["etag"]


def test_a_run_is_made_once_with_the_name_it_was_given_first(oracle_api: Api) -> None:
    first, again = (send(oracle_api, "runs/create") for _ in range(2))
    assert (again.status, again.content) == (200, first.content)
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("experiments/update", {"new_name": "refunds"}),
        ("experiments/set-experiment-tag", {"key": "a", "value": "1"}),
        ("experiments/delete-experiment-tag", {"key": "team"}),
        ("internal/experiments/update-experiment-tags", {"delete_tags": [{"key": "team"}]}),
        ("experiments/delete", {}),
        ("experiments/delete", {"is_permanent": True}),
        ("runs/update", {"status": "FINISHED", "end_time": 5}),
        ("runs/delete", {}),
        ("runs/delete", {"is_permanent": True}),
        ("runs/set-tag", {"key": "a", "value": "1"}),
        ("runs/delete-tag", {"key": "team"}),
        ("internal/runs/update-tags", {"delete_tags": [{"key": "team"}]}),
        ("runs/log-parameter", {"key": "a", "value": "1"}),
        ("runs/log-metric", _POINT),
        ("runs/log-batch", {"metrics": [_POINT], "params": [{"key": "a", "value": "1"}]}),
    ],
)
def test_every_write_is_answered_again_the_same(
    oracle_api: Api, tagged: dict[str, str], path: str, fields: dict[str, Any]
) -> None:
    named = {"experiment_id": tagged["experiment_id"]} if "experiments" in path else {"run_id": tagged["run_id"]}
    first, again = (send(oracle_api, path, **named, **fields) for _ in range(2))
    assert (first.status, again.status, again.content) == (200, 200, first.content)
    assert again.headers.get("etag") == first.headers.get("etag")


@pytest.mark.parametrize("path", ["experiments/restore", "runs/restore"])
def test_a_restore_is_answered_again_the_same(oracle_api: Api, tagged: dict[str, str], path: str) -> None:
    kind, _, _ = path.partition("/")
    name = "experiment_id" if kind == "experiments" else "run_id"
    oracle_api.post(f"{kind}/delete", **{name: tagged[name]})
    assert [send(oracle_api, path, **{name: tagged[name]}).status for _ in range(2)] == [200, 200]


def test_what_is_logged_meanwhile_does_not_invalidate_a_token(oracle_api: Api, tagged: dict[str, str]) -> None:
    run = tagged["run_id"]
    writes: list[tuple[str, str, dict[str, Any]]] = [
        ("a", "runs/log-metric", _POINT),
        ("b", "runs/log-batch", {"metrics": [{**_POINT, "step": 1}]}),
        ("c", "runs/log-parameter", {"key": "a", "value": "1"}),
        ("d", "runs/set-tag", {"key": "a", "value": "1"}),
    ]
    for token, path, fields in writes:
        assert send(oracle_api, path, token, run_id=run, **fields).status == 200
        oracle_api.post("runs/log-metric", run_id=run, key="loss", value=2, timestamp=2)
        oracle_api.post("runs/set-tag", run_id=run, key="a", value="2")
        assert send(oracle_api, path, token, run_id=run, **fields).status == 200
    tags = oracle_api.get("runs/get", run_id=run)["run"]["data"]["tags"]
    assert {"key": "a", "value": "2"} in tags


def test_a_token_of_a_run_that_was_deleted_since_is_refused(oracle_api: Api, tagged: dict[str, str]) -> None:
    run = tagged["run_id"]
    send(oracle_api, "runs/log-metric", run_id=run, **_POINT)
    oracle_api.post("runs/delete", run_id=run)
    assert send(oracle_api, "runs/log-metric", run_id=run, **_POINT).error == INVALIDATED_TOKEN
    oracle_api.post("runs/restore", run_id=run)
    assert send(oracle_api, "runs/log-metric", run_id=run, **_POINT).status == 200
    oracle_api.post("runs/delete", run_id=run, is_permanent=True)
    assert send(oracle_api, "runs/log-metric", run_id=run, **_POINT).error == INVALIDATED_TOKEN


def test_a_token_of_an_experiment_that_has_changed_since_is_refused(oracle_api: Api) -> None:
    send(oracle_api, "experiments/create", name="payments")
    oracle_api.post("experiments/update", experiment_id="1", new_name="refunds")
    assert send(oracle_api, "experiments/create", name="payments").error == INVALIDATED_TOKEN


def test_a_token_of_a_run_that_has_changed_since_its_creation_is_refused(oracle_api: Api) -> None:
    run = send(oracle_api, "runs/create").body["run"]["info"]["run_id"]
    oracle_api.post("runs/log-metric", run_id=run, **_POINT)
    assert send(oracle_api, "runs/create").error == INVALIDATED_TOKEN


def test_a_token_with_another_request_is_refused_and_nothing_logged(oracle_api: Api, tagged: dict[str, str]) -> None:
    run = tagged["run_id"]
    send(oracle_api, "runs/log-metric", run_id=run, **_POINT)
    others: list[tuple[str, dict[str, Any]]] = [
        ("runs/log-metric", {**_POINT, "value": 2}),
        ("runs/log-batch", {"metrics": [_POINT]}),
        ("runs/set-tag", {"key": "a", "value": "1"}),
    ]
    for path, fields in others:
        assert send(oracle_api, path, run_id=run, **fields).error == INVALIDATED_TOKEN
    data = oracle_api.get("runs/get", run_id=run)["run"]["data"]
    assert [metric["value"] for metric in data["metrics"]] == [1.0]
    assert len(data["tags"]) == 2


def test_a_batch_that_failed_can_be_sent_right_with_its_token(oracle_api: Api, tagged: dict[str, str]) -> None:
    run = tagged["run_id"]
    bad = send(oracle_api, "runs/log-batch", run_id=run, metrics=[_POINT], tags=[{"key": ""}])
    assert bad.status == 400
    assert send(oracle_api, "runs/log-batch", run_id=run, metrics=[_POINT]).status == 200
    assert len(oracle_api.get("runs/get", run_id=run)["run"]["data"]["metrics"]) == 1
