"""`etag` and `if-match`: a new etag with each change, and no change where the caller's does not match."""

from typing import Any

import pytest

from tests.support.api import Answer, Api
from tests.support.codes import NO_ETAG_MATCH

_ON_MODEL: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "registered-models/update", {"description": "new"}),
    ("POST", "registered-models/rename", {"new_name": "other"}),
    ("POST", "registered-models/set-tag", {"key": "team", "value": "risk"}),
    ("POST", "registered-models/delete-tag", {"key": "team"}),
    ("POST", "internal/registered-models/update-tags", {"set_tags": [{"key": "a"}], "delete_tags": [{"key": "team"}]}),
    ("POST", "registered-models/alias", {"alias": "champion", "version": "2"}),
    ("DELETE", "registered-models/alias", {"alias": "champion"}),
    ("POST", "registered-models/delete", {}),
]
_ON_VERSION: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "model-versions/update", {"description": "new"}),
    ("POST", "model-versions/transition-stage", {"stage": "Production", "archive_existing_versions": True}),
    ("POST", "model-versions/set-tag", {"key": "team", "value": "risk"}),
    ("POST", "model-versions/delete-tag", {"key": "team"}),
    ("POST", "internal/model-versions/update-tags", {"set_tags": [{"key": "a"}], "delete_tags": [{"key": "team"}]}),
    ("POST", "model-versions/delete", {}),
]
MODEL, VERSION = {"name": "churn"}, {"name": "churn", "version": "1"}


@pytest.fixture(autouse=True)
def versions(oracle_api: Api) -> None:
    """A model and two versions, each with a tag; the first has an alias, the second is in Production."""
    tags = [{"key": "team", "value": "growth"}]
    oracle_api.post("registered-models/create", name="churn", tags=tags)
    for _ in range(2):
        oracle_api.post("model-versions/create", name="churn", source="s3://b/k", tags=tags)
    oracle_api.post("registered-models/alias", name="churn", alias="champion", version="1")
    oracle_api.post("model-versions/transition-stage", name="churn", version="2", stage="Production")


def _model(api: Api) -> Answer:
    return api.call("GET", "registered-models/get", query=MODEL)


def _version(api: Api, number: str = "1") -> Answer:
    return api.call("GET", "model-versions/get", query={**MODEL, "version": number})


def _state(api: Api) -> list[tuple[bytes, str]]:
    return [(answer.content, answer.headers["etag"]) for answer in (_model(api), _version(api), _version(api, "2"))]


def test_every_answer_that_holds_one_resource_has_its_etag(oracle_api: Api) -> None:
    version, model = _version(oracle_api).headers["etag"], _model(oracle_api).headers["etag"]
    assert version != model
    by_alias = oracle_api.call("GET", "registered-models/alias", query={**MODEL, "alias": "champion"})
    assert by_alias.headers["etag"] == version
    created = oracle_api.call("POST", "model-versions/create", {**MODEL, "source": "s3://b/k"})
    assert created.headers["etag"] == _version(oracle_api, "3").headers["etag"]
    for path, named in (("model-versions", VERSION), ("registered-models", MODEL)):
        updated = oracle_api.call("POST", f"{path}/update", {**named, "description": "x"})
        assert updated.headers["etag"] == oracle_api.call("GET", f"{path}/get", query=named).headers["etag"]


def test_an_etag_stays_while_nothing_changes(oracle_api: Api) -> None:
    assert _state(oracle_api) == _state(oracle_api)


@pytest.mark.parametrize(("verb", "path", "fields"), _ON_MODEL[:-1])
def test_each_change_of_a_model_gives_it_a_new_etag(
    oracle_api: Api, verb: str, path: str, fields: dict[str, Any]
) -> None:
    before = _model(oracle_api).headers["etag"]
    changed = oracle_api.call(verb, path, {**MODEL, **fields})
    named = {"name": fields.get("new_name", "churn")}
    after = oracle_api.call("GET", "registered-models/get", query=named).headers["etag"]
    assert changed.headers["etag"] == after != before


@pytest.mark.parametrize(("verb", "path", "fields"), _ON_VERSION[:-1])
def test_each_change_of_a_version_gives_it_and_its_model_a_new_etag(
    oracle_api: Api, verb: str, path: str, fields: dict[str, Any]
) -> None:
    before = _version(oracle_api).headers["etag"], _model(oracle_api).headers["etag"]
    changed = oracle_api.call(verb, path, {**VERSION, **fields})
    after = _version(oracle_api).headers["etag"]
    assert changed.headers["etag"] == after != before[0]
    assert _model(oracle_api).headers["etag"] != before[1]


def test_what_changes_beside_the_named_version_gets_a_new_etag_too(oracle_api: Api) -> None:
    steps: list[tuple[str, str, dict[str, Any], set[str]]] = [
        ("POST", "registered-models/alias", {"alias": "champion", "version": "1"}, {"1"}),
        ("POST", "registered-models/alias", {"alias": "champion", "version": "2"}, {"1", "2"}),
        ("DELETE", "registered-models/alias", {"alias": "champion"}, {"2"}),
        (
            "POST",
            "model-versions/transition-stage",
            {"version": "1", "stage": "Production", "archive_existing_versions": True},
            {"1", "2"},
        ),
        ("POST", "model-versions/update", {"version": "1", "description": "x"}, {"1"}),
    ]
    for verb, path, fields, changed in steps:
        before = {number: _version(oracle_api, number).headers["etag"] for number in "12"}
        oracle_api.ok(verb, path, {**MODEL, **fields})
        after = {number: _version(oracle_api, number).headers["etag"] for number in "12"}
        assert {number for number in "12" if before[number] != after[number]} == changed


def test_creating_and_deleting_a_version_give_the_model_a_new_etag(oracle_api: Api) -> None:
    seen = [_model(oracle_api).headers["etag"]]
    oracle_api.post("model-versions/create", name="churn", source="s3://b/k")
    seen.append(_model(oracle_api).headers["etag"])
    oracle_api.post("model-versions/delete", **VERSION)
    seen.append(_model(oracle_api).headers["etag"])
    assert len(set(seen)) == 3


def test_a_model_made_again_has_another_etag(oracle_api: Api) -> None:
    before = _model(oracle_api).headers["etag"]
    oracle_api.post("registered-models/delete", **MODEL)
    created = oracle_api.call("POST", "registered-models/create", MODEL)
    assert created.headers["etag"] != before
    assert oracle_api.call("POST", "registered-models/delete", MODEL, headers={"if-match": before}).status == 412


_ALL = pytest.mark.parametrize(
    ("verb", "path", "fields", "named"),
    [*((*operation, MODEL) for operation in _ON_MODEL), *((*operation, VERSION) for operation in _ON_VERSION)],
)


@_ALL
def test_an_etag_that_does_not_match_leaves_all_as_it_was(
    oracle_api: Api, verb: str, path: str, fields: dict[str, Any], named: dict[str, str]
) -> None:
    before = _state(oracle_api)
    answer = oracle_api.call(verb, path, {**named, **fields}, headers={"if-match": '"other"'})
    assert answer.error == NO_ETAG_MATCH
    assert _state(oracle_api) == before


@_ALL
def test_an_etag_that_matches_lets_the_change_through(
    oracle_api: Api, verb: str, path: str, fields: dict[str, Any], named: dict[str, str]
) -> None:
    current = (_version if named is VERSION else _model)(oracle_api).headers["etag"]
    assert oracle_api.call(verb, path, {**named, **fields}, headers={"if-match": current}).status == 200


def test_where_nothing_has_an_etag_none_matches_and_nothing_is_done(oracle_api: Api) -> None:
    create = {"name": "conditional"}
    answer = oracle_api.call("POST", "registered-models/create", create, headers={"if-match": '"any"'})
    assert answer.error == NO_ETAG_MATCH
    assert oracle_api.call("GET", "registered-models/get", query=create).status == 404
    oracle_api.ok("POST", "registered-models/create", create, headers={"if-match": "*"})


@pytest.mark.parametrize("kind", ["model", "experiment", "workspace", "platform"])
def test_permissions_are_changed_only_while_what_they_are_on_has_the_etag(oracle_api: Api, kind: str) -> None:
    platform = oracle_api.base.split("/workspaces/")[0]
    name = platform.rpartition("/")[2]
    read, manage, query = {
        "model": ("registered-models/get", f"registered-models/{MODEL['name']}", MODEL),
        "experiment": ("experiments/get", "experiments/0", {"experiment_id": "0"}),
        "workspace": (f"{platform}/workspaces/default", f"{platform}/workspaces/default", {}),
        "platform": (f"/api/3.0/mlflow/workspaces/{name}", platform, {}),
    }[kind]
    etag = oracle_api.call("GET", read, query=query).headers["etag"]

    def refused(etag: str) -> tuple[int, str, str]:
        return oracle_api.call("POST", f"{manage}/actions/managePermission", {}, headers={"if-match": etag}).error

    assert refused('"other"') == NO_ETAG_MATCH
    # What is missing is looked at only after the etag.
    assert refused(etag) == (400, "INVALID_PARAMETER_VALUE", "MissingParameter")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ('"{}"', 200),
        ("{}", 200),
        ('W/"{}"', 200),
        ('"other", "{}"', 200),
        ('"{}",x', 200),
        ("*", 200),
        ("other", 412),
        ('"a", "b"', 412),
        ('"{}0"', 412),
        ("", 412),
    ],
)
def test_if_match_is_one_etag_or_a_list_quoted_or_not(oracle_api: Api, form: str, status: int) -> None:
    current = _version(oracle_api).headers["etag"].strip('"')
    body = {**VERSION, "description": "new"}
    answer = oracle_api.call("POST", "model-versions/update", body, headers={"if-match": form.format(current)})
    assert answer.status == status
    assert (_version(oracle_api).body["model_version"]["description"] == "new") is (status == 200)


def test_an_etag_matches_once(oracle_api: Api) -> None:
    seen = {"if-match": _version(oracle_api).headers["etag"]}
    first = oracle_api.call("POST", "model-versions/update", {**VERSION, "description": "mine"}, headers=seen)
    second = oracle_api.call("POST", "model-versions/update", {**VERSION, "description": "theirs"}, headers=seen)
    assert (first.status, second.status) == (200, 412)
    assert _version(oracle_api).body["model_version"]["description"] == "mine"


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("DELETE", "registered-models/alias", {"alias": "nobody"}),
        ("DELETE", "registered-models/delete-tag", {"key": "nobody"}),
        ("POST", "internal/registered-models/update-tags", {"delete_tags": [{"key": "nobody"}]}),
    ],
)
def test_deleting_what_is_not_there_leaves_the_etag(
    mlflow_api: Api, method: str, path: str, fields: dict[str, object]
) -> None:
    mlflow_api.post("registered-models/create", name="m")
    before = mlflow_api.call("GET", "registered-models/get?name=m").headers["etag"]
    assert mlflow_api.call(method, path, {"name": "m", **fields}).headers["etag"] == before
    assert mlflow_api.call("GET", "registered-models/get?name=m").headers["etag"] == before
