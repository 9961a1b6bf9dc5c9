"""Platforms see nothing of each other; the workspaces of one platform share its registry."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID, NOT_FOUND
from tests.support.server import RunningServer


@pytest.fixture
def stranger(server: RunningServer, platform: str) -> Api:
    """The registry of another platform."""
    key = f"{platform}-stranger"
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": key}, status=201)
    return Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": key})


@pytest.fixture
def version(oracle_api: Api, model: str) -> str:
    """A model with a version that has a tag and an alias."""
    tags = [{"key": "team", "value": "growth"}]
    oracle_api.post("model-versions/create", name=model, source="s3://b/k", run_id="r1", tags=tags)
    oracle_api.post("registered-models/alias", name=model, alias="champion", version="1")
    return model


def test_another_platform_lists_nothing(stranger: Api, version: str) -> None:
    assert stranger.get("registered-models/search") == {"registered_models": []}
    for text in ("", "run_id = 'r1'", "tags.team = 'growth'", "aliases = 'champion'", f"name = '{version}'"):
        assert stranger.get("model-versions/search", filter=text) == {"model_versions": []}


@pytest.mark.parametrize(
    ("verb", "path", "fields"),
    [
        ("GET", "registered-models/get", {}),
        ("GET", "registered-models/alias", {"alias": "champion"}),
        ("GET", "registered-models/get-latest-versions", {}),
        ("GET", "model-versions/get", {"version": "1"}),
        ("GET", "model-versions/get-download-uri", {"version": "1"}),
        ("POST", "model-versions/create", {"source": "s3://b/k"}),
        ("POST", "model-versions/update", {"version": "1", "description": "x"}),
        ("POST", "model-versions/delete", {"version": "1"}),
        ("POST", "model-versions/transition-stage", {"version": "1", "stage": "Staging"}),
        ("POST", "model-versions/set-tag", {"version": "1", "key": "k", "value": "v"}),
        ("POST", "model-versions/delete-tag", {"version": "1", "key": "team"}),
        ("POST", "internal/model-versions/update-tags", {"version": "1"}),
        ("POST", "registered-models/update", {"description": "x"}),
        ("POST", "registered-models/rename", {"new_name": "y"}),
        ("POST", "registered-models/delete", {}),
        ("POST", "registered-models/set-tag", {"key": "k", "value": "v"}),
        ("POST", "internal/registered-models/update-tags", {}),
        ("POST", "registered-models/alias", {"alias": "mine", "version": "1"}),
        ("DELETE", "registered-models/alias", {"alias": "champion"}),
    ],
)
def test_another_platform_can_neither_see_nor_change_what_it_does_not_have(
    oracle_api: Api, stranger: Api, version: str, verb: str, path: str, fields: dict[str, str]
) -> None:
    before = oracle_api.call("GET", "registered-models/get", query={"name": version})
    assert stranger.call(verb, path, {"name": version, **fields}).error == NOT_FOUND
    after = oracle_api.call("GET", "registered-models/get", query={"name": version})
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])


def test_two_platforms_can_use_one_name(oracle_api: Api, stranger: Api, version: str) -> None:
    stranger.post("registered-models/create", name=version)
    created = stranger.post("model-versions/create", name=version, source="s3://other/k")["model_version"]
    assert created["version"] == "1"
    stranger.post("registered-models/delete", name=version)
    found = oracle_api.get("model-versions/get", name=version, version="1")["model_version"]
    assert found["source"] == "s3://b/k"


def test_the_workspaces_of_a_platform_share_its_registry(
    oracle_api: Api, platform_api: Api, mlflow_api: Api, workspaces_api: Api, version: str
) -> None:
    key = workspaces_api.post("workspaces", displayName="fraud")["key"]
    below = Api(workspaces_api.url, f"{workspaces_api.base}/workspaces/{key}/mlops/api/2.0/mlflow")
    created = below.post("model-versions/create", name=version, source="s3://b/k2")["model_version"]
    assert created["version"] == "2"
    for api in (oracle_api, platform_api, mlflow_api, below):
        found = api.get("registered-models/get", name=version)["registered_model"]
        assert [one["version"] for one in found["latest_versions"]] == ["2"]


def test_the_registry_outlives_a_workspace(oracle_api: Api, workspaces_api: Api, version: str) -> None:
    key = workspaces_api.post("workspaces", displayName="fraud")["key"]
    below = Api(workspaces_api.url, f"{workspaces_api.base}/workspaces/{key}/mlops/api/2.0/mlflow")
    below.post("model-versions/create", name=version, source="s3://b/k2")
    workspaces_api.ok("DELETE", f"workspaces/{key}")
    assert below.call("GET", "registered-models/search").error == NOT_FOUND
    assert oracle_api.get("model-versions/get", name=version, version="2")["model_version"]["source"] == "s3://b/k2"


def test_without_the_header_mlflows_clients_reach_the_default_platform(root: Api, platform: str) -> None:
    name = f"of-default-{platform}"
    plain = Api(root.url, "/api/2.0/mlflow")
    plain.post("registered-models/create", name=name)
    for header in ("default", ""):
        named = Api(root.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": header})
        assert named.get("registered-models/get", name=name)["registered_model"]["name"] == name
    tenant = Api(root.url, "/20260430/aiDataPlatforms/default/workspaces/default/mlops/api/2.0/mlflow")
    assert tenant.get("registered-models/get", name=name)["registered_model"]["name"] == name


def test_a_header_that_agrees_with_the_path_is_allowed(oracle_api: Api, platform: str, model: str) -> None:
    agreeing = Api(oracle_api.url, oracle_api.base, {"X-MLFLOW-WORKSPACE": platform})
    assert agreeing.get("registered-models/get", name=model)["registered_model"]["name"] == model


@pytest.mark.parametrize("path", ["oracle_api", "platform_api"])
def test_a_header_that_contradicts_the_path_is_refused(
    oracle_api: Api, platform_api: Api, model: str, path: str
) -> None:
    api = oracle_api if path == "oracle_api" else platform_api
    answer = api.call("GET", "registered-models/search", headers={"X-MLFLOW-WORKSPACE": "default"})
    assert answer.error == INVALID
    assert "'X-MLFLOW-WORKSPACE'" in answer.body["message"]


def test_an_unknown_platform_is_not_found_and_not_made(root: Api, platform: str) -> None:
    absent = f"{platform}-absent"
    answers: list[Any] = [
        root.call("POST", f"/20260430/aiDataPlatforms/{absent}/{below}mlops/api/2.0/mlflow/{path}", {"name": "x"})
        for below in ("", "workspaces/default/")
        for path in ("registered-models/create", "model-versions/create")
    ]
    named = {"X-MLFLOW-WORKSPACE": absent}
    answers.append(root.call("POST", "/api/2.0/mlflow/registered-models/create", {"name": "x"}, headers=named))
    for answer in answers:
        assert answer.error == NOT_FOUND
        assert answer.body["message"] == f"AI Data Platform '{absent}' does not exist."
    assert root.call("GET", f"/api/3.0/mlflow/workspaces/{absent}").error == NOT_FOUND


def test_an_unknown_workspace_is_not_found_and_not_made(workspaces_api: Api, platform: str) -> None:
    answer = workspaces_api.call(
        "POST", "workspaces/absent/mlops/api/2.0/mlflow/registered-models/create", {"name": "x"}
    )
    assert answer.error == NOT_FOUND
    assert answer.body["message"] == f"Workspace 'absent' of AI Data Platform '{platform}' does not exist."
    assert [found["key"] for found in workspaces_api.get("workspaces")["items"]] == ["default"]
