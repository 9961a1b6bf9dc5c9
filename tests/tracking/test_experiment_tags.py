"""Tags of experiments: set over what was there, deleted, changed together or not at all."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_FOUND

SET, DELETE = "experiments/set-experiment-tag", "experiments/delete-experiment-tag"
UPDATE = "internal/experiments/update-experiment-tags"
Error = tuple[int, str, str]


@pytest.fixture
def tagged(oracle_api: Api) -> str:
    """An experiment with the tag `team`."""
    tags = [{"key": "team", "value": "growth"}]
    experiment: str = oracle_api.post("experiments/create", name="payments", tags=tags)["experiment_id"]
    return experiment


def tags_of(api: Api, experiment: str) -> dict[str, str]:
    found = api.get("experiments/get", experiment_id=experiment)["experiment"]
    return {tag["key"]: tag["value"] for tag in found["tags"]}


def test_a_tag_is_set_beside_the_others_and_over_its_old_value(oracle_api: Api, tagged: str) -> None:
    assert oracle_api.post(SET, experiment_id=tagged, key="tier", value="1") == {}
    oracle_api.post(SET, experiment_id=tagged, key="team", value="risk")
    assert tags_of(oracle_api, tagged) == {"team": "risk", "tier": "1"}


def test_a_tag_is_deleted(oracle_api: Api, tagged: str) -> None:
    assert oracle_api.post(DELETE, experiment_id=tagged, key="team") == {}
    assert tags_of(oracle_api, tagged) == {}


def test_deleting_a_tag_that_is_not_there_is_not_found(oracle_api: Api, mlflow_api: Api, tagged: str) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", DELETE, {"experiment_id": tagged, "key": "absent"})
        assert answer.error == NOT_FOUND
        assert answer.body["message"] == f"No tag with name: absent in experiment with id {tagged}"
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


def test_tags_are_set_and_deleted_in_one_step(oracle_api: Api, tagged: str) -> None:
    set_tags = [{"key": "new", "value": "2"}, {"key": "tier", "value": "1"}]
    deleted = [{"key": "team"}, {"key": "absent"}]
    assert oracle_api.post(UPDATE, experiment_id=tagged, set_tags=set_tags, delete_tags=deleted) == {}
    assert tags_of(oracle_api, tagged) == {"new": "2", "tier": "1"}


@pytest.mark.parametrize("lists", [{}, {"set_tags": None, "delete_tags": None}, {"set_tags": [], "delete_tags": []}])
def test_an_update_of_no_tags_changes_none(oracle_api: Api, tagged: str, lists: dict[str, Any]) -> None:
    oracle_api.post(UPDATE, experiment_id=tagged, **lists)
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


@pytest.mark.parametrize(
    ("lists", "error", "field"),
    [
        ({"set_tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, INVALID, "set_tags"),
        ({"set_tags": [{"key": "a"}], "delete_tags": [{"key": "a"}]}, INVALID, "delete_tags"),
        ({"set_tags": [{"key": "ok"}, {"key": ""}]}, MISSING, "set_tags.key"),
        ({"set_tags": [{"key": "ok"}, {"value": "v"}]}, MISSING, "set_tags.key"),
        ({"set_tags": [{"key": "ok"}, {"key": "a", "value": 1}]}, INVALID, "set_tags.value"),
        ({"set_tags": [{"key": "ok"}, {"key": "a", "value": "v" * 20_001}]}, INVALID, "set_tags.value"),
        ({"set_tags": "a=1"}, INVALID, "set_tags"),
        ({"set_tags": [{"key": "ok"}], "delete_tags": [{"key": ""}]}, MISSING, "delete_tags.key"),
        ({"set_tags": [{"key": "ok"}], "delete_tags": [{"key": "k" * 251}]}, INVALID, "delete_tags.key"),
        ({"set_tags": [{"key": "ok"}], "delete_tags": ["team"]}, INVALID, "delete_tags"),
    ],
)
def test_one_bad_tag_leaves_all_as_they_were(
    oracle_api: Api, mlflow_api: Api, tagged: str, lists: dict[str, Any], error: Error, field: str
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", UPDATE, {"experiment_id": tagged, **lists})
        assert answer.error == error
        assert f"'{field}'" in answer.body["message"]
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"tags": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, INVALID, "tags"),
        ({"tags": [{"key": ""}]}, MISSING, "tags.key"),
        ({"tags": [{"value": "1"}]}, MISSING, "tags.key"),
        ({"tags": [{"key": "a", "value": "v" * 20_001}]}, INVALID, "tags.value"),
        ({"tags": [{"key": "a,b"}]}, INVALID, "tags.key"),
        ({"tags": {"a": "1"}}, INVALID, "tags"),
    ],
)
def test_an_experiment_with_a_bad_tag_is_not_made(
    oracle_api: Api, mlflow_api: Api, fields: dict[str, Any], error: Error, field: str
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "experiments/create", {"name": "payments", **fields})
        assert answer.error == error
        assert f"'{field}'" in answer.body["message"]
    query = {"experiment_name": "payments"}
    assert oracle_api.call("GET", "experiments/get-by-name", query=query).error == NOT_FOUND


@pytest.mark.parametrize(
    ("key", "error"),
    [("", MISSING), (None, MISSING), (5, INVALID), ("k" * 251, INVALID), ("a,b", INVALID), ("../a", INVALID)],
)
def test_what_is_no_key_is_refused_by_name(
    oracle_api: Api, mlflow_api: Api, tagged: str, key: Any, error: Error
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", SET, {"experiment_id": tagged, "key": key, "value": "v"})
        assert answer.error == error
        assert "'key'" in answer.body["message"]
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


@pytest.mark.parametrize(("value", "error"), [(None, MISSING), (5, INVALID), ({}, INVALID), ("v" * 20_001, INVALID)])
def test_what_is_no_value_is_refused_by_name(
    oracle_api: Api, mlflow_api: Api, tagged: str, value: Any, error: Error
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", SET, {"experiment_id": tagged, "key": "team", "value": value})
        assert answer.error == error
        assert "'value'" in answer.body["message"]
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


@pytest.mark.parametrize("value", ["", "v" * 20_000, "a\nb\t\"'\\", "🚀", "'; DROP TABLE experiment_tags; --"])
def test_values_are_any_text(oracle_api: Api, tagged: str, value: str) -> None:
    oracle_api.post(SET, experiment_id=tagged, key="team", value=value)
    assert tags_of(oracle_api, tagged) == {"team": value}
