"""Oracle's SDK on model versions: each of its methods, and answers whole as their schemas declare them."""

from typing import Any

import pytest
from aidp_python_client.aidataplatform_dp import models

from tests.conformance.schema import assert_complete
from tests.support.api import Api
from tests.support.server import RunningServer

NAME = "main.fraud.scorer"


def details_of_version(**fields: Any) -> Any:
    return models.CreateModelVersionDetails(**{"name": NAME, "source": "s3://models/scorer", **fields})


@pytest.fixture(autouse=True)
def _model(ml_ops: Any, platform: str) -> None:
    ml_ops.create_registered_model(platform, models.CreateRegisteredModelDetails(name=NAME))


@pytest.fixture
def version(ml_ops: Any, platform: str) -> str:
    """The number of a version with a tag."""
    details = details_of_version(tags=[models.ModelVersionTag(key="stage", value="trial")])
    number: str = ml_ops.create_model_version(platform, details).data.model_version.version
    return number


def read(ml_ops: Any, platform: str, version: str) -> Any:
    return ml_ops.get_model_version(platform, NAME, version).data.model_version


def tags_of(found: Any) -> list[tuple[str, str]]:
    return [(tag.key, tag.value) for tag in found.tags]


def test_a_version_created_in_a_workspace_is_answered_whole(ml_ops: Any, platform: str) -> None:
    details = details_of_version(
        description="The first.",
        run_id="0123456789abcdef",
        run_link="https://runs.example/1",
        model_id="m-1",
        tags=[models.ModelVersionTag(key="team", value="risk"), models.ModelVersionTag(key="tier", value="1")],
    )
    created = ml_ops.create_workspace_model_version(platform, "default", details)
    version = created.data.model_version
    assert_complete(version)
    assert (created.status, version.name, version.version) == (200, NAME, "1")
    assert (version.description, version.source) == ("The first.", "s3://models/scorer")
    assert (version.run_id, version.run_link, version.model_id) == (
        "0123456789abcdef",
        "https://runs.example/1",
        "m-1",
    )
    assert (version.status, version.current_stage, version.user_id) == ("READY", "None", "anonymous")
    assert tags_of(version) == [("team", "risk"), ("tier", "1")]


def test_a_version_created_on_the_platform_follows_the_workspace_s(ml_ops: Any, platform: str) -> None:
    ml_ops.create_workspace_model_version(platform, "default", details_of_version())
    version = ml_ops.create_model_version(platform, details_of_version()).data.model_version
    assert_complete(version)
    assert version.version == "2"


def test_a_version_is_got_as_it_was_created(ml_ops: Any, platform: str) -> None:
    created = ml_ops.create_model_version(platform, details_of_version(description="One."))
    found = ml_ops.get_model_version(platform, NAME, created.data.model_version.version)
    assert_complete(found.data)
    assert found.data.model_version == created.data.model_version
    assert found.headers["etag"] == created.headers["etag"]


def test_the_description_of_a_version_is_updated(ml_ops: Any, platform: str, version: str) -> None:
    details = models.UpdateModelVersionDetails(name=NAME, version=version, description="Retrained.")
    updated = ml_ops.update_model_version(platform, details).data.model_version
    assert_complete(updated)
    assert updated.description == "Retrained."
    assert read(ml_ops, platform, version) == updated


def test_a_version_is_moved_to_a_stage_and_its_predecessor_archived(ml_ops: Any, platform: str, version: str) -> None:
    second = ml_ops.create_model_version(platform, details_of_version()).data.model_version.version
    for number in (version, second):
        details = models.TransitionModelVersionStageDetails(
            name=NAME, version=number, stage="Production", archive_existing_versions=True
        )
        moved = ml_ops.transition_model_version_stage(platform, details).data.model_version
        assert_complete(moved)
        assert moved.current_stage == "Production"
    assert read(ml_ops, platform, version).current_stage == "Archived"


def test_a_deleted_version_is_gone_and_its_number_not_used_again(ml_ops: Any, platform: str, version: str) -> None:
    deleted = ml_ops.delete_model_version(platform, models.DeleteModelVersionDetails(name=NAME, version=version))
    assert_complete(deleted.data)
    assert ml_ops.list_model_versions(platform).data.model_versions == []
    assert ml_ops.create_model_version(platform, details_of_version()).data.model_version.version == "2"


def test_a_tag_of_a_version_is_set(ml_ops: Any, platform: str, version: str) -> None:
    details = models.SetModelVersionTagDetails(name=NAME, version=version, key="stage", value="final")
    assert_complete(ml_ops.set_model_version_tag(platform, details).data)
    assert tags_of(read(ml_ops, platform, version)) == [("stage", "final")]


def test_a_tag_of_a_version_is_deleted(ml_ops: Any, platform: str, version: str) -> None:
    details = models.DeleteModelVersionTagDetails(name=NAME, version=version, key="stage")
    assert_complete(ml_ops.delete_model_version_tag(platform, details).data)
    assert tags_of(read(ml_ops, platform, version)) == []


def test_tags_of_a_version_are_set_and_deleted_in_one_call(ml_ops: Any, platform: str, version: str) -> None:
    details = models.UpdateModelVersionTagsDetails(
        name=NAME,
        version=version,
        set_tags=[models.ModelVersionTag(key="tier", value="1")],
        delete_tags=[models.ModelVersionTagKey(key="stage")],
    )
    assert_complete(ml_ops.update_model_version_tags(platform, details).data)
    assert tags_of(read(ml_ops, platform, version)) == [("tier", "1")]


def test_versions_are_listed_by_pages_filter_and_order(ml_ops: Any, platform: str) -> None:
    for number in range(5):
        ml_ops.create_model_version(platform, details_of_version(run_id="a" if number else "b"))
    found: list[str] = []
    token = None
    while token is not None or not found:
        page = ml_ops.list_model_versions(
            platform,
            filter=f"name = '{NAME}' AND run_id = 'a'",
            order_by="version_number ASC",
            max_results=3,
            **({"page_token": token} if token else {}),
        ).data
        assert_complete(page, absent=frozenset({"next_page_token"}))
        found += [version.version for version in page.model_versions]
        token = page.next_page_token
    assert found == ["2", "3", "4", "5"]


def test_every_workspace_of_a_platform_sees_its_versions(ml_ops: Any, workspace_client: Any, platform: str) -> None:
    workspace = workspace_client.create_workspace(platform, models.CreateWorkspaceDetails(display_name="Lab")).data
    created = ml_ops.create_workspace_model_version(platform, workspace.key, details_of_version())
    assert read(ml_ops, platform, "1") == created.data.model_version


def test_a_platform_is_named_by_its_ocid(ml_ops: Any, server: RunningServer, platform: str) -> None:
    ocid = f"ocid1.aidataplatform.oc1.iad.{platform}"
    Api(server.url).ok("POST", "/20260430/aiDataPlatforms", {"id": ocid})
    ml_ops.create_registered_model(ocid, models.CreateRegisteredModelDetails(name=NAME))
    created = ml_ops.create_workspace_model_version(ocid, "default", details_of_version())
    assert read(ml_ops, ocid, "1") == created.data.model_version


def test_a_name_has_any_characters_but_slash_and_colon(ml_ops: Any, platform: str) -> None:
    name = "Zähler & Söhne + 100% = 数?#;"
    ml_ops.create_registered_model(platform, models.CreateRegisteredModelDetails(name=name))
    ml_ops.create_model_version(platform, details_of_version(name=name))
    assert ml_ops.get_model_version(platform, name, "1").data.model_version.name == name
    found = ml_ops.list_model_versions(platform, filter=f"name = '{name}'").data.model_versions
    assert [version.name for version in found] == [name]
