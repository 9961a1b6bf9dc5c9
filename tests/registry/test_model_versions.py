"""Versions after their creation: get, update, delete, and where their artifacts are."""

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, MISSING, NOT_FOUND


@pytest.fixture
def version(oracle_api: Api, model: str) -> dict[str, str]:
    """The name and number of a version."""
    tags = [{"key": "team", "value": "growth"}]
    oracle_api.post("model-versions/create", name=model, source="s3://lake/churn", description="first", tags=tags)
    return {"name": model, "version": "1"}


def test_an_update_changes_the_description_and_the_time_alone(oracle_api: Api, version: dict[str, str]) -> None:
    before = oracle_api.get("model-versions/get", **version)["model_version"]
    after = oracle_api.post("model-versions/update", **version, description="second")["model_version"]
    changed = {"description": "second", "last_updated_timestamp": after["last_updated_timestamp"]}
    assert after == {**before, **changed}
    assert after["last_updated_timestamp"] >= before["last_updated_timestamp"]
    assert oracle_api.get("model-versions/get", **version)["model_version"] == after


def test_an_update_can_empty_the_description(oracle_api: Api, version: dict[str, str]) -> None:
    after = oracle_api.post("model-versions/update", **version, description="")["model_version"]
    assert after["description"] == ""


@pytest.mark.parametrize("nothing", [{}, {"description": None}])
def test_an_update_without_a_description_changes_nothing(
    oracle_api: Api, version: dict[str, str], nothing: dict[str, None]
) -> None:
    before = oracle_api.get("model-versions/get", **version)["model_version"]
    assert oracle_api.post("model-versions/update", **version, **nothing)["model_version"] == before


def test_a_deleted_version_is_gone_and_the_others_stay(oracle_api: Api, version: dict[str, str]) -> None:
    oracle_api.post("model-versions/create", name=version["name"], source="s3://lake/2")
    assert oracle_api.post("model-versions/delete", **version) == {}
    for path in ("model-versions/get", "model-versions/get-download-uri"):
        answer = oracle_api.call("GET", path, query=version)
        assert answer.error == NOT_FOUND
        assert answer.body["message"] == f"Model Version (name={version['name']}, version=1) not found"
    left = oracle_api.get("model-versions/search")["model_versions"]
    assert [found["version"] for found in left] == ["2"]


def test_deleting_a_version_removes_its_aliases(oracle_api: Api, version: dict[str, str]) -> None:
    oracle_api.post("model-versions/create", name=version["name"], source="s3://lake/2")
    for alias, number in (("champion", "1"), ("old", "1"), ("new", "2")):
        oracle_api.post("registered-models/alias", name=version["name"], alias=alias, version=number)
    oracle_api.post("model-versions/delete", **version)
    found = oracle_api.get("registered-models/get", name=version["name"])["registered_model"]
    assert found["aliases"] == [{"alias": "new", "version": "2"}]


def test_deleting_a_version_takes_its_tags_out_of_searches(oracle_api: Api, version: dict[str, str]) -> None:
    oracle_api.post("model-versions/delete", **version)
    assert oracle_api.get("model-versions/search", filter="tags.team = 'growth'") == {"model_versions": []}


def test_the_download_uri_is_where_the_source_is(any_api: Api) -> None:
    any_api.post("registered-models/create", name="churn")
    any_api.post("model-versions/create", name="churn", source="s3://lake/churn")
    found = any_api.get("model-versions/get-download-uri", name="churn", version="1")
    assert found == {"artifact_uri": "s3://lake/churn"}


_ON_ONE_VERSION = [
    ("GET", "model-versions/get", {}),
    ("GET", "model-versions/get-download-uri", {}),
    ("POST", "model-versions/update", {"description": "x"}),
    ("POST", "model-versions/delete", {}),
    ("POST", "model-versions/transition-stage", {"stage": "Staging"}),
    ("POST", "model-versions/set-tag", {"key": "k", "value": "v"}),
    ("POST", "model-versions/delete-tag", {"key": "k"}),
    ("POST", "internal/model-versions/update-tags", {}),
    ("POST", "registered-models/alias", {"alias": "a"}),
]


@pytest.mark.parametrize(("verb", "path", "fields"), _ON_ONE_VERSION)
@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("2", NOT_FOUND),
        ("0", NOT_FOUND),
        ("-1", NOT_FOUND),
        ("9007199254740993", NOT_FOUND),
        ("9" * 40, NOT_FOUND),
        ("9" * 5000, INVALID),
        ("", MISSING),
        ("one", INVALID),
        ("1.0", INVALID),
        ("1_0", INVALID),
        ("0x1", INVALID),
        ("latest", INVALID),
    ],
)
def test_a_version_that_is_none_is_refused_by_each_operation(
    oracle_api: Api,
    version: dict[str, str],
    verb: str,
    path: str,
    fields: dict[str, str],
    number: str,
    error: tuple[int, str, str],
) -> None:
    named = {**fields, "name": version["name"], "version": number}
    before = oracle_api.call("GET", "model-versions/get", query=version)
    as_query = verb == "GET" and len(number) < 1000
    answer = oracle_api.call(verb, path, None if as_query else named, query=named if as_query else None)
    assert answer.error == error
    if error != NOT_FOUND:
        assert "'version'" in answer.body["message"]
    after = oracle_api.call("GET", "model-versions/get", query=version)
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])


@pytest.mark.parametrize(("verb", "path", "fields"), _ON_ONE_VERSION)
def test_a_version_of_an_unknown_model_is_not_found(
    oracle_api: Api, model: str, verb: str, path: str, fields: dict[str, str]
) -> None:
    named = {**fields, "name": "absent", "version": "1"}
    answer = oracle_api.call(verb, path, named)
    assert answer.error == NOT_FOUND
    assert "name=absent" in answer.body["message"]
