"""Whoever may see a registered model, and nothing else, can load it with MLflow's own client."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.identity.conftest import Guarded
from tests.identity.people import Person


def _double() -> Any:
    """A model that doubles."""

    class Double(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        def predict(self, context: Any, model_input: list[float]) -> list[float]:
            return [2 * value for value in model_input]

    return Double()


@pytest.fixture
def log_in(guarded: Guarded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Points MLflow's clients of this process at the server, as whoever has this token."""
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(guarded.url)
    mlflow.set_registry_uri(guarded.url)
    monkeypatch.chdir(tmp_path)
    yield lambda token: monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


@pytest.mark.filterwarnings("ignore")
def test_a_reader_of_the_model_alone_loads_it_by_its_alias(
    guarded: Guarded,
    new_person: Callable[..., Person],
    log_in: Callable[[str], None],
) -> None:
    root, reader = Person(guarded.url, guarded.administrator, "root"), new_person(is_administrator=False)
    name = f"loaded-{reader.name}"
    log_in(root.token(name))
    experiment = MlflowClient().create_experiment(name)
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.pyfunc.log_model(
            name="model", python_model=_double(), registered_model_name=name, pip_requirements=["mlflow"]
        )
    MlflowClient().set_registered_model_alias(name, "champion", "1")

    log_in(reader.token())
    with pytest.raises(MlflowException, match=r"does not exist|not found"):
        mlflow.pyfunc.load_model(f"models:/{name}@champion")
    grant = {"name": name, "username": reader.name, "permission": "READ"}
    guarded.administrator.ok("POST", "/api/2.0/mlflow/registered-models/permissions/create", grant)
    assert mlflow.pyfunc.load_model(f"models:/{name}@champion").predict([1.0, 2.0]) == [2.0, 4.0]
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").predict([3.0]) == [6.0]
    with pytest.raises(MlflowException):
        MlflowClient().get_run(run.info.run_id)
    with pytest.raises(MlflowException):
        MlflowClient().get_experiment(experiment)
