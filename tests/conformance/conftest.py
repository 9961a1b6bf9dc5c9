"""The real clients, unmodified, each ready to call the test's own platform."""

import itertools
import os
from collections.abc import Iterator
from typing import Any

# Read when the clients are imported: nothing may go out, and a failure is shown at once.
os.environ.update(
    DO_NOT_TRACK="true",
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    MLFLOW_HTTP_REQUEST_TIMEOUT="20",
)

import mlflow
import oci
import pytest
from aidp_python_client.aidataplatform_dp import MLOpsClient, WorkspaceClient
from mlflow import MlflowClient

from tests.conformance.api_key import FINGERPRINT, TENANCY, USER, private_key
from tests.support.server import RunningServer

_counter = itertools.count(1)


@pytest.fixture(scope="session")
def oci_config() -> dict[str, str]:
    """What an OCI configuration file says of a user with an API key."""
    return {
        "tenancy": TENANCY,
        "user": USER,
        "fingerprint": FINGERPRINT,
        "key_content": private_key(),
        "region": "us-ashburn-1",
    }


@pytest.fixture(scope="session")
def signer(oci_config: dict[str, str]) -> Any:
    """Signs requests as Oracle Cloud asks for it."""
    return oci.signer.Signer(TENANCY, USER, FINGERPRINT, None, private_key_content=oci_config["key_content"])


@pytest.fixture(scope="session")
def ml_ops(server: RunningServer, oci_config: dict[str, str], signer: Any) -> Any:
    """Oracle's client of models and versions."""
    return MLOpsClient(oci_config, service_endpoint=server.url, signer=signer)


@pytest.fixture(scope="session")
def workspace_client(server: RunningServer, oci_config: dict[str, str], signer: Any) -> Any:
    """Oracle's client of workspaces."""
    return WorkspaceClient(oci_config, service_endpoint=server.url, signer=signer)


@pytest.fixture(params=["bare URL", "bare URL and a workspace", "tenant path"])
def client(request: pytest.FixtureRequest, server: RunningServer, platform: str) -> Iterator[MlflowClient]:
    """MLflow's client, in each way that it can be pointed at a server; the module is pointed there as well, since the
    client does some things through it."""
    url = server.url
    if request.param == "tenant path":
        url = f"{server.url}/20260430/aiDataPlatforms/{platform}/workspaces/default/mlops"
    elif request.param == "bare URL and a workspace":
        mlflow.set_workspace(platform)
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    yield MlflowClient(url, url)
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])
    mlflow.set_workspace(None)


@pytest.fixture
def name() -> str:
    """A name that no other test gives: the default platform is shared, and so is the cache of MLflow's client."""
    return f"name-{next(_counter)}"
