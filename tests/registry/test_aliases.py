"""Aliases: each names one version of its model at a time."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import ALIAS_NOT_FOUND, ALIAS_NOT_FOUND_TO_MLFLOW, INVALID, MISSING, NOT_FOUND

ALIAS = "registered-models/alias"


@pytest.fixture
def versions(oracle_api: Api, model: str) -> str:
    """A model with two versions."""
    for number in ("1", "2"):
        oracle_api.post("model-versions/create", name=model, source=f"s3://lake/{number}")
    return model


def _aliases(api: Api, model: str) -> Any:
    of_model = api.get("registered-models/get", name=model)["registered_model"]["aliases"]
    of_versions = [
        {"alias": alias, "version": version["version"]}
        for version in api.get("model-versions/search", order_by="version_number")["model_versions"]
        for alias in version["aliases"]
    ]
    by_alias = sorted(of_model, key=lambda found: str(found["alias"]))
    assert by_alias == sorted(of_versions, key=lambda found: str(found["alias"]))
    return {found["alias"]: found["version"] for found in by_alias}


def test_an_alias_names_its_version(any_api: Api) -> None:
    any_api.post("registered-models/create", name="churn")
    any_api.post("model-versions/create", name="churn", source="s3://b/k")
    assert any_api.post(ALIAS, name="churn", alias="champion", version="1") == {}
    found = any_api.get(ALIAS, name="churn", alias="champion")["model_version"]
    assert (found["version"], found["aliases"]) == ("1", ["champion"])
    assert found == any_api.get("model-versions/get", name="churn", version="1")["model_version"]


def test_an_alias_moves_to_the_version_that_it_is_given_to(oracle_api: Api, versions: str) -> None:
    for number in ("1", "2"):
        oracle_api.post(ALIAS, name=versions, alias="champion", version=number)
    assert _aliases(oracle_api, versions) == {"champion": "2"}


def test_a_version_can_have_many_aliases(oracle_api: Api, versions: str) -> None:
    for alias in ("b", "A", "a-1_x", "模型"):
        oracle_api.post(ALIAS, name=versions, alias=alias, version="1")
    assert _aliases(oracle_api, versions) == {"b": "1", "A": "1", "a-1_x": "1", "模型": "1"}


def test_a_deleted_alias_names_nothing_and_the_version_stays(oracle_api: Api, versions: str) -> None:
    oracle_api.post(ALIAS, name=versions, alias="champion", version="1")
    oracle_api.post(ALIAS, name=versions, alias="challenger", version="1")
    assert oracle_api.ok("DELETE", ALIAS, {"name": versions, "alias": "champion"}) == {}
    assert oracle_api.call("GET", ALIAS, query={"name": versions, "alias": "champion"}).error == ALIAS_NOT_FOUND
    assert _aliases(oracle_api, versions) == {"challenger": "1"}


def test_deleting_an_alias_that_is_not_there_is_no_error(any_api: Api) -> None:
    any_api.post("registered-models/create", name="churn")
    assert any_api.ok("DELETE", ALIAS, query={"name": "churn", "alias": "absent"}) == {}


def test_an_unknown_alias_is_not_found_in_the_words_of_each_dialect(
    oracle_api: Api, mlflow_api: Api, versions: str
) -> None:
    for api, error in ((oracle_api, ALIAS_NOT_FOUND), (mlflow_api, ALIAS_NOT_FOUND_TO_MLFLOW)):
        answer = api.call("GET", ALIAS, query={"name": versions, "alias": "absent"})
        assert answer.error == error
        assert answer.body["message"] == f"Registered model alias absent of '{versions}' not found."


@pytest.mark.parametrize("alias", ["latest", "Latest"])
def test_latest_names_the_newest_version_in_whatever_stage(oracle_api: Api, versions: str, alias: str) -> None:
    oracle_api.post("model-versions/transition-stage", name=versions, version="2", stage="Archived")
    assert oracle_api.get(ALIAS, name=versions, alias=alias)["model_version"]["version"] == "2"


def test_latest_of_a_model_without_versions_is_not_found(any_api: Api) -> None:
    any_api.post("registered-models/create", name="empty")
    answer = any_api.call("GET", ALIAS, query={"name": "empty", "alias": "latest"})
    assert answer.error == NOT_FOUND
    assert answer.body["message"] == "Latest version not found for model empty."


@pytest.mark.parametrize("alias", ["latest", "LATEST", "v1", "V27"])
def test_names_that_versions_have_already_are_reserved(oracle_api: Api, versions: str, alias: str) -> None:
    answer = oracle_api.call("POST", ALIAS, {"name": versions, "alias": alias, "version": "1"})
    assert answer.error == INVALID
    assert answer.body["message"] == f"Invalid value for parameter 'alias': {alias!r} is reserved."
    assert _aliases(oracle_api, versions) == {}


@pytest.mark.parametrize(
    ("alias", "error"),
    [
        ("", MISSING),
        (None, MISSING),
        ("a b", INVALID),
        ("a/b", INVALID),
        ("a.b", INVALID),
        ("a\n", INVALID),
        ("a" * 256, INVALID),
        (7, INVALID),
        ({"a": 1}, INVALID),
    ],
)
@pytest.mark.parametrize("verb", ["POST", "DELETE", "GET"])
def test_what_is_no_alias_is_refused_by_name(
    oracle_api: Api, versions: str, verb: str, alias: object, error: tuple[int, str, str]
) -> None:
    answer = oracle_api.call(verb, ALIAS, {"name": versions, "alias": alias, "version": "1"})
    assert answer.error == error
    assert "'alias'" in answer.body["message"]
    assert _aliases(oracle_api, versions) == {}


def test_an_alias_of_255_characters_is_allowed(oracle_api: Api, versions: str) -> None:
    oracle_api.post(ALIAS, name=versions, alias="a" * 255, version="1")
    assert _aliases(oracle_api, versions) == {"a" * 255: "1"}


def test_an_alias_stays_where_it_is_when_it_is_given_to_a_version_that_does_not_exist(
    oracle_api: Api, versions: str
) -> None:
    oracle_api.post(ALIAS, name=versions, alias="champion", version="1")
    answer = oracle_api.call("POST", ALIAS, {"name": versions, "alias": "champion", "version": "3"})
    assert answer.error == NOT_FOUND
    assert answer.body["message"] == f"Model Version (name={versions}, version=3) not found"
    assert _aliases(oracle_api, versions) == {"champion": "1"}


@pytest.mark.parametrize("verb", ["POST", "DELETE", "GET"])
def test_an_alias_of_an_unknown_model_is_not_found(oracle_api: Api, verb: str) -> None:
    answer = oracle_api.call(verb, ALIAS, {"name": "absent", "alias": "champion", "version": "1"})
    assert answer.error == NOT_FOUND
    assert answer.body["message"] == "Registered Model with name=absent not found"
