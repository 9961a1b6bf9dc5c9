"""What every test can ask for: one server a worker process, and a platform of its own for each test."""

import itertools
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.postgres import new_database
from tests.support.server import RunningServer

_counter = itertools.count(1)

# A shell that starts the tests in the background has them, and all that they start, ignore SIGINT.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real `modelkeep serve` on a free port, shared by the tests of this worker; once on either engine."""
    with ExitStack() as stack:
        flags = ["--database", stack.enter_context(new_database())] if request.param == "postgresql" else []
        flags += ["--webhook-allow-http", "--webhook-allow-private"]
        yield stack.enter_context(RunningServer(tmp_path_factory.mktemp("data"), *flags))


@pytest.fixture
def platform(server: RunningServer) -> str:
    """The key of a platform that no other test uses."""
    key = f"test-{next(_counter)}"
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": key}, status=201)
    return key


@pytest.fixture
def mlflow_api(server: RunningServer, platform: str) -> Api:
    """The API as MLflow's clients reach it, on the test's platform."""
    return Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": platform})


@pytest.fixture
def oracle_api(server: RunningServer, platform: str) -> Api:
    """The API as Oracle's clients reach it, in the default workspace of the test's platform."""
    return Api(server.url, f"/20260430/aiDataPlatforms/{platform}/workspaces/default/mlops/api/2.0/mlflow")


@pytest.fixture
def data_directory(tmp_path: Path) -> Path:
    """An empty directory for a server of the test's own."""
    return tmp_path / "data"


@pytest.fixture
def platform_api(server: RunningServer, platform: str) -> Api:
    """The registry on the platform's own path, above its workspaces."""
    return Api(server.url, f"/20260430/aiDataPlatforms/{platform}/mlops/api/2.0/mlflow")


@pytest.fixture(params=["workspace path", "platform path", "mlflow", "mlflow 3.0", "ajax"])
def any_api(request: pytest.FixtureRequest, server: RunningServer, platform: str) -> Api:
    """The registry at each of its addresses, one after the other."""
    tenant = f"/20260430/aiDataPlatforms/{platform}"
    chosen = {"X-MLFLOW-WORKSPACE": platform}
    return {
        "workspace path": Api(server.url, f"{tenant}/workspaces/default/mlops/api/2.0/mlflow"),
        "platform path": Api(server.url, f"{tenant}/mlops/api/2.0/mlflow"),
        "mlflow": Api(server.url, "/api/2.0/mlflow", chosen),
        "mlflow 3.0": Api(server.url, "/api/3.0/mlflow", chosen),
        "ajax": Api(server.url, "/ajax-api/2.0/mlflow", chosen),
    }[request.param]


@pytest.fixture
def workspaces_api(server: RunningServer, platform: str) -> Api:
    """Oracle's workspaces of the test's platform."""
    return Api(server.url, f"/20260430/aiDataPlatforms/{platform}")


@pytest.fixture
def root(server: RunningServer) -> Api:
    """The server's own root."""
    return Api(server.url)


@pytest.fixture
def model(oracle_api: Api) -> str:
    """The name of a registered model without versions."""
    oracle_api.post("registered-models/create", name="churn")
    return "churn"
