"""MLflow's client on MLflow's workspaces: each is a platform here, with a registry of its own."""

from collections.abc import Iterator

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities.workspace import TraceArchivalConfig
from mlflow.exceptions import MlflowException

from tests.support.server import RunningServer


@pytest.fixture
def bare(server: RunningServer) -> Iterator[MlflowClient]:
    """The client at the server's bare URL."""
    yield MlflowClient(server.url, server.url)
    mlflow.set_workspace(None)


@pytest.fixture
def workspace(bare: MlflowClient, name: str) -> str:
    """A workspace that is empty."""
    bare.create_workspace(name)
    return name


def test_a_created_workspace_is_got(bare: MlflowClient, name: str) -> None:
    archive = TraceArchivalConfig(location="s3://traces", retention="30d")
    created = bare.create_workspace(name, "The fraud team's.", "s3://artifacts", archive)
    found = bare.get_workspace(name)
    assert found == created
    assert (found.name, found.description) == (name, "The fraud team's.")
    assert found.default_artifact_root == "s3://artifacts"
    assert (found.trace_archival_location, found.trace_archival_retention) == ("s3://traces", "30d")


def test_a_workspace_is_listed_until_it_is_deleted(bare: MlflowClient, workspace: str) -> None:
    assert {"default", workspace} <= {found.name for found in bare.list_workspaces()}
    bare.delete_workspace(workspace)
    assert workspace not in {found.name for found in bare.list_workspaces()}


def test_the_description_of_a_workspace_is_updated(bare: MlflowClient, workspace: str) -> None:
    assert bare.update_workspace(workspace, description="Ours.").description == "Ours."
    assert bare.get_workspace(workspace).description == "Ours."


def test_a_workspace_that_is_set_has_a_registry_of_its_own(bare: MlflowClient, workspace: str) -> None:
    mlflow.set_workspace(workspace)
    bare.create_registered_model("scorer")
    assert [model.name for model in bare.search_registered_models()] == ["scorer"]
    mlflow.set_workspace(None)
    assert list(bare.search_registered_models("name = 'scorer'")) == []


def test_a_workspace_that_is_not_there_is_refused(bare: MlflowClient, name: str) -> None:
    mlflow.set_workspace(name)
    with pytest.raises(MlflowException) as caught:
        bare.search_registered_models()
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_workspace_with_models_is_deleted_only_where_the_mode_says_so(bare: MlflowClient, workspace: str) -> None:
    mlflow.set_workspace(workspace)
    bare.create_registered_model("scorer")
    mlflow.set_workspace(None)
    with pytest.raises(MlflowException, match="it still has 1 registered models"):
        bare.delete_workspace(workspace)
    bare.delete_workspace(workspace, mode="CASCADE")
    with pytest.raises(MlflowException) as caught:
        bare.get_workspace(workspace)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_tenant_path_and_a_workspace_of_its_name_are_one_registry(
    bare: MlflowClient, server: RunningServer, workspace: str
) -> None:
    url = f"{server.url}/20260430/aiDataPlatforms/{workspace}/workspaces/default/mlops"
    MlflowClient(url, url).create_registered_model("scorer")
    mlflow.set_workspace(workspace)
    assert [model.name for model in bare.search_registered_models()] == ["scorer"]


def test_the_client_knows_where_its_workspaces_are(bare: MlflowClient, server: RunningServer) -> None:
    assert bare.get_workspace_store_uri() == server.url
