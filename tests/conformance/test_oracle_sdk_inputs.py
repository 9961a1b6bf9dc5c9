"""Oracle's SDK on the data that a run reads, the models that it logs and what versions take from it."""

import json
from typing import Any

from aidp_python_client.aidataplatform_dp import models

from tests.support.api import Api


def test_a_dataset_logged_by_the_sdk_is_an_input_of_the_run(ml_ops: Any, oracle_api: Api, platform: str) -> None:
    run = oracle_api.post("runs/create")["run"]["info"]["run_id"]
    dataset = models.Dataset(name="iris", digest="d1", source_type="s3", source="s3://lake/iris", schema="{}")
    read = models.DatasetInput(dataset=dataset, tags=[models.InputTag(key="context", value="training")])
    details = models.LogExperimentRunInputsDetails(run_id=run, dataset_inputs=[read])
    assert ml_ops.log_experiment_run_inputs(platform, "default", details).status == 200
    found = ml_ops.get_experiment_run_by_id(platform, "default", run).data.run.inputs.dataset_inputs
    assert found[0].dataset == models.Dataset(
        name="iris", digest="d1", source_type="s3", source="s3://lake/iris", schema="{}"
    )
    assert [(tag.key, tag.value) for tag in found[0].tags] == [("context", "training")]
    assert ml_ops.log_experiment_run_inputs(platform, "default", details).status == 200
    again = ml_ops.get_experiment_run_by_id(platform, "default", run).data.run.inputs.dataset_inputs
    assert len(again) == 1


def test_a_model_logged_by_the_sdk_is_in_the_history_of_the_run(ml_ops: Any, oracle_api: Api, platform: str) -> None:
    run = oracle_api.post("runs/create")["run"]["info"]["run_id"]
    model = {"artifact_path": "model", "flavors": {"sklearn": {}}, "utc_time_created": "2026-01-01", "run_id": run}
    details = models.LogExperimentRunModelDetails(run_id=run, model_json=json.dumps(model))
    assert ml_ops.log_experiment_run_model(platform, "default", details).status == 200
    tags = ml_ops.get_experiment_run_by_id(platform, "default", run).data.run.data.tags
    assert [json.loads(tag.value) for tag in tags if tag.key == "mlflow.log-model.history"] == [[model]]


def test_a_logged_model_is_listed_with_what_was_logged_to_it(ml_ops: Any, oracle_api: Api, platform: str) -> None:
    tags, params = [{"key": "team", "value": "risk"}], [{"key": "depth", "value": "7"}]
    created = oracle_api.post("logged-models", experiment_id="0", name="scorer", tags=tags, params=params)["model"]
    details = models.ListLoggedModelsDetails(experiment_ids=["0"])
    (found,) = ml_ops.list_logged_models(platform, "default", details).data.models
    assert (found.info.model_id, found.info.name) == (created["info"]["model_id"], "scorer")
    assert (found.info.status, found.info.artifact_uri) == ("LOGGED_MODEL_PENDING", created["info"]["artifact_uri"])
    assert [(tag.key, tag.value) for tag in found.info.tags] == [("team", "risk")]
    assert found.data["params"] == params


def test_a_version_answers_what_was_logged_to_its_run(ml_ops: Any, oracle_api: Api, platform: str) -> None:
    run = oracle_api.post("runs/create")["run"]["info"]["run_id"]
    point, param = {"key": "auc", "value": 0.75, "timestamp": 5, "step": 2}, {"key": "depth", "value": "7"}
    oracle_api.post("runs/log-batch", run_id=run, metrics=[point], params=[param])
    ml_ops.create_registered_model(platform, models.CreateRegisteredModelDetails(name="scorer"))
    details = models.CreateModelVersionDetails(name="scorer", source="s3://lake/scorer", run_id=run)
    version = ml_ops.create_workspace_model_version(platform, "default", details).data.model_version
    metric = version.model_metrics[0]
    assert (metric.key, metric.value, metric.timestamp, metric.step) == ("auc", 0.75, 5, 2)
    assert [(each.name, each.value) for each in version.model_params] == [("depth", "7")]
