"""Stages: moving a version, archiving those it replaces, and the latest version of each stage."""

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_FOUND


@pytest.fixture
def versions(oracle_api: Api, model: str) -> str:
    """A model with four versions: 1 and 2 in Production, 3 in Staging, 4 in none."""
    for _ in range(4):
        oracle_api.post("model-versions/create", name=model, source="s3://b/k")
    for number, stage in (("1", "Production"), ("2", "Production"), ("3", "Staging")):
        oracle_api.post("model-versions/transition-stage", name=model, version=number, stage=stage)
    return model


def _stages(api: Api) -> dict[str, str]:
    found = api.get("model-versions/search")["model_versions"]
    return {version["version"]: version["current_stage"] for version in found}


def _move(api: Api, model: str, version: str, stage: str, **fields: object) -> object:
    moved = api.post("model-versions/transition-stage", name=model, version=version, stage=stage, **fields)
    return moved["model_version"]["current_stage"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Staging", "Staging"),
        ("production", "Production"),
        ("ARCHIVED", "Archived"),
        ("none", "None"),
    ],
)
def test_a_stage_is_read_in_any_case(oracle_api: Api, versions: str, written: str, kept: str) -> None:
    assert _move(oracle_api, versions, "4", written) == kept
    assert _stages(oracle_api)["4"] == kept


def test_others_stay_in_the_stage_unless_asked_otherwise(oracle_api: Api, versions: str) -> None:
    _move(oracle_api, versions, "4", "Production")
    assert _stages(oracle_api) == {"1": "Production", "2": "Production", "3": "Staging", "4": "Production"}


def test_archiving_moves_all_others_of_the_stage_and_none_of_another(oracle_api: Api, versions: str) -> None:
    _move(oracle_api, versions, "4", "Production", archive_existing_versions=True)
    assert _stages(oracle_api) == {"1": "Archived", "2": "Archived", "3": "Staging", "4": "Production"}


def test_archiving_leaves_a_version_that_is_there_already(oracle_api: Api, versions: str) -> None:
    _move(oracle_api, versions, "2", "Production", archive_existing_versions=True)
    assert _stages(oracle_api) == {"1": "Archived", "2": "Production", "3": "Staging", "4": "None"}


def test_archiving_leaves_other_models_alone(oracle_api: Api, versions: str) -> None:
    oracle_api.post("registered-models/create", name="fraud")
    oracle_api.post("model-versions/create", name="fraud", source="s3://b/k")
    _move(oracle_api, "fraud", "1", "Production", archive_existing_versions=True)
    kept = oracle_api.get("model-versions/search", filter=f"name = '{versions}'")["model_versions"]
    assert [version["current_stage"] for version in kept].count("Production") == 2


@pytest.mark.parametrize("stage", ["None", "Archived", "archived"])
def test_archiving_what_is_in_no_active_stage_is_refused(any_api: Api, stage: str) -> None:
    any_api.post("registered-models/create", name="churn")
    any_api.post("model-versions/create", name="churn", source="s3://b/k")
    answer = any_api.call(
        "POST",
        "model-versions/transition-stage",
        {"name": "churn", "version": "1", "stage": stage, "archive_existing_versions": True},
    )
    assert answer.error == INVALID
    assert "'archive_existing_versions'" in answer.body["message"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"stage": "Shadow"}, INVALID),
        ({"stage": "x" * 10_000}, INVALID),
        ({"stage": 3}, INVALID),
        ({}, MISSING),
        ({"stage": None}, MISSING),
    ],
)
def test_what_is_no_stage_is_refused_and_nothing_moves(
    oracle_api: Api, versions: str, fields: dict[str, object], error: tuple[int, str, str]
) -> None:
    before = _stages(oracle_api)
    answer = oracle_api.call("POST", "model-versions/transition-stage", {"name": versions, "version": "1", **fields})
    assert answer.error == error
    assert "'stage'" in answer.body["message"]
    assert _stages(oracle_api) == before


def _latest(api: Api, verb: str, model: str, *stages: str) -> list[str]:
    asked = {"name": model, **({"stages": stages} if stages else {})}
    path = "registered-models/get-latest-versions"
    body = api.ok(verb, path, asked) if verb == "POST" else api.ok(verb, path, query=asked)
    return [version["version"] for version in body["model_versions"]]


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_the_latest_versions_are_the_newest_of_each_stage(oracle_api: Api, versions: str, verb: str) -> None:
    assert _latest(oracle_api, verb, versions) == ["2", "3", "4"]
    assert _latest(oracle_api, verb, versions, "production") == ["2"]
    assert _latest(oracle_api, verb, versions, "None", "Staging") == ["3", "4"]
    assert _latest(oracle_api, verb, versions, "Archived") == []


def test_a_model_shows_the_newest_version_of_each_stage(oracle_api: Api, versions: str) -> None:
    found = oracle_api.get("registered-models/get", name=versions)["registered_model"]
    searched = oracle_api.get("registered-models/search")["registered_models"][0]
    assert [version["version"] for version in found["latest_versions"]] == ["2", "3", "4"]
    assert searched["latest_versions"] == found["latest_versions"]


def test_the_one_before_is_the_latest_again_when_the_latest_is_deleted(oracle_api: Api, versions: str) -> None:
    oracle_api.post("model-versions/delete", name=versions, version="2")
    assert _latest(oracle_api, "POST", versions, "Production") == ["1"]


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_latest_versions_of_a_stage_that_is_none_are_refused(oracle_api: Api, versions: str, verb: str) -> None:
    asked = {"name": versions, "stages": ["Production", "Shadow"]}
    answer = oracle_api.call(verb, "registered-models/get-latest-versions", asked)
    assert answer.error == INVALID
    assert "'stages'" in answer.body["message"]


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_latest_versions_of_an_unknown_model_are_not_found(oracle_api: Api, verb: str) -> None:
    assert oracle_api.call(verb, "registered-models/get-latest-versions", {"name": "absent"}).error == NOT_FOUND
