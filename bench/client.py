"""MLflow's own client, in a process of its own: `python -m bench.client URI RUNS REGISTRY` prints what each run took.

A run here is what a training script does: params, the metrics of twenty epochs, a tag, a file, and, where REGISTRY is
1, a version of a registered model.
"""

import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

EPOCHS = 20
_PARAMS = {f"param-{number}": number / 7 for number in range(10)}
_METRICS = ("loss", "accuracy", "learning-rate")
_TEXT = "what the model said of the test set\n" * 1_000
_FILE = "report.txt"


class Took(msgspec.Struct):
    """Seconds of each run, the share of a core that the client used, and what was not there afterwards."""

    seconds: list[float]
    busy: float
    missing: list[str]


def one_run(mlflow: Any, client: Any, model: str) -> tuple[str, str]:
    """Log a run; the ids of it and of its version."""
    version = ""
    with mlflow.start_run() as run:
        mlflow.log_params(_PARAMS)
        for epoch in range(EPOCHS):
            mlflow.log_metrics({metric: 1 / (epoch + place + 1) for place, metric in enumerate(_METRICS)}, step=epoch)
        mlflow.set_tag("team", "risk")
        mlflow.log_text(_TEXT, _FILE)
        if model:
            source = f"{run.info.artifact_uri}/{_FILE}"
            version = client.create_model_version(model, source, run.info.run_id).version
    return run.info.run_id, str(version)


def look(mlflow: Any, client: Any, run_id: str, model: str, version: str) -> list[str]:
    """What the server does not have of a run."""
    run = client.get_run(run_id)
    last = {metric: 1 / (EPOCHS + place) for place, metric in enumerate(_METRICS)}
    checks: dict[str, Callable[[], bool]] = {
        "params": lambda: run.data.params == {key: str(value) for key, value in _PARAMS.items()},
        "metrics": lambda: run.data.metrics == last,
        "history": lambda: len(client.get_metric_history(run_id, _METRICS[0])) == EPOCHS,
        "tag": lambda: run.data.tags.get("team") == "risk",
        "status": lambda: run.info.status == "FINISHED",
        "file": lambda: mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{_FILE}") == _TEXT,
        "version": lambda: not model or client.get_model_version(model, version).run_id == run_id,
    }
    return [what for what, holds in checks.items() if not holds()]


def main(uri: str, count: int, with_registry: bool) -> Took:
    """The first run is not counted: with it the client loads what it needs."""
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = mlflow.MlflowClient()
    mlflow.set_experiment(f"client-{uuid.uuid4().hex}")
    model = f"client-{uuid.uuid4().hex}" if with_registry else ""
    if model:
        client.create_registered_model(model)
    one_run(mlflow, client, model)
    seconds, logged = [], []
    begun, used = time.perf_counter(), time.process_time()
    for _ in range(count):
        at = time.perf_counter()
        logged.append(one_run(mlflow, client, model))
        seconds.append(time.perf_counter() - at)
    busy = (time.process_time() - used) / (time.perf_counter() - begun)
    missing = [what for run_id, version in logged[-1:] for what in look(mlflow, client, run_id, model, version)]
    return Took(seconds, busy, missing)


if __name__ == "__main__":
    took = main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1")
    print()  # MLflow's client writes there too
    print(msgspec.json.encode(took).decode())
