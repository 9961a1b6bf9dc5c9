"""`kill -9` while runs are logged to: every answered point, param and tag is there afterwards."""

import threading
import time
from pathlib import Path

import httpx

from tests.support.api import Api
from tests.support.server import RunningServer

_WRITERS, _ROUNDS, _ENOUGH, _KEYS = 8, 2, 160, 10


def _load(server: RunningServer, run: str, answered: list[int], first: int) -> list[threading.Thread]:
    """Batches at steps of their own, each with a tag, until the server is gone."""

    def write(writer: int) -> None:
        with httpx.Client(timeout=30) as client:
            for step in range(first + writer, first + 1_000_000, _WRITERS):
                metrics = [
                    {"key": f"m{key}", "value": step, "timestamp": at, "step": step}
                    for key in range(_KEYS)
                    for at in range(6)
                ]
                entry = [{"key": f"at{step}", "value": str(step)}]
                body = {"run_id": run, "metrics": metrics, "params": entry, "tags": entry}
                try:
                    answer = client.post(f"{server.url}/api/2.0/mlflow/runs/log-batch", json=body)
                except httpx.TransportError:
                    return
                assert answer.status_code == 200, answer.text
                answered.append(step)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(_WRITERS)]
    for writer in writers:
        writer.start()
    return writers


def test_a_killed_server_has_all_that_it_answered_to_runs(data_directory: Path) -> None:
    answered: list[int] = []
    with RunningServer(data_directory) as server:
        run = Api(server.url, "/api/2.0/mlflow").post("runs/create")["run"]["info"]["run_id"]
        for round_ in range(1, _ROUNDS + 1):
            writers = _load(server, run, answered, round_ * 10_000_000)
            while len(answered) < _ENOUGH * round_:
                time.sleep(0.01)
            server.kill()
            for writer in writers:
                writer.join()
            server.start()
        api = Api(server.url, "/api/2.0/mlflow")
        data = api.get("runs/get", run_id=run)["run"]["data"]
        for kind in ("params", "tags"):
            assert {f"at{step}" for step in answered} <= {entry["key"] for entry in data[kind]}
        for key in range(_KEYS):
            points = api.get("metrics/get-history", run_id=run, metric_key=f"m{key}")["metrics"]
            places = [(point["step"], point["timestamp"]) for point in points]
            assert len(places) == len(set(places))
            assert {(step, at) for step in answered for at in range(6)} <= set(places)
            # A batch that was not answered is there whole or not at all.
            assert len(places) % 6 == 0
            assert {metric["step"] for metric in data["metrics"]} == {max(step for step, _ in places)}
