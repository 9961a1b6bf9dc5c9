"""The figures of several workers add up, whichever of them is asked, and a worker that died is counted still."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.server.test_metrics import figures_of, requests
from tests.support.api import Api
from tests.support.postgres import new_database
from tests.support.server import RunningServer

_REQUESTS = 60


def _create(url: str, number: int) -> None:
    # A connection each, so that the system deals them out.
    with httpx.Client() as client:
        client.post(f"{url}/api/2.0/mlflow/registered-models/create", json={"name": f"m{number}"}).raise_for_status()


def _figures(server: RunningServer) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return figures_of(Api(server.url, "/api/2.0/mlflow"))


def _workers(server: RunningServer) -> list[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def test_the_figures_of_all_workers_add_up_and_outlive_one(tmp_path: Path) -> None:
    created = requests("create_registered_model", 200)
    with new_database() as database, RunningServer(tmp_path, "--database", database, "--workers", "2") as server:
        with ThreadPoolExecutor(8) as clients:
            list(clients.map(lambda number: _create(server.url, number), range(_REQUESTS)))
        for _ in range(4):
            assert _figures(server)[created] == _REQUESTS
        figures = _figures(server)
        assert {labels for name, labels in figures if name == "process_open_fds"} == {
            (("worker", "0"),),
            (("worker", "1"),),
        }
        victim, _ = _workers(server)
        os.kill(victim, signal.SIGKILL)
        while len(workers := _workers(server)) < 2 or victim in workers:
            assert server.process.poll() is None
        _create(server.url, _REQUESTS)
        assert _figures(server)[created] == _REQUESTS + 1


def test_a_signal_to_the_parent_switches_the_level_of_all_workers(tmp_path: Path) -> None:
    with new_database() as database, RunningServer(tmp_path, "--database", database, "--workers", "2") as server:
        server.process.send_signal(signal.SIGUSR1)
        while server.problems.count(b"the log level is debug now") < 2:
            assert server.process.poll() is None
        assert Api(server.url).call("GET", "/health").status == 200
