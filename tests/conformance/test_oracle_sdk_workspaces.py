"""Oracle's SDK on workspaces."""

from typing import Any

import oci
import pytest
from aidp_python_client.aidataplatform_dp import models
from oci.exceptions import ServiceError

from tests.conformance.schema import assert_complete

UNUSED = frozenset({"system_tags", "network_configuration_details", "log_group_id", "aic_user_schema_name"})
"""Fields for Oracle Cloud's own networks, logs and tags, which a server of one's own has not."""


@pytest.fixture
def workspace(workspace_client: Any, platform: str) -> Any:
    """A workspace, as it was answered."""
    details = models.CreateWorkspaceDetails(
        display_name="Fraud Lab", description="Payments.", default_catalog_key="main"
    )
    return workspace_client.create_workspace(platform, details)


def test_a_created_workspace_is_answered_whole_with_a_key_for_paths(workspace: Any) -> None:
    assert_complete(workspace.data, absent=UNUSED)
    assert (workspace.data.key, workspace.data.display_name) == ("fraud-lab", "Fraud Lab")
    assert (workspace.data.description, workspace.data.default_catalog_key) == ("Payments.", "main")
    assert (workspace.data.type, workspace.data.lifecycle_state) == ("USER", "ACTIVE")


def test_a_workspace_is_got_as_it_was_created(workspace_client: Any, platform: str, workspace: Any) -> None:
    found = workspace_client.get_workspace(platform, "fraud-lab")
    assert found.data == workspace.data
    assert found.headers["etag"] == workspace.headers["etag"]


def test_a_workspace_is_updated_where_its_etag_matches(workspace_client: Any, platform: str, workspace: Any) -> None:
    details = models.UpdateWorkspaceDetails(display_name="Fraud", description="Refunds.")
    updated = workspace_client.update_workspace(platform, "fraud-lab", details, if_match=workspace.headers["etag"])
    assert_complete(updated.data, absent=UNUSED)
    assert (updated.data.display_name, updated.data.description) == ("Fraud", "Refunds.")
    assert updated.data.default_catalog_key == "main"
    assert updated.headers["etag"] != workspace.headers["etag"]


def test_a_deleted_workspace_is_gone(workspace_client: Any, platform: str, workspace: Any) -> None:
    workspace_client.delete_workspace(platform, "fraud-lab", if_match=workspace.headers["etag"])
    with pytest.raises(ServiceError) as caught:
        workspace_client.get_workspace(platform, "fraud-lab")
    assert (caught.value.status, caught.value.code) == (404, "NotAuthorizedOrNotFound")


def test_the_display_name_of_a_workspace_is_its_own(workspace_client: Any, platform: str, workspace: Any) -> None:
    with pytest.raises(ServiceError) as caught:
        workspace_client.create_workspace(platform, models.CreateWorkspaceDetails(display_name="Fraud Lab"))
    assert (caught.value.status, caught.value.code) == (409, "NotAuthorizedOrResourceAlreadyExists")


def test_workspaces_are_listed_page_by_page(workspace_client: Any, platform: str) -> None:
    for number in range(4):
        details = models.CreateWorkspaceDetails(display_name=f"lab {number}")
        workspace_client.create_workspace(platform, details)
    found: list[str] = []
    page = None
    while page is not None or not found:
        answer = workspace_client.list_workspaces(platform, limit=2, **({"page": page} if page else {}))
        assert_complete(answer.data, absent=UNUSED)
        assert len(answer.data.items) <= 2
        found += [workspace.display_name for workspace in answer.data.items]
        page = answer.next_page
    assert found == ["default", "lab 0", "lab 1", "lab 2", "lab 3"]


def test_the_sdk_s_own_paging_reads_every_page(workspace_client: Any, platform: str) -> None:
    for number in range(4):
        details = models.CreateWorkspaceDetails(display_name=f"lab {number}")
        workspace_client.create_workspace(platform, details)
    every = oci.pagination.list_call_get_all_results(workspace_client.list_workspaces, platform, limit=2)
    assert [workspace.key for workspace in every.data] == ["default", "lab-0", "lab-1", "lab-2", "lab-3"]


def test_workspaces_are_filtered_and_sorted(workspace_client: Any, platform: str, workspace: Any) -> None:
    workspace_client.create_workspace(platform, models.CreateWorkspaceDetails(display_name="Churn"))

    def keys(**options: Any) -> list[str]:
        return [found.key for found in workspace_client.list_workspaces(platform, **options).data.items]

    assert keys(display_name="Churn") == ["churn"]
    assert keys(display_name_contains="Lab") == ["fraud-lab"]
    assert keys(type="DEFAULT") == ["default"]
    assert keys(lifecycle_state="FAILED") == []
    assert keys(is_private_network_enabled=True) == []
    assert keys(sort_by="timeCreated", sort_order="ASC") == ["default", "fraud-lab", "churn"]
    assert keys(sort_by="displayName", sort_order="DESC", type="USER") == ["fraud-lab", "churn"]
