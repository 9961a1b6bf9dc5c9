"""Fills an MLflow by its own client with one of everything; run by the interpreter of whichever release it is.

    python filled.py URI

Prints the ids that tests ask for as JSON. Needs nothing but MLflow: some releases are installed without this project.
"""

import json
import math
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

LOGS_MODELS = int(mlflow.__version__.split(".")[0]) >= 3


def fill(uri: str, *, artifacts: bool = True) -> dict[str, Any]:
    """The ids of what was made."""
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = MlflowClient(uri, uri)
    payments = client.create_experiment("payments", tags={"team": "risk", "note": "ü and 'quotes'"})
    gone = client.create_experiment("gone")
    runs = [_run(client, payments, number) for number in range(4)]
    client.delete_run(runs[3])
    in_default = client.create_run("0", start_time=1).info.run_id
    client.log_metric(in_default, "m", 1.5, timestamp=5)
    client.create_run(gone)
    client.delete_experiment(gone)
    if artifacts:
        with TemporaryDirectory() as folder:
            for name, content in (("model.bin", b"weights" * 1000), ("notes.txt", "ü".encode())):
                Path(folder, name).write_bytes(content)
            client.log_artifacts(runs[0], folder, "model")
    made: dict[str, Any] = {"experiment": payments, "runs": runs, "model_id": None}
    if LOGS_MODELS:
        made["model_id"] = _logged_model(client, payments, runs)
    _registry(client, runs, made["model_id"])
    return made


def _run(client: MlflowClient, experiment: str, number: int) -> str:
    run: str = client.create_run(
        experiment,
        start_time=1000 + number,
        tags={"kind": "first" if number == 0 else "other"},
        run_name=f"run {number}",
    ).info.run_id
    values = [Metric("loss", (number + 1) / (step + 1), 5000 + step, step) for step in range(30)]
    # Logged last and not the latest: that is the one of the highest step.
    values += [Metric("loss", 9.0, 9000, 3), Metric("val/acc", 0.5, 1, 1), Metric("val/acc", 0.5, 1, 1)]
    values += [Metric("nan", math.nan, 2, 0), Metric("large", -5e10, 2, -3)]
    params = [Param("lr", "0.1"), Param("deep/er", "x" * 400), Param("number", str(number))]
    client.log_batch(run, values, params, [RunTag("tag", "value"), RunTag("empty", "")])
    data = Dataset("train", f"digest{number % 2}", "local", '{"uri": "x"}', '{"columns": []}' if number else None, None)
    client.log_inputs(run, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    client.set_terminated(run, "FAILED" if number else "FINISHED", 2000 + number)
    return run


def _logged_model(client: MlflowClient, experiment: str, runs: list[str]) -> str:
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    model = client.create_logged_model(
        experiment, name="scorer", source_run_id=runs[0], tags={"a": "b"}, params={"depth": "3"}, model_type="agent"
    )
    identity: str = model.model_id
    client.log_metric(
        runs[0], "score", 0.75, timestamp=7, step=2, model_id=identity, dataset_name="train", dataset_digest="digest0"
    )
    client.finalize_logged_model(identity, "READY")
    client.log_inputs(runs[1], models=[LoggedModelInput(identity)])
    client.log_outputs(runs[0], [LoggedModelOutput(identity, 3)])
    return identity


def _registry(client: MlflowClient, runs: list[str], model_id: str | None) -> None:
    client.create_registered_model("churn", tags={"owner": "growth"}, description="who leaves")
    for number in range(4):
        client.create_model_version(
            "churn", f"s3://bucket/{number}", run_id=runs[0], tags={"number": str(number)}, description=f"v{number}"
        )
    client.delete_model_version("churn", "2")
    client.delete_model_version("churn", "4")
    client.set_registered_model_alias("churn", "champion", "3")
    client.transition_model_version_stage("churn", "1", "Production")
    client.create_registered_model("without versions")
    if model_id is not None:
        client.create_model_version("churn", f"models:/{model_id}", run_id=runs[0], model_id=model_id)


if __name__ == "__main__":
    print(json.dumps(fill(sys.argv[1])))  # noqa: T201
