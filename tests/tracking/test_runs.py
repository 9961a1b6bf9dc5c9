"""Runs: created in an experiment, ended, renamed, deleted and restored."""

import time
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import (
    INVALID,
    MISSING,
    NO_ETAG_MATCH,
    NOT_ACTIVE,
    NOT_FOUND,
)

Error = tuple[int, str, str]
NAME_TAG = "mlflow.runName"
NO_RUN = "0" * 32


def found(api: Api, run: str) -> Any:
    return api.get("runs/get", run_id=run)["run"]


def created(api: Api, **fields: Any) -> Any:
    return api.post("runs/create", **fields)["run"]


def tags_of(run: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


def etag(api: Api, run: str) -> str:
    return api.call("GET", "runs/get", query={"run_id": run}).headers["etag"]


def test_a_created_run_is_answered_and_got_whole(any_workspace_api: Api) -> None:
    any_workspace_api.post("experiments/create", name="payments")
    run = created(
        any_workspace_api,
        experiment_id="1",
        run_name="first",
        user_id="ada",
        start_time=1_700_000_000_000,
        tags=[{"key": "team", "value": "risk"}],
    )
    run_id = run["info"]["run_id"]
    assert run == {
        "info": {
            "run_id": run_id,
            "run_uuid": run_id,
            "run_name": "first",
            "experiment_id": "1",
            "user_id": "ada",
            "status": "RUNNING",
            "start_time": 1_700_000_000_000,
            "artifact_uri": f"mlflow-artifacts:/1/{run_id}/artifacts",
            "lifecycle_stage": "active",
        },
        "data": {
            "metrics": [],
            "params": [],
            "tags": [{"key": NAME_TAG, "value": "first"}, {"key": "team", "value": "risk"}],
        },
        "inputs": {"dataset_inputs": [], "model_inputs": []},
        "outputs": {"model_outputs": []},
    }
    assert found(any_workspace_api, run_id) == run


def test_a_run_of_no_fields_starts_now_in_experiment_0_with_a_name(oracle_api: Api) -> None:
    before = time.time_ns() // 1_000_000
    first, second = (created(oracle_api) for _ in range(2))
    assert first["info"]["experiment_id"] == "0"
    assert before - 1_000 <= first["info"]["start_time"] <= time.time_ns() // 1_000_000 + 1_000
    assert "end_time" not in first["info"]
    assert len(first["info"]["run_id"]) == 32
    assert first["info"]["run_id"] != second["info"]["run_id"]
    assert tags_of(first) == {NAME_TAG: first["info"]["run_name"]}
    assert first["info"]["run_name"]


def test_the_user_of_a_run_is_its_caller_where_none_is_given(oracle_api: Api) -> None:
    assert created(oracle_api)["info"]["user_id"] == "anonymous"
    oracle_api.headers["dh-user-principal"] = "ada"
    assert created(oracle_api)["info"]["user_id"] == "ada"
    assert created(oracle_api, user_id="grace")["info"]["user_id"] == "grace"


def test_the_tag_of_the_name_names_the_run(oracle_api: Api) -> None:
    tags = [{"key": NAME_TAG, "value": "first"}]
    for run in (created(oracle_api, tags=tags), created(oracle_api, tags=tags, run_name="first")):
        assert run["info"]["run_name"] == "first"
        assert tags_of(run) == {NAME_TAG: "first"}


def test_an_empty_tag_of_the_name_is_no_name(oracle_api: Api) -> None:
    run = created(oracle_api, tags=[{"key": NAME_TAG, "value": ""}])
    assert tags_of(run) == {NAME_TAG: run["info"]["run_name"]}
    assert run["info"]["run_name"]


def test_a_name_and_a_tag_that_contradict_it_are_refused(oracle_api: Api, mlflow_api: Api) -> None:
    body = {"run_name": "first", "tags": [{"key": NAME_TAG, "value": "second"}]}
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/create", body)
        assert answer.error == INVALID
        assert "'run_name'" in answer.body["message"]


def test_of_two_tags_with_one_key_the_last_counts(oracle_api: Api) -> None:
    run = created(oracle_api, tags=[{"key": "a", "value": "1"}, {"key": "b"}, {"key": "a", "value": "2"}])
    assert tags_of(run) == {"a": "2", "b": "", NAME_TAG: run["info"]["run_name"]}


@pytest.mark.parametrize("name", ["n" * 8_000, "名" * 8_000, "a/b:c", "'; DROP TABLE runs; --", "🚀"])
def test_a_name_is_any_text_of_up_to_8000_characters(oracle_api: Api, name: str) -> None:
    run = created(oracle_api, run_name=name)
    assert (run["info"]["run_name"], tags_of(run)) == (name, {NAME_TAG: name})


@pytest.mark.parametrize("start", [0, -(2**63), 2**63 - 1, "1700000000000"])
def test_a_run_starts_when_its_client_says(oracle_api: Api, start: int | str) -> None:
    assert created(oracle_api, start_time=start)["info"]["start_time"] == int(start)


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"run_name": "n" * 8_001}, INVALID, "run_name"),
        ({"run_name": 5}, INVALID, "run_name"),
        ({"run_name": "a\x00"}, INVALID, "run_name"),
        ({"user_id": "u" * 256}, INVALID, "user_id"),
        ({"user_id": []}, INVALID, "user_id"),
        ({"start_time": "today"}, INVALID, "start_time"),
        ({"start_time": 1.5}, INVALID, "start_time"),
        ({"start_time": 2**63}, INVALID, "start_time"),
        ({"start_time": True}, INVALID, "start_time"),
        ({"tags": {"a": "1"}}, INVALID, "tags"),
        ({"tags": [{"key": ""}]}, MISSING, "tags[0].key"),
        ({"tags": [{"value": "1"}]}, MISSING, "tags.key"),
        ({"tags": [{"key": "ok"}, {"key": "k" * 251}]}, INVALID, "tags[1].key"),
        ({"tags": [{"key": "a,b"}]}, INVALID, "tags[0].key"),
        ({"tags": [{"key": "a", "value": 5}]}, INVALID, "tags.value"),
    ],
)
def test_a_run_with_a_bad_field_is_refused_by_name(
    oracle_api: Api, mlflow_api: Api, fields: dict[str, Any], error: Error, field: str
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/create", fields)
        assert answer.error == error
        assert f"'{field}'" in answer.body["message"]


def test_a_run_is_got_by_its_older_name_of_its_id(oracle_api: Api, run: str) -> None:
    assert oracle_api.get("runs/get", run_uuid=run)["run"]["info"]["run_id"] == run
    assert oracle_api.get("runs/get", run_id=run, run_uuid="other")["run"]["info"]["run_id"] == run


def test_an_answer_has_an_end_once_the_run_has(oracle_api: Api, run: str) -> None:
    answer = oracle_api.post("runs/update", run_id=run, status="FINISHED", end_time=1_700_000_000_000)["run_info"]
    assert (answer["status"], answer["end_time"]) == ("FINISHED", 1_700_000_000_000)
    assert found(oracle_api, run)["info"] == answer


@pytest.mark.parametrize("status", ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED", "INTERNAL_ERROR"])
def test_a_run_can_have_any_status(oracle_api: Api, run: str, status: str) -> None:
    assert oracle_api.post("runs/update", run_id=run, status=status)["run_info"]["status"] == status
    assert found(oracle_api, run)["info"]["status"] == status


def test_an_update_keeps_what_it_does_not_name(oracle_api: Api, run: str) -> None:
    oracle_api.post("runs/update", run_id=run, status="FAILED", end_time=5, run_name="second")
    before = found(oracle_api, run)
    for fields in ({}, {"run_name": ""}, {"status": None, "end_time": None, "run_name": None}):
        assert oracle_api.post("runs/update", run_id=run, **fields)["run_info"] == before["info"]
    assert found(oracle_api, run) == before
    assert oracle_api.post("runs/update", run_uuid=run, end_time=0)["run_info"] == {**before["info"], "end_time": 0}


def test_a_renamed_run_has_the_name_in_its_tag_too(oracle_api: Api, run: str) -> None:
    assert oracle_api.post("runs/update", run_id=run, run_name="second")["run_info"]["run_name"] == "second"
    renamed = found(oracle_api, run)
    assert (renamed["info"]["run_name"], tags_of(renamed)) == ("second", {NAME_TAG: "second"})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"status": "DONE"}, "status"),
        ({"status": "finished"}, "status"),
        ({"status": 3}, "status"),
        ({"end_time": "later"}, "end_time"),
        ({"end_time": 2**63}, "end_time"),
        ({"run_name": "n" * 8_001}, "run_name"),
        ({"run_name": {}}, "run_name"),
    ],
)
def test_an_update_with_a_bad_field_changes_nothing(
    oracle_api: Api, mlflow_api: Api, run: str, fields: dict[str, Any], field: str
) -> None:
    before = found(oracle_api, run)
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/update", {"run_id": run, "status": "FAILED", **fields})
        assert answer.error == INVALID
        assert f"'{field}'" in answer.body["message"]
    assert found(oracle_api, run) == before


def test_a_deleted_run_is_still_got_and_can_be_restored(oracle_api: Api, run: str) -> None:
    for path, stage in (("delete", "deleted"), ("delete", "deleted"), ("restore", "active"), ("restore", "active")):
        assert oracle_api.post(f"runs/{path}", run_id=run) == {}
        assert found(oracle_api, run)["info"]["lifecycle_stage"] == stage


_WRITES: list[tuple[str, dict[str, Any]]] = [
    ("runs/update", {"status": "FINISHED"}),
    ("runs/set-tag", {"key": "a", "value": "1"}),
    ("runs/delete-tag", {"key": "team"}),
    ("internal/runs/update-tags", {"set_tags": [{"key": "a"}]}),
    ("runs/log-parameter", {"key": "a", "value": "1"}),
    ("runs/log-metric", {"key": "a", "value": 1, "timestamp": 1}),
    ("runs/log-batch", {"tags": [{"key": "a"}]}),
]
_ALL: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "runs/get", {}),
    ("GET", "metrics/get-history", {"metric_key": "a"}),
    *(("POST", path, fields) for path, fields in _WRITES),
    ("POST", "runs/delete", {}),
    ("POST", "runs/delete", {"is_permanent": True}),
    ("POST", "runs/restore", {}),
]


@pytest.mark.parametrize(("path", "fields"), _WRITES)
def test_a_deleted_run_is_not_written_to(
    oracle_api: Api, mlflow_api: Api, run: str, path: str, fields: dict[str, Any]
) -> None:
    oracle_api.post("runs/set-tag", run_id=run, key="team", value="risk")
    oracle_api.post("runs/delete", run_id=run)
    before = found(oracle_api, run)
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", path, {"run_id": run, **fields})
        assert answer.error == NOT_ACTIVE
        assert answer.body["message"] == f"The run {run} must be in the 'active' state. Current state is deleted."
    assert found(oracle_api, run) == before


@pytest.mark.parametrize(("verb", "path", "fields"), _ALL)
def test_a_run_that_is_not_there_is_not_found(
    oracle_api: Api, mlflow_api: Api, verb: str, path: str, fields: dict[str, Any]
) -> None:
    for api in (oracle_api, mlflow_api):
        for run in (NO_RUN, "'; DROP TABLE runs; --", "x" * 5_000):
            answer = api.call(verb, path, {"run_id": run, **fields})
            assert (answer.error, answer.body["message"]) == (NOT_FOUND, f"Run with id={run[:80]} not found")


@pytest.mark.parametrize(("verb", "path", "fields"), _ALL)
def test_an_operation_on_a_run_must_name_it(
    oracle_api: Api, mlflow_api: Api, verb: str, path: str, fields: dict[str, Any]
) -> None:
    for api in (oracle_api, mlflow_api):
        for named in ({}, {"run_id": ""}, {"run_id": None}, {"run_id": "", "run_uuid": ""}):
            answer = api.call(verb, path, {**named, **fields})
            assert answer.error == MISSING
            assert "'run_id'" in answer.body["message"]
        assert api.call(verb, path, {"run_id": 5, **fields}).error == INVALID


@pytest.mark.parametrize("deleted_before", [False, True])
def test_a_permanent_deletion_leaves_nothing_of_the_run(oracle_api: Api, run: str, deleted_before: bool) -> None:
    other = created(oracle_api)
    if deleted_before:
        oracle_api.post("runs/delete", run_id=run)
    oracle_api.post("runs/delete", run_id=run, is_permanent=True)
    for verb, path in (("GET", "runs/get"), ("POST", "runs/restore"), ("POST", "runs/delete")):
        assert oracle_api.call(verb, path, {"run_id": run}).error == NOT_FOUND
    assert found(oracle_api, other["info"]["run_id"]) == other


@pytest.mark.parametrize(("path", "fields"), [*_WRITES, ("runs/delete", {})])
def test_each_write_gives_a_run_a_new_etag(oracle_api: Api, run: str, path: str, fields: dict[str, Any]) -> None:
    oracle_api.post("runs/set-tag", run_id=run, key="team", value="risk")
    before = etag(oracle_api, run)
    oracle_api.post(path, run_id=run, **fields)
    assert etag(oracle_api, run) != before


def test_answers_that_hold_a_run_have_its_etag(oracle_api: Api) -> None:
    answer = oracle_api.call("POST", "runs/create", {"run_name": "first"})
    run = answer.body["run"]["info"]["run_id"]
    assert answer.headers["etag"] == etag(oracle_api, run)
    for path, fields in (("runs/update", {"status": "KILLED"}), ("runs/delete", {}), ("runs/restore", {})):
        assert oracle_api.call("POST", path, {"run_id": run, **fields}).headers["etag"] == etag(oracle_api, run)


@pytest.mark.parametrize(
    ("path", "fields"), [*_WRITES, ("runs/delete", {}), ("runs/delete", {"is_permanent": True}), ("runs/restore", {})]
)
def test_an_etag_that_does_not_match_leaves_the_run_as_it_was(
    oracle_api: Api, mlflow_api: Api, run: str, path: str, fields: dict[str, Any]
) -> None:
    oracle_api.post("runs/set-tag", run_id=run, key="team", value="risk")
    before, current = found(oracle_api, run), etag(oracle_api, run)
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", path, {"run_id": run, **fields}, headers={"if-match": '"r0"'})
        assert answer.error == NO_ETAG_MATCH
    assert (found(oracle_api, run), etag(oracle_api, run)) == (before, current)
    matching = oracle_api.call("POST", path, {"run_id": run, **fields}, headers={"if-match": current})
    assert matching.status == 200
