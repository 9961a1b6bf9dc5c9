"""Oracle's SDK on registered models: each of its methods, and answers whole as their schemas declare them."""

from typing import Any

import pytest
from aidp_python_client.aidataplatform_dp import models

from tests.conformance.schema import assert_complete
from tests.support.api import Api

NAME = "main.fraud.scorer"


@pytest.fixture
def model(ml_ops: Any, platform: str) -> str:
    """A model with a tag."""
    details = models.CreateRegisteredModelDetails(
        name=NAME, description="Scores payments.", tags=[models.RegisteredModelTag(key="team", value="risk")]
    )
    ml_ops.create_registered_model(platform, details)
    return NAME


def read(ml_ops: Any, platform: str, name: str = NAME) -> Any:
    return ml_ops.get_registered_model(platform, name).data.registered_model


def test_a_created_model_is_answered_whole(ml_ops: Any, platform: str) -> None:
    details = models.CreateRegisteredModelDetails(
        name=NAME,
        description="Scores payments.",
        tags=[models.RegisteredModelTag(key="team", value="risk")],
        deployment_job_id="job-7",
    )
    created = ml_ops.create_registered_model(platform, details)
    model = created.data.registered_model
    assert_complete(model)
    assert (created.status, model.name, model.description) == (200, NAME, "Scores payments.")
    assert [(tag.key, tag.value) for tag in model.tags] == [("team", "risk")]
    assert model.deployment_job_id == "job-7"


def test_a_model_is_got_whole_with_its_latest_versions_and_aliases(
    ml_ops: Any, platform: str, model: str, oracle_api: Api
) -> None:
    ml_ops.create_model_version(platform, models.CreateModelVersionDetails(name=model, source="s3://models/1"))
    oracle_api.post("registered-models/alias", name=model, alias="champion", version="1")
    found = read(ml_ops, platform)
    assert_complete(found)
    assert [version.version for version in found.latest_versions] == ["1"]
    assert [(alias.alias, alias.version) for alias in found.aliases] == [("champion", "1")]


def test_an_answer_about_a_model_has_an_etag_that_changes_with_it(ml_ops: Any, platform: str, model: str) -> None:
    before = ml_ops.get_registered_model(platform, model).headers["etag"]
    details = models.UpdateRegisteredModelDetails(name=model, description="New.")
    updated = ml_ops.update_registered_model(platform, details).headers["etag"]
    assert before != updated
    assert ml_ops.get_registered_model(platform, model).headers["etag"] == updated


def test_the_description_of_a_model_is_updated(ml_ops: Any, platform: str, model: str) -> None:
    details = models.UpdateRegisteredModelDetails(name=model, description="Scores refunds.", deployment_job_id="job-8")
    updated = ml_ops.update_registered_model(platform, details).data.registered_model
    assert_complete(updated)
    assert (updated.description, updated.deployment_job_id) == ("Scores refunds.", "job-8")
    assert read(ml_ops, platform) == updated


def test_a_model_is_renamed_with_its_versions(ml_ops: Any, platform: str, model: str) -> None:
    ml_ops.create_model_version(platform, models.CreateModelVersionDetails(name=model, source="s3://models/1"))
    details = models.RenameRegisteredModelDetails(name=model, new_name="main.fraud.judge")
    renamed = ml_ops.rename_registered_model(platform, details).data.registered_model
    assert_complete(renamed)
    assert renamed.name == "main.fraud.judge"
    version = ml_ops.get_model_version(platform, "main.fraud.judge", "1").data.model_version
    assert version.name == "main.fraud.judge"


def test_a_deleted_model_is_gone(ml_ops: Any, platform: str, model: str) -> None:
    deleted = ml_ops.delete_registered_model(platform, models.DeleteRegisteredModelDetails(name=model))
    assert_complete(deleted.data)
    assert ml_ops.list_registered_models(platform).data.registered_models == []


def test_a_tag_of_a_model_is_set_over_its_value(ml_ops: Any, platform: str, model: str) -> None:
    details = models.SetRegisteredModelTagDetails(name=model, key="team", value="payments")
    assert_complete(ml_ops.set_registered_model_tag(platform, details).data)
    assert [(tag.key, tag.value) for tag in read(ml_ops, platform).tags] == [("team", "payments")]


def test_a_tag_of_a_model_is_deleted(ml_ops: Any, platform: str, model: str) -> None:
    details = models.DeleteRegisteredModelTagDetails(name=model, key="team")
    assert_complete(ml_ops.delete_registered_model_tag(platform, details).data)
    assert read(ml_ops, platform).tags == []


def test_tags_of_a_model_are_set_and_deleted_in_one_call(ml_ops: Any, platform: str, model: str) -> None:
    details = models.UpdateRegisteredModelTagsDetails(
        name=model,
        set_tags=[models.RegisteredModelTag(key="tier", value="1")],
        delete_tags=[models.RegisteredModelTagKey(key="team")],
    )
    assert_complete(ml_ops.update_registered_model_tags(platform, details).data)
    assert [(tag.key, tag.value) for tag in read(ml_ops, platform).tags] == [("tier", "1")]


def test_models_are_listed_by_pages_filter_and_order(ml_ops: Any, platform: str) -> None:
    for number in range(5):
        ml_ops.create_registered_model(platform, models.CreateRegisteredModelDetails(name=f"main.fraud.m{number}"))
    ml_ops.create_registered_model(platform, models.CreateRegisteredModelDetails(name="main.churn.m"))
    found: list[str] = []
    token = None
    while token is not None or not found:
        page = ml_ops.list_registered_models(
            platform,
            filter="name LIKE 'main.fraud.%'",
            order_by="name DESC",
            max_results=2,
            is_deployment_summary_enabled=True,
            **({"page_token": token} if token else {}),
        ).data
        assert_complete(page, absent=frozenset({"next_page_token"}))
        found += [model.name for model in page.registered_models]
        token = page.next_page_token
    assert found == [f"main.fraud.m{number}" for number in (4, 3, 2, 1, 0)]


def test_the_models_and_versions_of_a_schema_are_counted(ml_ops: Any, platform: str, model: str) -> None:
    ml_ops.create_registered_model(platform, models.CreateRegisteredModelDetails(name="main.fraudulent.other"))
    for _ in range(2):
        ml_ops.create_model_version(platform, models.CreateModelVersionDetails(name=model, source="s3://models/1"))
    summary = ml_ops.get_registered_model_summary(platform, "main", "fraud").data
    assert_complete(summary)
    assert (summary.registered_models_count, summary.model_versions_count) == (1, 2)
    assert (summary.model_deployments_count, summary.active_deployment_count) == (0, 0)
