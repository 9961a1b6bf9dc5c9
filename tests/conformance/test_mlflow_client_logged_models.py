"""MLflow's client on logged models, datasets, and what runs read and made."""

from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import (
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
)
from mlflow.exceptions import MlflowException

URL = "https://data.example/iris.csv"


@pytest.fixture
def experiment(client: MlflowClient, name: str) -> str:
    """An experiment without runs."""
    experiment_id: str = client.create_experiment(name)
    return experiment_id


@pytest.fixture
def run(client: MlflowClient, experiment: str) -> str:
    """A run that nothing was logged to."""
    run_id: str = client.create_run(experiment).info.run_id
    return run_id


@pytest.fixture
def model(client: MlflowClient, experiment: str, run: str) -> str:
    """A model of that run."""
    model_id: str = client.create_logged_model(experiment, "scorer", run).model_id
    return model_id


def test_a_model_is_initialized_with_more_params_than_one_request_takes(client: MlflowClient, experiment: str) -> None:
    params = {f"param[{number}]": str(number) for number in range(250)}
    created = client.create_logged_model(experiment, "scorer", params=params, tags={"team": "risk"}, model_type="a")
    found = client.get_logged_model(created.model_id)
    assert dict(found) == dict(created)
    assert (found.params, found.tags) == (params, {"team": "risk"})
    assert (found.name, found.model_type, found.status) == ("scorer", "a", LoggedModelStatus.PENDING)
    assert found.artifact_location.endswith(f"/models/{found.model_id}/artifacts")


@pytest.mark.parametrize("status", [LoggedModelStatus.READY, LoggedModelStatus.FAILED])
def test_a_model_is_finalized(client: MlflowClient, model: str, status: LoggedModelStatus) -> None:
    assert client.finalize_logged_model(model, status).status == status
    assert client.get_logged_model(model).status == status


def test_tags_are_set_and_deleted(client: MlflowClient, model: str) -> None:
    client.set_logged_model_tags(model, {"team": "risk", "quality/auc": "0.9"})
    client.delete_logged_model_tag(model, "quality/auc")
    assert client.get_logged_model(model).tags == {"team": "risk"}


def test_params_are_logged(client: MlflowClient, model: str) -> None:
    client.log_model_params(model, {"depth": "7"})
    assert client.get_logged_model(model).params == {"depth": "7"}


def test_a_deleted_model_is_not_found(client: MlflowClient, model: str) -> None:
    client.delete_logged_model(model)
    with pytest.raises(MlflowException) as caught:
        client.get_logged_model(model)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_metrics_of_a_model_are_logged_one_by_one_and_together(client: MlflowClient, run: str, model: str) -> None:
    client.log_metric(run, "auc", 0.1 + 0.2, timestamp=1, step=3, model_id=model, dataset_name="i", dataset_digest="d")
    client.log_batch(run, [Metric("loss", float("inf"), 2, 0, model_id=model)])
    found = client.get_logged_model(model).metrics
    assert found == [
        Metric("auc", 0.1 + 0.2, 1, 3, model_id=model, dataset_name="i", dataset_digest="d", run_id=run),
        Metric("loss", float("inf"), 2, 0, model_id=model, run_id=run),
    ]


def test_inputs_and_outputs_are_those_of_the_run(client: MlflowClient, run: str, model: str) -> None:
    dataset = MetaDataset(HTTPDatasetSource(URL), name="iris", digest="d1")._to_mlflow_entity()
    read = DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])
    client.log_inputs(run, [read], [LoggedModelInput("m-base")])
    client.log_outputs(run, [LoggedModelOutput(model, 4)])
    found = client.get_run(run)
    assert [dict(each.dataset) for each in found.inputs.dataset_inputs] == [dict(dataset)]
    assert [(tag.key, tag.value) for tag in found.inputs.dataset_inputs[0].tags] == [
        ("mlflow.data.context", "training")
    ]
    assert [each.model_id for each in found.inputs.model_inputs] == ["m-base"]
    assert [(each.model_id, each.step) for each in found.outputs.model_outputs] == [(model, 4)]


def test_a_version_takes_its_run_from_its_logged_model(client: MlflowClient, run: str, model: str, name: str) -> None:
    client.create_registered_model(name)
    version = client.create_model_version(name, f"models:/{model}", model_id=model)
    assert version.run_id == run
    assert (
        client.get_model_version_download_uri(name, version.version) == client.get_logged_model(model).artifact_location
    )
    assert client.get_logged_model(model).tags["mlflow.modelVersions"] == f'[{{"name": "{name}", "version": 1}}]'


@pytest.fixture
def fluent(client: MlflowClient, experiment: str) -> Any:
    """The module itself, pointed to where the client is."""
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(client.tracking_uri)
    mlflow.set_registry_uri(client.tracking_uri)
    mlflow.set_experiment(experiment_id=experiment)
    yield mlflow
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


def test_a_script_logs_a_model_its_metrics_and_its_data(fluent: Any) -> None:
    data = MetaDataset(HTTPDatasetSource(URL), name="iris", digest="d1")
    with fluent.start_run() as active:
        model = fluent.initialize_logged_model("scorer")
        fluent.log_input(data, context="training", tags={"split": "1"}, model=LoggedModelInput(model.model_id))
        fluent.log_metric("auc", 0.75, step=1, dataset=data, model_id=model.model_id)
        fluent.log_metrics({"f1": 0.5}, dataset=data, model_id=model.model_id)
        fluent.log_outputs([LoggedModelOutput(model.model_id, 1)])
        fluent.set_logged_model_tags(model.model_id, {"team": "risk"})
        fluent.log_model_params({"depth": "7"}, model.model_id)
        fluent.finalize_logged_model(model.model_id, "READY")
    found = fluent.get_logged_model(model.model_id)
    assert (found.status, found.source_run_id) == (LoggedModelStatus.READY, active.info.run_id)
    assert (found.params["depth"], found.tags["team"]) == ("7", "risk")
    assert {(each.key, each.value, each.dataset_name, each.dataset_digest) for each in found.metrics} == {
        ("auc", 0.75, "iris", "d1"),
        ("f1", 0.5, "iris", "d1"),
    }
    run = fluent.get_run(active.info.run_id)
    assert {(tag.key, tag.value) for tag in run.inputs.dataset_inputs[0].tags} >= {
        ("mlflow.data.context", "training"),
        ("split", "1"),
    }
    assert [each.model_id for each in run.inputs.model_inputs] == [model.model_id]
    assert [each.model_id for each in run.outputs.model_outputs] == [model.model_id]


def test_a_prompt_is_linked_to_a_model(fluent: Any, client: MlflowClient, model: str, name: str) -> None:
    client.register_prompt(name, "Hello.")
    client.link_prompt_version_to_model(name, "1", model)
    assert f'"name": "{name}"' in fluent.get_logged_model(model).tags["mlflow.linkedPrompts"]


def test_a_script_registers_a_model_that_names_its_version(fluent: Any, model: str, name: str) -> None:
    version = fluent.register_model(f"models:/{model}", name)
    found = fluent.get_logged_model(model)
    assert (version.name, version.run_id) == (name, found.source_run_id)
    assert f'"name": "{name}"' in found.tags["mlflow.modelVersions"]
