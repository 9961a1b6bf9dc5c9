"""The artifacts of the test's own platform, at each address that has them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer

ARTIFACTS = "mlflow-artifacts/artifacts"


@pytest.fixture
def artifacts(server: RunningServer, platform: str) -> Api:
    """`mlflow-artifacts` as MLflow's clients reach it."""
    return Api(server.url, "/api/2.0/mlflow-artifacts", {"X-MLFLOW-WORKSPACE": platform})


@pytest.fixture(params=["mlflow", "ajax", "workspace path"])
def any_artifacts(request: pytest.FixtureRequest, server: RunningServer, platform: str) -> Api:
    """`mlflow-artifacts` at each of its addresses, one after the other."""
    chosen = {"X-MLFLOW-WORKSPACE": platform}
    return {
        "mlflow": Api(server.url, "/api/2.0/mlflow-artifacts", chosen),
        "ajax": Api(server.url, "/ajax-api/2.0/mlflow-artifacts", chosen),
        "workspace path": Api(
            server.url, f"/20260430/aiDataPlatforms/{platform}/workspaces/default/mlops/api/2.0/mlflow-artifacts"
        ),
    }[request.param]


@pytest.fixture
def incoming(server: RunningServer) -> Path:
    """Where the shared server writes what has no name yet."""
    return server.data / "artifacts" / ".incoming"


@pytest.fixture
def own_server(data_directory: Path) -> Iterator[RunningServer]:
    """A server that no other test uses."""
    with RunningServer(data_directory) as running:
        yield running


@pytest.fixture
def own_artifacts(own_server: RunningServer) -> Api:
    return Api(own_server.url, "/api/2.0/mlflow-artifacts")
