"""Oracle's SDK on runs and what is logged to them: each of its methods, and answers whole as declared."""

import math
from typing import Any

import pytest
from aidp_python_client.aidataplatform_dp import models
from oci.exceptions import ServiceError

from tests.conformance.schema import assert_complete

WORKSPACE = "default"
UNFINISHED = frozenset({"end_time"})
"""What a run that has not ended does not have."""


@pytest.fixture
def experiment(ml_ops: Any, platform: str) -> str:
    """The id of an experiment without runs."""
    details = models.CreateExperimentDetails(name="payments")
    experiment_id: str = ml_ops.create_experiment(platform, WORKSPACE, details).data.experiment_id
    return experiment_id


@pytest.fixture
def run(ml_ops: Any, platform: str, experiment: str) -> str:
    """The id of a run that nothing was logged to."""
    return create(ml_ops, platform, experiment_id=experiment, run_name="first")


def create(ml_ops: Any, platform: str, **fields: Any) -> str:
    details = models.CreateExperimentRunDetails(**fields)
    run_id: str = ml_ops.create_experiment_run(platform, WORKSPACE, details).data.run.info.run_id
    return run_id


def read(ml_ops: Any, platform: str, run: str) -> Any:
    return ml_ops.get_experiment_run_by_id(platform, WORKSPACE, run).data.run


def tags_of(ml_ops: Any, platform: str, run: str) -> dict[str, str]:
    return {tag.key: tag.value for tag in read(ml_ops, platform, run).data.tags}


def log(ml_ops: Any, platform: str, run: str, value: float, step: int, key: str = "loss") -> Any:
    details = models.LogExperimentRunMetricDetails(run_id=run, key=key, value=value, timestamp=10 + step, step=step)
    return ml_ops.log_experiment_run_metric(platform, WORKSPACE, details)


def history(ml_ops: Any, platform: str, run: str, **options: Any) -> Any:
    return ml_ops.get_experiment_run_metric_history(platform, WORKSPACE, run, "loss", **options).data


def test_a_created_run_is_answered_and_got_whole(ml_ops: Any, platform: str, experiment: str) -> None:
    details = models.CreateExperimentRunDetails(
        experiment_id=experiment,
        run_name="first",
        start_time=1_700_000_000_000,
        tags=[models.ExperimentRunTag(key="team", value="risk")],
    )
    created = ml_ops.create_experiment_run(platform, WORKSPACE, details)
    assert_complete(created.data, absent=UNFINISHED)
    run = created.data.run
    assert (run.info.run_name, run.info.experiment_id, run.info.start_time) == ("first", experiment, 1_700_000_000_000)
    assert (run.info.status, run.info.lifecycle_stage) == ("RUNNING", "active")
    assert run.info.run_uuid == run.info.run_id
    assert {(tag.key, tag.value) for tag in run.data.tags} == {("team", "risk"), ("mlflow.runName", "first")}
    found = ml_ops.get_experiment_run_by_id(platform, WORKSPACE, run.info.run_id)
    assert found.data.run == run
    assert found.headers["etag"] == created.headers["etag"]


def test_an_ended_run_is_answered_whole(ml_ops: Any, platform: str, run: str) -> None:
    details = models.UpdateExperimentRunDetails(run_id=run, status="FINISHED", end_time=5, run_name="second")
    updated = ml_ops.update_experiment_run(platform, WORKSPACE, details).data
    assert_complete(updated)
    assert (updated.run_info.status, updated.run_info.end_time, updated.run_info.run_name) == ("FINISHED", 5, "second")
    assert read(ml_ops, platform, run).info == updated.run_info


@pytest.mark.parametrize("status", ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED", "INTERNAL_ERROR"])
def test_every_status_of_the_sdk_is_kept(ml_ops: Any, platform: str, run: str, status: str) -> None:
    ml_ops.update_experiment_run(platform, WORKSPACE, models.UpdateExperimentRunDetails(run_id=run, status=status))
    assert read(ml_ops, platform, run).info.status == status


def test_a_deleted_run_is_restored(ml_ops: Any, platform: str, run: str) -> None:
    deletion = models.DeleteExperimentRunDetails(run_id=run)
    assert_complete(ml_ops.delete_experiment_run(platform, WORKSPACE, deletion).data)
    assert read(ml_ops, platform, run).info.lifecycle_stage == "deleted"
    restoration = models.RestoreExperimentRunDetails(run_id=run)
    assert_complete(ml_ops.restore_experiment_run(platform, WORKSPACE, restoration).data)
    assert read(ml_ops, platform, run).info.lifecycle_stage == "active"


def test_a_run_that_is_deleted_for_good_is_gone(ml_ops: Any, platform: str, run: str) -> None:
    details = models.DeleteExperimentRunDetails(run_id=run, is_permanent=True)
    ml_ops.delete_experiment_run(platform, WORKSPACE, details)
    with pytest.raises(ServiceError) as caught:
        read(ml_ops, platform, run)
    assert (caught.value.status, caught.value.code) == (404, "NotAuthorizedOrNotFound")
    assert caught.value.message == f"Run with id={run} not found"


def test_a_tag_of_a_run_is_set_and_deleted(ml_ops: Any, platform: str, run: str) -> None:
    for key in ("team", "tier"):
        tag = models.SetExperimentRunTagDetails(run_id=run, key=key, value="1")
        assert_complete(ml_ops.set_experiment_run_tag(platform, WORKSPACE, tag).data)
    deletion = models.DeleteExperimentRunTagDetails(run_id=run, key="team")
    assert_complete(ml_ops.delete_experiment_run_tag(platform, WORKSPACE, deletion).data)
    assert tags_of(ml_ops, platform, run) == {"mlflow.runName": "first", "tier": "1"}


def test_tags_of_a_run_are_set_and_deleted_in_one_call(ml_ops: Any, platform: str, run: str) -> None:
    ml_ops.set_experiment_run_tag(
        platform, WORKSPACE, models.SetExperimentRunTagDetails(run_id=run, key="team", value="risk")
    )
    details = models.UpdateExperimentRunTagsDetails(
        run_id=run,
        set_tags=[models.ExperimentRunTag(key="tier", value="1")],
        delete_tags=[models.ExperimentRunTagKey(key="team")],
    )
    assert_complete(ml_ops.update_experiment_run_tags(platform, WORKSPACE, details).data)
    assert tags_of(ml_ops, platform, run) == {"mlflow.runName": "first", "tier": "1"}


def test_a_param_is_logged_once(ml_ops: Any, platform: str, run: str) -> None:
    details = models.LogExperimentRunParamDetails(run_id=run, key="depth", value="7")
    for _ in range(2):
        assert_complete(ml_ops.log_experiment_run_param(platform, WORKSPACE, details).data)
    other = models.LogExperimentRunParamDetails(run_id=run, key="depth", value="8")
    with pytest.raises(ServiceError) as caught:
        ml_ops.log_experiment_run_param(platform, WORKSPACE, other)
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")
    params = read(ml_ops, platform, run).data.params
    assert [(param.key, param.value) for param in params] == [("depth", "7")]


def test_the_history_of_a_metric_is_read_page_by_page(ml_ops: Any, platform: str, run: str) -> None:
    for step in range(5):
        assert_complete(log(ml_ops, platform, run, step / 10, step).data)
    latest = read(ml_ops, platform, run)
    assert_complete(latest, absent=UNFINISHED)
    assert [(metric.key, metric.value, metric.step) for metric in latest.data.metrics] == [("loss", 0.4, 4)]
    found: list[tuple[int, int, float]] = []
    token = None
    while token is not None or not found:
        page = history(ml_ops, platform, run, max_results=2, **({"page_token": token} if token else {}))
        assert_complete(page, absent=frozenset({"next_page_token"}))
        found += [(point.timestamp, point.step, point.value) for point in page.metrics]
        token = page.next_page_token
    assert found == [(10 + step, step, step / 10) for step in range(5)]


def test_what_is_no_finite_number_comes_back_as_it_was(ml_ops: Any, platform: str, run: str) -> None:
    for step, value in enumerate((math.inf, -math.inf, math.nan)):
        log(ml_ops, platform, run, value, step)
    up, down, neither = (point.value for point in history(ml_ops, platform, run).metrics)
    assert (up, down) == (math.inf, -math.inf)
    assert math.isnan(neither)
    assert math.isnan(read(ml_ops, platform, run).data.metrics[0].value)


def test_a_batch_logs_metrics_params_and_tags(ml_ops: Any, platform: str, run: str) -> None:
    details = models.LogExperimentRunBatchDetails(
        run_id=run,
        metrics=[models.ExperimentRunMetric(key="loss", value=0.5, timestamp=1, step=step) for step in range(3)],
        params=[models.ExperimentRunParam(key="depth", value="7")],
        tags=[models.ExperimentRunTag(key="team", value="risk")],
    )
    assert_complete(ml_ops.log_experiment_run_batch(platform, WORKSPACE, details).data)
    data = read(ml_ops, platform, run).data
    assert_complete(data)
    assert [(metric.key, metric.value, metric.step) for metric in data.metrics] == [("loss", 0.5, 2)]
    assert [(param.key, param.value) for param in data.params] == [("depth", "7")]
    assert tags_of(ml_ops, platform, run) == {"mlflow.runName": "first", "team": "risk"}


def test_runs_are_listed_by_pages_filter_and_order(ml_ops: Any, platform: str, experiment: str) -> None:
    for number in range(6):
        run = create(ml_ops, platform, experiment_id=experiment, run_name=f"run {number}")
        log(ml_ops, platform, run, number / 10, 0)
    found: list[str] = []
    token = None
    while token is not None or not found:
        details = models.ListExperimentRunsDetails(
            experiment_ids=[experiment],
            filter="metrics.loss < 0.45 AND attributes.status = 'RUNNING'",
            order_by=["metrics.loss DESC"],
            max_results=2,
            page_token=token,
        )
        page = ml_ops.list_experiment_runs(platform, WORKSPACE, details).data
        assert_complete(page, absent=UNFINISHED | {"next_page_token"})
        found += [run.info.run_name for run in page.runs]
        token = page.next_page_token
    assert found == [f"run {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("view", "names"), [("ACTIVE_ONLY", {"second"}), ("DELETED_ONLY", {"first"}), ("ALL", {"first", "second"})]
)
def test_deleted_runs_are_listed_where_they_are_asked_for(
    ml_ops: Any, platform: str, experiment: str, run: str, view: str, names: set[str]
) -> None:
    create(ml_ops, platform, experiment_id=experiment, run_name="second")
    ml_ops.delete_experiment_run(platform, WORKSPACE, models.DeleteExperimentRunDetails(run_id=run))
    details = models.ListExperimentRunsDetails(experiment_ids=[experiment], run_view_type=view, max_results=10)
    page = ml_ops.list_experiment_runs(platform, WORKSPACE, details).data
    assert {found.info.run_name for found in page.runs} == names


def test_a_deleted_run_is_not_written_to(ml_ops: Any, platform: str, run: str) -> None:
    ml_ops.delete_experiment_run(platform, WORKSPACE, models.DeleteExperimentRunDetails(run_id=run))
    details = models.LogExperimentRunMetricDetails(run_id=run, key="loss", value=1, timestamp=1)
    # At once: the SDK would try a 409 again for a minute and a half.
    with pytest.raises(ServiceError) as caught:
        ml_ops.log_experiment_run_metric(platform, WORKSPACE, details)
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")


def test_a_write_sent_again_with_its_token_is_done_once(ml_ops: Any, platform: str, experiment: str) -> None:
    details = models.CreateExperimentRunDetails(experiment_id=experiment)
    token = f"{platform}-run"
    first, again = (ml_ops.create_experiment_run(platform, WORKSPACE, details, opc_retry_token=token) for _ in range(2))
    assert again.data == first.data
    found = models.ListExperimentRunsDetails(experiment_ids=[experiment], max_results=10)
    assert len(ml_ops.list_experiment_runs(platform, WORKSPACE, found).data.runs) == 1
