"""Several processes on one port: they start together, one that dies is replaced, they stop together."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.api import Api
from tests.support.command import run
from tests.support.server import RunningServer

_SECONDS = 30


@pytest.fixture
def server(data_directory: Path, database: str) -> Iterator[RunningServer]:
    with RunningServer(data_directory, "--database", database, "--workers", "2") as running:
        yield running


def _workers(server: RunningServer) -> list[int]:
    pid = server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _gone(processes: list[int]) -> bool:
    deadline = time.monotonic() + _SECONDS
    while any(Path(f"/proc/{process}").exists() for process in processes) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(Path(f"/proc/{process}").exists() for process in processes)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_them_with_exit_code_0(server: RunningServer, number: signal.Signals) -> None:
    workers = _workers(server)
    assert len(workers) == 2
    assert Api(server.url).ok("GET", "/ready") == "OK"
    assert server.stop(number) == 0
    assert _gone(workers)


def test_one_that_is_killed_is_replaced_and_the_other_serves_meanwhile(server: RunningServer) -> None:
    before = _workers(server)
    os.kill(before[0], signal.SIGKILL)
    assert _gone(before[:1])
    for _ in range(20):
        assert httpx.get(f"{server.url}/ready").status_code == 200
    deadline = time.monotonic() + _SECONDS
    while len(_workers(server)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    after = _workers(server)
    assert len(after) == 2
    assert before[1] in after
    assert server.stop() == 0


def test_they_end_when_the_process_that_started_them_is_killed(server: RunningServer) -> None:
    workers = _workers(server)
    server.kill()
    assert _gone(workers)


def test_what_is_in_flight_is_answered_before_they_end(server: RunningServer) -> None:
    Api(server.url, "/api/2.0/mlflow").post("registered-models/create", name="churn")
    answers: list[int] = []

    def write() -> None:
        with httpx.Client() as client:
            while True:
                body = {"name": "churn", "source": "s3://b/k"}
                try:
                    answer = client.post(f"{server.url}/api/2.0/mlflow/model-versions/create", json=body)
                except httpx.TransportError:
                    return
                answers.append(answer.status_code)

    clients = [threading.Thread(target=write) for _ in range(8)]
    for client in clients:
        client.start()
    while len(answers) < 100:
        time.sleep(0.01)
    assert server.stop() == 0
    for client in clients:
        client.join(_SECONDS)
    assert set(answers) <= {200, 503}


def test_one_that_cannot_start_stops_all_in_one_line(data_directory: Path, database: str) -> None:
    absent = database.replace("/test_", "/absent_")
    outcome = run("serve", "--data", data_directory, "--port", "0", "--workers", "3", "--database", absent)
    assert outcome.code == 1
    (line,) = outcome.errors.strip().splitlines()
    assert line.startswith("modelkeep: ")
    assert "does not exist" in line
