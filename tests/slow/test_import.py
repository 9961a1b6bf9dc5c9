"""What the newest MLflow of each major version holds, imported, and asked of both sides by MLflow's own client."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient

from tests.importing import filled
from tests.importing.compared import differences, everything
from tests.support.command import run
from tests.support.server import RunningServer

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

_SECONDS = 300


class Peer:
    """An MLflow server that holds one of everything, its database and the folder of its artifacts."""

    def __init__(self, url: str, folder: Path, ids: dict[str, Any]) -> None:
        self.url = url
        self.database = folder / "mlflow.db"
        self.artifacts = folder / "kept"
        self.ids = ids
        self.logs_models = ids["model_id"] is not None


@pytest.fixture
def peer(python: str, tmp_path: Path) -> Iterator[Peer]:
    """Filled by the client of its own release."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    variables = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    variables.pop("PYTHONPATH", None)
    command = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path / 'mlflow.db'}"]
    command += ["--artifacts-destination", str(tmp_path / "kept")]
    with (tmp_path / "mlflow.log").open("wb") as log:
        # In a session of its own: its workers are ended with it.
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True)
    try:
        _wait(url, process)
        script = [python, filled.__file__, url]
        done = subprocess.run(script, env=variables, capture_output=True, text=True, timeout=_SECONDS, check=False)
        assert done.returncode == 0, done.stderr
        yield Peer(url, tmp_path, json.loads(done.stdout.splitlines()[-1]))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the MLflow server did not start")


def _asked(url: str, peer: Peer) -> dict[str, Any]:
    return everything(MlflowClient(url, url), logs_models=peer.logs_models)


def test_its_database_and_its_server_bring_the_same_as_it_answers(peer: Peer, tmp_path: Path) -> None:
    expected = _asked(peer.url, peer)
    for place in (str(peer.database), peer.url):
        data = tmp_path / f"data-{place.partition(':')[0].replace('/', '_')[-8:]}"
        brought = run("import", "mlflow", place, "--data", data)
        assert brought.code == 0, brought
        with RunningServer(data) as server:
            found = _asked(server.url, peer)
        assert differences(expected, found) == []


def test_its_artifacts_are_copied_from_its_folder_and_through_it(peer: Peer, tmp_path: Path) -> None:
    first = peer.ids["runs"][0]
    for number, source in enumerate(((str(peer.database), "--artifacts-from", str(peer.artifacts)), (peer.url,))):
        data = tmp_path / f"copied-{number}"
        brought = run("import", "mlflow", *source, "--artifacts", "copy", "--data", data)
        # All but those of the versions that are in a bucket which is not there.
        assert "s3://bucket/" in brought.errors
        with RunningServer(data) as server:
            there = MlflowClient(server.url, server.url)
            (tmp_path / str(number)).mkdir()
            got = Path(there.download_artifacts(first, "model", str(tmp_path / str(number))))
            assert (got / "model.bin").read_bytes() == b"weights" * 1000
            assert (got / "notes.txt").read_text() == "ü"
