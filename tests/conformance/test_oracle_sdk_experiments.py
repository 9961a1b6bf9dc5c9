"""Oracle's SDK on experiments: each of its methods, and answers whole as their schemas declare them."""

from typing import Any

import pytest
from aidp_python_client.aidataplatform_dp import models
from oci.exceptions import ServiceError

from tests.conformance.schema import assert_complete

WORKSPACE = "default"
TEAM = models.ExperimentTag(key="team", value="risk")


@pytest.fixture
def experiment(ml_ops: Any, platform: str) -> str:
    """The id of an experiment with a tag."""
    details = models.CreateExperimentDetails(name="payments", tags=[TEAM])
    experiment_id: str = ml_ops.create_experiment(platform, WORKSPACE, details).data.experiment_id
    return experiment_id


def read(ml_ops: Any, platform: str, experiment: str) -> Any:
    return ml_ops.get_experiment_by_id(platform, WORKSPACE, experiment).data.experiment


def tags_of(ml_ops: Any, platform: str, experiment: str) -> list[tuple[str, str]]:
    return [(tag.key, tag.value) for tag in read(ml_ops, platform, experiment).tags]


def test_a_created_experiment_is_answered_whole_by_its_id_and_by_its_name(ml_ops: Any, platform: str) -> None:
    details = models.CreateExperimentDetails(
        name="payments", artifact_location="oci://files@lake/payments", tags=[TEAM]
    )
    created = ml_ops.create_experiment(platform, WORKSPACE, details)
    assert_complete(created.data)
    found = ml_ops.get_experiment_by_id(platform, WORKSPACE, created.data.experiment_id)
    assert_complete(found.data)
    experiment = found.data.experiment
    assert (experiment.name, experiment.artifact_location) == ("payments", "oci://files@lake/payments")
    assert (experiment.lifecycle_stage, [(tag.key, tag.value) for tag in experiment.tags]) == (
        "active",
        [("team", "risk")],
    )
    by_name = ml_ops.get_experiment_by_name(platform, WORKSPACE, "payments")
    assert by_name.data == found.data
    assert by_name.headers["etag"] == found.headers["etag"] == created.headers["etag"]


def test_an_experiment_is_renamed(ml_ops: Any, platform: str, experiment: str) -> None:
    details = models.UpdateExperimentDetails(experiment_id=experiment, new_name="refunds")
    assert_complete(ml_ops.update_experiment(platform, WORKSPACE, details).data)
    assert read(ml_ops, platform, experiment).name == "refunds"


def test_a_deleted_experiment_is_restored(ml_ops: Any, platform: str, experiment: str) -> None:
    deletion = models.DeleteExperimentDetails(experiment_id=experiment)
    assert_complete(ml_ops.delete_experiment(platform, WORKSPACE, deletion).data)
    assert read(ml_ops, platform, experiment).lifecycle_stage == "deleted"
    restoration = models.RestoreExperimentDetails(experiment_id=experiment)
    assert_complete(ml_ops.restore_experiment(platform, WORKSPACE, restoration).data)
    assert read(ml_ops, platform, experiment).lifecycle_stage == "active"


def test_an_experiment_that_is_deleted_for_good_is_gone(ml_ops: Any, platform: str, experiment: str) -> None:
    details = models.DeleteExperimentDetails(experiment_id=experiment, is_permanent=True)
    ml_ops.delete_experiment(platform, WORKSPACE, details)
    with pytest.raises(ServiceError) as caught:
        read(ml_ops, platform, experiment)
    assert (caught.value.status, caught.value.code) == (404, "NotAuthorizedOrNotFound")


def test_a_tag_of_an_experiment_is_set_and_deleted(ml_ops: Any, platform: str, experiment: str) -> None:
    tag = models.SetExperimentTagDetails(experiment_id=experiment, key="tier", value="1")
    assert_complete(ml_ops.set_experiment_tag(platform, WORKSPACE, tag).data)
    deletion = models.DeleteExperimentTagDetails(experiment_id=experiment, key="team")
    assert_complete(ml_ops.delete_experiment_tag(platform, WORKSPACE, deletion).data)
    assert tags_of(ml_ops, platform, experiment) == [("tier", "1")]


def test_tags_of_an_experiment_are_set_and_deleted_in_one_call(ml_ops: Any, platform: str, experiment: str) -> None:
    details = models.UpdateExperimentTagsDetails(
        experiment_id=experiment,
        set_tags=[models.ExperimentTag(key="tier", value="1")],
        delete_tags=[models.ExperimentTagKey(key="team")],
    )
    assert_complete(ml_ops.update_experiment_tags(platform, WORKSPACE, details).data)
    assert tags_of(ml_ops, platform, experiment) == [("tier", "1")]


def test_experiments_are_listed_by_pages_filter_and_order(ml_ops: Any, platform: str) -> None:
    for number in range(5):
        ml_ops.create_experiment(
            platform, WORKSPACE, models.CreateExperimentDetails(name=f"payments {number}", tags=[TEAM])
        )
    found: list[str] = []
    token = None
    while token is not None or not found:
        details = models.ListExperimentsDetails(
            filter="name LIKE 'payments%' AND tags.team = 'risk'",
            order_by=["name DESC"],
            max_results=2,
            page_token=token,
        )
        page = ml_ops.list_experiments(platform, WORKSPACE, details).data
        assert_complete(page, absent=frozenset({"next_page_token"}))
        found += [experiment.name for experiment in page.experiments]
        token = page.next_page_token
    assert found == [f"payments {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("view", "names"),
    [
        (None, ["Default"]),
        ("ACTIVE_ONLY", ["Default"]),
        ("DELETED_ONLY", ["payments"]),
        ("ALL", ["Default", "payments"]),
    ],
)
def test_deleted_experiments_are_listed_where_they_are_asked_for(
    ml_ops: Any, platform: str, experiment: str, view: str | None, names: list[str]
) -> None:
    ml_ops.delete_experiment(platform, WORKSPACE, models.DeleteExperimentDetails(experiment_id=experiment))
    details = models.ListExperimentsDetails(view_type=view, order_by=["name"], max_results=10)
    page = ml_ops.list_experiments(platform, WORKSPACE, details).data
    assert [found.name for found in page.experiments] == names


def test_a_workspace_holds_its_own_experiments(
    ml_ops: Any, workspace_client: Any, platform: str, experiment: str
) -> None:
    workspace = workspace_client.create_workspace(platform, models.CreateWorkspaceDetails(display_name="Lab")).data
    with pytest.raises(ServiceError) as caught:
        ml_ops.get_experiment_by_name(platform, workspace.key, "payments")
    assert caught.value.status == 404
    details = models.CreateExperimentDetails(name="payments")
    assert ml_ops.create_experiment(platform, workspace.key, details).data.experiment_id == experiment
    assert tags_of(ml_ops, platform, experiment) == [("team", "risk")]
