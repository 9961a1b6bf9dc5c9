"""The example with the newest release of each major version of MLflow, in an environment of its own."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

_EXAMPLE = Path(__file__).parents[2] / "examples" / "train_and_serve.py"
_SECONDS = 900


@pytest.fixture
def urls(tmp_path: Path) -> Iterator[list[str]]:
    """The addresses of a server: its bare URL, and the path of one of its workspaces."""
    with RunningServer(tmp_path / "data") as server:
        Api(server.url).ok("POST", "/20260430/aiDataPlatforms", {"id": "acme"})
        yield [server.url, f"{server.url}/20260430/aiDataPlatforms/acme/workspaces/default/mlops"]


def test_the_example_trains_and_serves_at_the_bare_url_and_in_a_workspace(
    python: str, urls: list[str], tmp_path: Path
) -> None:
    variables = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    for url in urls:
        done = subprocess.run(
            [python, _EXAMPLE],
            cwd=tmp_path,
            env={**variables, "MLFLOW_TRACKING_URI": url},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "churn-scorer version 1 predicts that" in done.stdout
        assert "4 scorers were tried" in done.stdout
