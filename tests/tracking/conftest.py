"""What the tests of tracking start from: an experiment, a run, and places that are not theirs."""

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer


@pytest.fixture
def experiment(oracle_api: Api) -> str:
    """The id of an experiment without runs."""
    experiment_id: str = oracle_api.post("experiments/create", name="payments")["experiment_id"]
    return experiment_id


@pytest.fixture
def run(oracle_api: Api, experiment: str) -> str:
    """The id of a run that nothing was logged to."""
    run_id: str = oracle_api.post("runs/create", experiment_id=experiment, run_name="first")["run"]["info"]["run_id"]
    return run_id


@pytest.fixture
def second_workspace(workspaces_api: Api) -> Api:
    """Another workspace of the test's platform."""
    key = workspaces_api.post("workspaces", displayName="second")["key"]
    return Api(workspaces_api.url, f"{workspaces_api.base}/workspaces/{key}/mlops/api/2.0/mlflow")


@pytest.fixture
def stranger(server: RunningServer, platform: str) -> Api:
    """Another platform."""
    key = f"{platform}-stranger"
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": key}, status=201)
    return Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": key})


@pytest.fixture(params=["second workspace", "another platform"])
def elsewhere(request: pytest.FixtureRequest, second_workspace: Api, stranger: Api) -> Api:
    """A place that holds nothing but its default experiment, though the test's own place holds more."""
    return second_workspace if request.param == "second workspace" else stranger


@pytest.fixture(params=["workspace path", "mlflow", "mlflow 3.0", "ajax"])
def any_workspace_api(request: pytest.FixtureRequest, server: RunningServer, platform: str) -> Api:
    """Tracking at each of its addresses, one after the other."""
    chosen = {"X-MLFLOW-WORKSPACE": platform}
    return {
        "workspace path": Api(
            server.url, f"/20260430/aiDataPlatforms/{platform}/workspaces/default/mlops/api/2.0/mlflow"
        ),
        "mlflow": Api(server.url, "/api/2.0/mlflow", chosen),
        "mlflow 3.0": Api(server.url, "/api/3.0/mlflow", chosen),
        "ajax": Api(server.url, "/ajax-api/2.0/mlflow", chosen),
    }[request.param]
