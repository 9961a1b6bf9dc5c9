"""Tags of runs: set over what was there, deleted, changed together or not at all; one of them is the run's name."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_FOUND

Error = tuple[int, str, str]
NAME_TAG = "mlflow.runName"
UPDATE = "internal/runs/update-tags"


@pytest.fixture
def tagged(oracle_api: Api) -> str:
    """A run named `first` with the tag `team`."""
    tags = [{"key": "team", "value": "growth"}]
    run: str = oracle_api.post("runs/create", run_name="first", tags=tags)["run"]["info"]["run_id"]
    return run


def tags_of(api: Api, run: str) -> dict[str, str]:
    """All tags but the name, which is checked to be the run's own."""
    found = api.get("runs/get", run_id=run)["run"]
    tags = {tag["key"]: tag["value"] for tag in found["data"]["tags"]}
    assert tags.pop(NAME_TAG) == found["info"]["run_name"]
    return tags


def test_a_tag_is_set_beside_the_others_and_over_its_old_value(oracle_api: Api, tagged: str) -> None:
    assert oracle_api.post("runs/set-tag", run_id=tagged, key="tier", value="1") == {}
    oracle_api.post("runs/set-tag", run_uuid=tagged, key="team", value="risk")
    assert tags_of(oracle_api, tagged) == {"team": "risk", "tier": "1"}


def test_a_tag_is_deleted(oracle_api: Api, tagged: str) -> None:
    assert oracle_api.post("runs/delete-tag", run_id=tagged, key="team") == {}
    assert tags_of(oracle_api, tagged) == {}


def test_deleting_a_tag_that_is_not_there_is_not_found(oracle_api: Api, mlflow_api: Api, tagged: str) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/delete-tag", {"run_id": tagged, "key": "absent"})
        assert answer.error == NOT_FOUND
        assert answer.body["message"] == f"No tag with name: absent in run with id {tagged}"


def test_tags_of_other_runs_stay(oracle_api: Api, tagged: str) -> None:
    other = oracle_api.post("runs/create", tags=[{"key": "team", "value": "risk"}])["run"]["info"]["run_id"]
    oracle_api.post("runs/set-tag", run_id=tagged, key="team", value="growth 2")
    oracle_api.post("runs/delete-tag", run_id=tagged, key="team")
    assert tags_of(oracle_api, other) == {"team": "risk"}


def put(api: Api, run: str, way: str, tag: dict[str, str]) -> None:
    """Set a tag in one of the three ways that there are."""
    match way:
        case "set-tag":
            api.post("runs/set-tag", run_id=run, **tag)
        case "log-batch":
            api.post("runs/log-batch", run_id=run, tags=[tag])
        case _:
            api.post(UPDATE, run_id=run, set_tags=[tag])


@pytest.mark.parametrize("way", ["set-tag", "log-batch", "update-tags"])
def test_the_tag_of_the_name_renames_the_run(oracle_api: Api, tagged: str, way: str) -> None:
    put(oracle_api, tagged, way, {"key": NAME_TAG, "value": "second"})
    assert oracle_api.get("runs/get", run_id=tagged)["run"]["info"]["run_name"] == "second"
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


@pytest.mark.parametrize("way", ["set-tag", "log-batch", "update-tags"])
def test_an_empty_name_changes_nothing(oracle_api: Api, tagged: str, way: str) -> None:
    before = oracle_api.get("runs/get", run_id=tagged)
    put(oracle_api, tagged, way, {"key": NAME_TAG, "value": ""})
    assert oracle_api.get("runs/get", run_id=tagged) == before


def test_tags_are_set_and_deleted_in_one_step(oracle_api: Api, tagged: str) -> None:
    set_tags = [{"key": "new", "value": "2"}, {"key": "tier", "value": "1"}]
    deleted = [{"key": "team"}, {"key": "absent"}]
    assert oracle_api.post(UPDATE, run_id=tagged, set_tags=set_tags, delete_tags=deleted) == {}
    assert tags_of(oracle_api, tagged) == {"new": "2", "tier": "1"}


@pytest.mark.parametrize("lists", [{}, {"set_tags": None, "delete_tags": None}, {"set_tags": [], "delete_tags": []}])
def test_an_update_of_no_tags_changes_none(oracle_api: Api, tagged: str, lists: dict[str, Any]) -> None:
    oracle_api.post(UPDATE, run_id=tagged, **lists)
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


@pytest.mark.parametrize(
    ("lists", "error", "field"),
    [
        ({"set_tags": [{"key": "a"}], "delete_tags": [{"key": "a"}]}, INVALID, "delete_tags"),
        ({"set_tags": [{"key": "ok"}, {"key": ""}]}, MISSING, "set_tags[1].key"),
        ({"set_tags": [{"key": "ok"}, {"value": "v"}]}, MISSING, "set_tags.key"),
        ({"set_tags": [{"key": "ok"}, {"key": "a", "value": 1}]}, INVALID, "set_tags.value"),
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
        answer = api.call("POST", UPDATE, {"run_id": tagged, **lists})
        assert answer.error == error
        assert f"'{field}'" in answer.body["message"]
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


@pytest.mark.parametrize(
    ("key", "error"),
    [("", MISSING), (None, MISSING), (5, INVALID), ("k" * 251, INVALID), ("a,b", INVALID), ("../a", INVALID)],
)
def test_what_is_no_key_is_refused_by_name(
    oracle_api: Api, mlflow_api: Api, tagged: str, key: Any, error: Error
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/set-tag", {"run_id": tagged, "key": key, "value": "v"})
        assert answer.error == error
        assert "'key'" in answer.body["message"]
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


@pytest.mark.parametrize(("value", "error"), [(None, MISSING), (5, INVALID), (True, INVALID), ({}, INVALID)])
def test_what_is_no_value_is_refused_by_name(
    oracle_api: Api, mlflow_api: Api, tagged: str, value: Any, error: Error
) -> None:
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "runs/set-tag", {"run_id": tagged, "key": "team", "value": value})
        assert answer.error == error
        assert "'value'" in answer.body["message"]
    assert tags_of(oracle_api, tagged) == {"team": "growth"}


@pytest.mark.parametrize("value", ["", "v" * 8_000, "a\nb\t\"'\\", "🚀", "'; DROP TABLE run_tags; --"])
def test_values_are_any_text(oracle_api: Api, tagged: str, value: str) -> None:
    oracle_api.post("runs/set-tag", run_id=tagged, key="team", value=value)
    assert tags_of(oracle_api, tagged) == {"team": value}


@pytest.mark.parametrize("letter", ["v", "值", "🚀"])
def test_what_is_too_long_of_a_value_is_cut_off(oracle_api: Api, tagged: str, letter: str) -> None:
    oracle_api.post("runs/set-tag", run_id=tagged, key="team", value=letter * 8_001)
    oracle_api.post(UPDATE, run_id=tagged, set_tags=[{"key": "other", "value": letter * 8_001}])
    assert tags_of(oracle_api, tagged) == {"team": letter * 8_000, "other": letter * 8_000}
