"""Fields that do not fit: one error that names the field, in both vocabularies, and nothing half done."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING

_ERROR = tuple[int, str, str]
_NAMES: list[tuple[dict[str, Any], _ERROR, str]] = [
    ({}, MISSING, "name"),
    ({"name": ""}, MISSING, "name"),
    ({"name": " \t"}, MISSING, "name"),
    ({"name": None}, MISSING, "name"),
    ({"name": 5}, INVALID, "name"),
    ({"name": True}, INVALID, "name"),
    ({"name": 1.5}, INVALID, "name"),
    ({"name": ["churn"]}, INVALID, "name"),
    ({"name": {"a": 1}}, INVALID, "name"),
    ({"name": "n" * 256}, INVALID, "name"),
    ({"name": "n" * 300}, INVALID, "name"),
    ({"name": "a/b"}, INVALID, "name"),
    ({"name": "/"}, INVALID, "name"),
    ({"name": "a:b"}, INVALID, "name"),
    ({"name": "."}, INVALID, "name"),
    ({"name": ".."}, INVALID, "name"),
    ({"name": "a\x00b"}, INVALID, "name"),
]
_TAGS: list[tuple[dict[str, Any], _ERROR, str]] = [
    ({"tags": "team=growth"}, INVALID, "tags"),
    ({"tags": {"team": "growth"}}, INVALID, "tags"),
    ({"tags": 5}, INVALID, "tags"),
    ({"tags": ["team"]}, INVALID, "tags"),
    ({"tags": [None]}, MISSING, "tags"),
    ({"tags": [{}]}, MISSING, "tags.key"),
    ({"tags": [{"value": "growth"}]}, MISSING, "tags.key"),
    ({"tags": [{"key": "", "value": "growth"}]}, MISSING, "tags.key"),
    ({"tags": [{"key": None, "value": "growth"}]}, MISSING, "tags.key"),
    ({"tags": [{"key": 5}]}, INVALID, "tags.key"),
    ({"tags": [{"key": "k" * 251}]}, INVALID, "tags.key"),
    ({"tags": [{"key": "a,b"}]}, INVALID, "tags.key"),
    ({"tags": [{"key": "ok"}, {"key": "team", "value": 5}]}, INVALID, "tags.value"),
    ({"tags": [{"key": "team", "value": "v" * 100_001}]}, INVALID, "tags.value"),
    ({"tags": [{"key": "team", "value": "a\x00"}]}, INVALID, "tags.value"),
    ({"tags": [{"key": "a\x00"}]}, INVALID, "tags.key"),
    ({"tags": [{"key": "team", "value": "a"}, {"key": "team", "value": "a"}]}, INVALID, "tags"),
    ({"tags": [{"key": f"k{n}"} for n in range(1_001)]}, INVALID, "tags"),
]
_TEXTS: list[tuple[dict[str, Any], _ERROR, str]] = [
    ({"description": 5}, INVALID, "description"),
    ({"description": ["a"]}, INVALID, "description"),
    ({"description": "d" * 100_001}, INVALID, "description"),
    ({"description": "a\x00"}, INVALID, "description"),
]
_ORIGINS: list[tuple[dict[str, Any], _ERROR, str]] = [
    ({"source": 5}, INVALID, "source"),
    ({"source": "s3://b/\x00"}, INVALID, "source"),
    ({"run_id": 5}, INVALID, "run_id"),
    ({"run_link": {}}, INVALID, "run_link"),
    ({"model_id": []}, INVALID, "model_id"),
]


def _id(value: Any) -> str:
    return repr(value)[:40] if isinstance(value, dict) else str(value)[:40]


@pytest.mark.parametrize(("fields", "error", "field"), [*_NAMES, *_TAGS, *_TEXTS], ids=_id)
def test_a_model_with_a_bad_field_is_refused_and_not_made(
    oracle_api: Api, mlflow_api: Api, fields: dict[str, Any], error: _ERROR, field: str
) -> None:
    body = fields if (fields, error, field) in _NAMES else {"name": "churn", **fields}
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "registered-models/create", body)
        assert answer.error == error
        assert f"'{field}'" in answer.body["message"]
    assert oracle_api.get("registered-models/search") == {"registered_models": []}


@pytest.mark.parametrize(("fields", "error", "field"), [*_NAMES, *_TAGS, *_TEXTS, *_ORIGINS], ids=_id)
def test_a_version_with_a_bad_field_is_refused_and_not_made(
    oracle_api: Api, mlflow_api: Api, model: str, fields: dict[str, Any], error: _ERROR, field: str
) -> None:
    named = {} if (fields, error, field) in _NAMES else {"name": model}
    for api in (oracle_api, mlflow_api):
        answer = api.call("POST", "model-versions/create", {**named, "source": "s3://b/k", **fields})
        assert answer.error == error
        assert f"'{field}'" in answer.body["message"]
    assert oracle_api.get("model-versions/search") == {"model_versions": []}
    found = oracle_api.get("registered-models/get", name=model)["registered_model"]
    assert found["last_updated_timestamp"] == found["creation_timestamp"]


@pytest.mark.parametrize(("fields", "error", "field"), _NAMES, ids=_id)
def test_a_rename_to_a_bad_name_is_refused_and_the_old_one_stays(
    oracle_api: Api, model: str, fields: dict[str, Any], error: _ERROR, field: str
) -> None:
    renamed = {f"new_{key}": value for key, value in fields.items()}
    answer = oracle_api.call("POST", "registered-models/rename", {"name": model, **renamed})
    assert answer.error == error
    assert f"'new_{field}'" in answer.body["message"]
    found = oracle_api.get("registered-models/search")["registered_models"]
    assert [known["name"] for known in found] == [model]


@pytest.mark.parametrize(("fields", "error", "field"), _TEXTS, ids=_id)
@pytest.mark.parametrize("resource", ["registered-models", "model-versions"])
def test_an_update_with_a_bad_text_changes_nothing(
    oracle_api: Api, model: str, resource: str, fields: dict[str, Any], error: _ERROR, field: str
) -> None:
    oracle_api.post("model-versions/create", name=model, source="s3://b/k")
    before = oracle_api.get("registered-models/get", name=model)
    answer = oracle_api.call("POST", f"{resource}/update", {"name": model, "version": "1", **fields})
    assert answer.error == error
    assert f"'{field}'" in answer.body["message"]
    assert oracle_api.get("registered-models/get", name=model) == before


def test_what_a_message_repeats_of_a_field_is_short(oracle_api: Api, model: str) -> None:
    for fields in ({"stage": "x" * 99_999}, {"stage": "Staging", "version": "x" * 99_999}):
        body = {"name": model, "version": "1", **fields}
        answer = oracle_api.call("POST", "model-versions/transition-stage", body)
        assert answer.error == INVALID
        assert len(answer.body["message"]) < 300


def test_limits_are_counted_in_characters_and_reached(oracle_api: Api) -> None:
    created = oracle_api.post(
        "registered-models/create",
        name="模" * 255,
        description="型" * 100_000,
        tags=[{"key": f"k{n}"} for n in range(1_000)],
    )["registered_model"]
    assert (len(created["name"]), len(created["description"]), len(created["tags"])) == (255, 100_000, 1_000)
