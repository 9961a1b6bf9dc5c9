"""MLflow's client on runs and what is logged to them, at each URL that it can be pointed to."""

import math
import time
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException, RestException


@pytest.fixture
def experiment(client: MlflowClient, name: str) -> str:
    """The id of an experiment of the test's own."""
    experiment_id: str = client.create_experiment(name)
    return experiment_id


@pytest.fixture
def run(client: MlflowClient, experiment: str) -> str:
    """The id of a run that nothing was logged to."""
    run_id: str = client.create_run(experiment, run_name="first").info.run_id
    return run_id


def found(client: MlflowClient, experiment: str, **search: Any) -> list[str]:
    return [run.info.run_name for run in client.search_runs([experiment], **search)]


def test_a_created_run_is_got(client: MlflowClient, experiment: str) -> None:
    created = client.create_run(experiment, start_time=5, tags={"team": "risk", "tier": "1"}, run_name="first")
    read = client.get_run(created.info.run_id)
    assert read.to_dictionary() == created.to_dictionary()
    assert (read.info.run_name, read.info.experiment_id, read.info.start_time) == ("first", experiment, 5)
    assert (read.info.status, read.info.end_time, read.info.lifecycle_stage) == ("RUNNING", None, "active")
    assert read.data.tags == {"team": "risk", "tier": "1", "mlflow.runName": "first"}
    assert read.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{read.info.run_id}/artifacts"


def test_a_run_is_ended(client: MlflowClient, run: str) -> None:
    client.set_terminated(run, RunStatus.to_string(RunStatus.FAILED), 1_700_000_000_000)
    info = client.get_run(run).info
    assert (info.status, info.end_time) == ("FAILED", 1_700_000_000_000)


def test_a_run_is_updated(client: MlflowClient, run: str) -> None:
    client.update_run(run, status="SCHEDULED", name="second")
    read = client.get_run(run)
    assert (read.info.status, read.info.run_name) == ("SCHEDULED", "second")
    assert read.data.tags["mlflow.runName"] == "second"


def test_a_deleted_run_is_restored(client: MlflowClient, experiment: str, run: str) -> None:
    client.delete_run(run)
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    assert found(client, experiment) == []
    assert found(client, experiment, run_view_type=ViewType.DELETED_ONLY) == ["first"]
    client.restore_run(run)
    assert found(client, experiment) == ["first"]


def test_tags_of_a_run_are_set_and_deleted(client: MlflowClient, run: str) -> None:
    client.set_tag(run, "team", "risk")
    client.set_tag(run, "tier", 1)
    client.delete_tag(run, "team")
    assert client.get_run(run).data.tags == {"tier": "1", "mlflow.runName": "first"}


def test_a_param_is_logged_once(client: MlflowClient, run: str) -> None:
    assert client.log_param(run, "depth", 7) == 7
    client.log_param(run, "depth", 7)
    with pytest.raises(MlflowException, match="changing params is not allowed") as caught:
        client.log_param(run, "depth", 8)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run).data.params == {"depth": "7"}


def test_a_metric_is_logged_step_by_step(client: MlflowClient, run: str) -> None:
    for step, value in enumerate((0.5, 0.25, 0.75)):
        client.log_metric(run, "loss", value, timestamp=10 + step, step=step)
    client.log_metric(run, "acc", 1)
    assert client.get_run(run).data.metrics == {"loss": 0.75, "acc": 1.0}
    history = [(point.timestamp, point.step, point.value) for point in client.get_metric_history(run, "loss")]
    assert history == [(10, 0, 0.5), (11, 1, 0.25), (12, 2, 0.75)]
    (only,) = client.get_metric_history(run, "acc")
    assert abs(only.timestamp - time.time() * 1_000) < 60_000


def test_what_is_no_finite_number_comes_back_as_it_was(client: MlflowClient, run: str) -> None:
    client.log_metric(run, "nan", math.nan)
    client.log_metric(run, "up", math.inf)
    client.log_batch(run, [Metric("down", -math.inf, 1, 0)])
    metrics = client.get_run(run).data.metrics
    assert math.isnan(metrics["nan"])
    assert (metrics["up"], metrics["down"]) == (math.inf, -math.inf)
    assert math.isnan(client.get_metric_history(run, "nan")[0].value)
    assert client.get_metric_history(run, "down")[0].value == -math.inf


def test_a_batch_logs_metrics_params_and_tags(client: MlflowClient, run: str) -> None:
    metrics = [Metric("loss", step / 10, step, step) for step in range(800)]
    params = [Param(f"p{number}", str(number)) for number in range(100)]
    tags = [RunTag(f"t{number}", str(number)) for number in range(100)]
    client.log_batch(run, metrics, params, tags)
    data = client.get_run(run).data
    assert data.metrics == {"loss": 79.9}
    assert (len(data.params), len(data.tags)) == (100, 101)
    assert [point.step for point in client.get_metric_history(run, "loss")] == list(range(800))


def test_a_batch_larger_than_a_request_may_be_is_sent_in_parts(client: MlflowClient, run: str) -> None:
    client.log_batch(run, [Metric("loss", step, step, step) for step in range(2_500)])
    assert len(client.get_metric_history(run, "loss")) == 2_500
    assert client.get_run(run).data.metrics == {"loss": 2_499.0}


def test_logging_without_waiting_is_done_by_the_time_it_is_waited_for(client: MlflowClient, run: str) -> None:
    pending = [client.log_metric(run, "loss", step, step=step, synchronous=False) for step in range(20)]
    pending.append(client.log_param(run, "depth", 7, synchronous=False))
    pending.append(client.set_tag(run, "team", "risk", synchronous=False))
    for operation in pending:
        operation.wait()
    data = client.get_run(run).data
    assert (data.metrics, data.params, data.tags["team"]) == ({"loss": 19.0}, {"depth": "7"}, "risk")
    assert len(client.get_metric_history(run, "loss")) == 20


def test_runs_are_searched_by_pages_filter_and_order(client: MlflowClient, experiment: str) -> None:
    for number in range(6):
        run = client.create_run(experiment, run_name=f"run {number}", tags={"even": str(number % 2 == 0)}).info.run_id
        client.log_metric(run, "loss", number / 10)
        client.log_param(run, "depth", number)
    text = "metrics.loss < 0.45 AND params.depth != '0' AND tags.even = 'True'"
    assert found(client, experiment, filter_string=text, order_by=["metrics.loss DESC"]) == ["run 4", "run 2"]
    names, token = [], None
    while token != "":
        page = client.search_runs([experiment], max_results=4, order_by=["attributes.run_name"], page_token=token)
        names += [run.info.run_name for run in page]
        token = page.token or ""
    assert names == [f"run {number}" for number in range(6)]


def test_a_found_run_is_the_run_that_is_got(client: MlflowClient, experiment: str, run: str) -> None:
    client.log_batch(run, [Metric("loss", math.nan, 1, 2)], [Param("depth", "7")], [RunTag("team", "risk")])
    (only,) = client.search_runs([experiment])
    wanted = client.get_run(run)
    assert math.isnan(only.data.metrics.pop("loss"))
    assert math.isnan(wanted.data.metrics.pop("loss"))
    assert only.to_dictionary() == wanted.to_dictionary()


def test_the_parent_of_a_run_is_found_by_its_tag(client: MlflowClient, experiment: str, run: str) -> None:
    child = client.create_run(experiment, tags={"mlflow.parentRunId": run}).info.run_id
    assert client.get_parent_run(child).info.run_id == run
    assert client.get_parent_run(run) is None


def test_a_run_that_is_not_there_is_told_as_mlflow_tells_it(client: MlflowClient) -> None:
    with pytest.raises(RestException, match=f"Run with id={'0' * 32} not found") as caught:
        client.get_run("0" * 32)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_deleted_run_is_not_written_to(client: MlflowClient, run: str) -> None:
    client.delete_run(run)
    with pytest.raises(MlflowException, match="must be in the 'active' state") as caught:
        client.log_metric(run, "loss", 1)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
