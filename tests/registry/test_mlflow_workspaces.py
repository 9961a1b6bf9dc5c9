"""MLflow's workspaces API: platforms by another name."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import EXISTS_TO_MLFLOW, INCORRECT_STATE_TO_MLFLOW, INVALID, MISSING, NOT_FOUND

WORKSPACES = "/api/3.0/mlflow/workspaces"


@pytest.fixture
def registry(root: Api, platform: str) -> Api:
    """The registry of the test's platform, with one model that has a version."""
    api = Api(root.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": platform})
    api.post("registered-models/create", name=f"of-{platform}")
    api.post("model-versions/create", name=f"of-{platform}", source="s3://b/k")
    return api


def test_a_workspace_is_created_with_201_and_kept_as_given(root: Api, platform: str) -> None:
    given = {
        "name": f"{platform}-b",
        "description": "Fraud",
        "default_artifact_root": "s3://lake/fraud",
        "trace_archival_config": {"location": "s3://archive", "retention": "30d"},
    }
    assert root.ok("POST", WORKSPACES, given, status=201) == {"workspace": given}
    assert root.ok("GET", f"{WORKSPACES}/{platform}-b") == {"workspace": given}
    assert given in root.ok("GET", WORKSPACES)["workspaces"]


def test_the_list_is_in_the_order_of_names_and_has_default(root: Api, platform: str) -> None:
    names = [found["name"] for found in root.ok("GET", WORKSPACES)["workspaces"]]
    assert names == sorted(names)
    assert {"default", platform} <= set(names)


def test_an_update_changes_what_it_names(root: Api, platform: str) -> None:
    where = f"{WORKSPACES}/{platform}"
    root.ok("PATCH", where, {"description": "one", "default_artifact_root": "s3://a"})
    changed = root.ok("PATCH", where, {"description": "two"})
    assert changed == {"workspace": {"name": platform, "description": "two", "default_artifact_root": "s3://a"}}
    assert root.ok("PATCH", where, {"default_artifact_root": ""}) == {
        "workspace": {"name": platform, "description": "two"}
    }


def test_an_update_of_nothing_is_refused(root: Api, platform: str) -> None:
    assert root.call("PATCH", f"{WORKSPACES}/{platform}", {}).error == INVALID


def test_a_taken_name_is_refused(root: Api, platform: str) -> None:
    answer = root.call("POST", WORKSPACES, {"name": platform})
    assert answer.error == EXISTS_TO_MLFLOW
    assert answer.body["message"] == f"Workspace '{platform}' already exists."


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({}, MISSING, "name"),
        ({"name": ""}, MISSING, "name"),
        ({"name": "a"}, INVALID, "name"),
        ({"name": "a" * 64}, INVALID, "name"),
        ({"name": "Upper"}, INVALID, "name"),
        ({"name": "a--b"}, INVALID, "name"),
        ({"name": "-a"}, INVALID, "name"),
        ({"name": "a-"}, INVALID, "name"),
        ({"name": "a/b"}, INVALID, "name"),
        ({"name": "a\n"}, INVALID, "name"),
        ({"name": "default"}, INVALID, "name"),
        ({"name": "ok-1", "default_artifact_root": "no place"}, INVALID, "default_artifact_root"),
        ({"name": "ok-1", "default_artifact_root": "runs:/r1"}, INVALID, "default_artifact_root"),
        ({"name": "ok-1", "default_artifact_root": "s3://a#b"}, INVALID, "default_artifact_root"),
        ({"name": "ok-1", "trace_archival_config": {"retention": "soon"}}, INVALID, "trace_archival_config.retention"),
        ({"name": "ok-1", "trace_archival_config": {"location": "?"}}, INVALID, "trace_archival_config.location"),
        ({"name": "ok-1", "description": 5}, INVALID, "description"),
    ],
)
def test_a_bad_field_is_refused_by_name(
    root: Api, fields: dict[str, Any], error: tuple[int, str, str], field: str
) -> None:
    answer = root.call("POST", WORKSPACES, fields)
    assert answer.error == error
    assert f"'{field}'" in answer.body["message"]
    assert root.call("GET", f"{WORKSPACES}/ok-1").error == NOT_FOUND


def test_an_empty_workspace_is_deleted_with_204(root: Api, platform: str) -> None:
    answer = root.call("DELETE", f"{WORKSPACES}/{platform}")
    assert (answer.status, answer.content) == (204, b"")
    assert root.call("GET", f"{WORKSPACES}/{platform}").error == NOT_FOUND
    registry = root.call("GET", "/api/2.0/mlflow/registered-models/search", headers={"X-MLFLOW-WORKSPACE": platform})
    assert registry.error == NOT_FOUND


@pytest.mark.parametrize("query", [{}, {"mode": "RESTRICT"}])
def test_a_workspace_with_models_is_not_deleted_unless_told_how(
    root: Api, registry: Api, platform: str, query: dict[str, str]
) -> None:
    answer = root.call("DELETE", f"{WORKSPACES}/{platform}", query=query)
    assert answer.error == INCORRECT_STATE_TO_MLFLOW
    assert registry.get("model-versions/get", name=f"of-{platform}", version="1")


def test_cascade_deletes_the_models_with_the_workspace(root: Api, registry: Api, platform: str) -> None:
    root.ok("DELETE", f"{WORKSPACES}/{platform}", query={"mode": "CASCADE"}, status=204)
    root.ok("POST", WORKSPACES, {"name": platform}, status=201)
    assert registry.get("registered-models/search") == {"registered_models": []}
    assert registry.get("model-versions/search") == {"model_versions": []}


def test_set_default_moves_the_models_to_default(root: Api, registry: Api, platform: str) -> None:
    root.ok("DELETE", f"{WORKSPACES}/{platform}", query={"mode": "SET_DEFAULT"}, status=204)
    default = Api(root.url, "/api/2.0/mlflow")
    found = default.get("model-versions/search", filter=f"name = 'of-{platform}'")["model_versions"]
    assert [version["version"] for version in found] == ["1"]
    created = default.post("model-versions/create", name=f"of-{platform}", source="s3://b/k")["model_version"]
    assert created["version"] == "2"


def test_set_default_refuses_where_default_has_a_model_of_that_name(root: Api, registry: Api, platform: str) -> None:
    Api(root.url, "/api/2.0/mlflow").post("registered-models/create", name=f"of-{platform}")
    answer = root.call("DELETE", f"{WORKSPACES}/{platform}", query={"mode": "SET_DEFAULT"})
    assert answer.error == INCORRECT_STATE_TO_MLFLOW
    assert f"of-{platform}" in answer.body["message"]
    assert registry.get("model-versions/get", name=f"of-{platform}", version="1")


def test_an_unknown_mode_is_refused(root: Api, platform: str) -> None:
    answer = root.call("DELETE", f"{WORKSPACES}/{platform}", query={"mode": "PERHAPS"})
    assert answer.error == INVALID
    assert "'mode'" in answer.body["message"]


def test_default_cannot_be_deleted(root: Api) -> None:
    answer = root.call("DELETE", f"{WORKSPACES}/default", query={"mode": "CASCADE"})
    assert answer.error == INVALID
    assert "'workspace_name'" in answer.body["message"]


@pytest.mark.parametrize(("verb", "body"), [("GET", None), ("PATCH", {"description": "x"}), ("DELETE", None)])
def test_an_unknown_workspace_is_not_found(root: Api, platform: str, verb: str, body: Any) -> None:
    assert root.call(verb, f"{WORKSPACES}/{platform}-absent", body).error == NOT_FOUND


def test_clients_are_told_that_workspaces_are_there(root: Api, platform: str) -> None:
    server_info = {
        "workspaces_enabled": True,
        "store_type": "SqlStore",
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": True,
        "multipart_downloads_enabled": False,
        "features_enabled": {"gateway": False},
    }
    for prefix in ("/api/3.0", "/ajax-api/3.0"):
        assert root.ok("GET", f"{prefix}/mlflow/server-info") == server_info
    tenant = f"/20260430/aiDataPlatforms/{platform}/workspaces/default/mlops/api/3.0/mlflow/server-info"
    assert root.ok("GET", tenant) == {**server_info, "workspaces_enabled": False}
