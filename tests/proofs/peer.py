"""MLflow's own server, to be asked the same."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.own_postgres import free_port

_SECONDS = 120


@contextmanager
def mlflow_server(home: Path) -> Iterator[str]:
    """The URL of `mlflow server` on SQLite, with workspaces."""
    port = free_port()
    store = f"sqlite:///{home / 'mlflow.db'}"
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store, "--workers", "1"]
    command += ["--enable-workspaces", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    log_path = home / "mlflow.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=home, start_new_session=True)
        try:
            yield _answering(f"http://127.0.0.1:{port}", process, log_path)
        finally:
            os.killpg(process.pid, 15)
            process.wait(30)


def _answering(url: str, process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return url
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"MLflow's server did not start: {log.read_text()[-2000:]}")
