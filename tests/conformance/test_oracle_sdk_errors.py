"""What goes wrong reaches Oracle's SDK as `ServiceError` with status, code, message and request id."""

from collections.abc import Callable
from typing import Any

import pytest
from aidp_python_client.aidataplatform_dp import models
from oci.exceptions import ServiceError

NAME = "main.fraud.scorer"
REQUEST_ID = "check-42"


def error_of(call: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[int, str, str]:
    """Status, code and message of a call that must fail, with the request id that it was sent with."""
    with pytest.raises(ServiceError) as caught:
        call(*arguments, opc_request_id=REQUEST_ID, **options)
    assert caught.value.request_id == REQUEST_ID
    return caught.value.status, caught.value.code, caught.value.message


@pytest.fixture
def model(ml_ops: Any, platform: str) -> str:
    ml_ops.create_registered_model(platform, models.CreateRegisteredModelDetails(name=NAME))
    return NAME


def test_a_model_that_is_not_there_is_404(ml_ops: Any, platform: str) -> None:
    status, code, message = error_of(ml_ops.get_registered_model, platform, "none")
    assert (status, code) == (404, "NotAuthorizedOrNotFound")
    assert message == "Registered Model with name=none not found"


def test_a_version_that_is_not_there_is_404(ml_ops: Any, platform: str, model: str) -> None:
    status, code, message = error_of(ml_ops.get_model_version, platform, model, "7")
    assert (status, code) == (404, "NotAuthorizedOrNotFound")
    assert message == f"Model Version (name={model}, version=7) not found"


def test_a_platform_that_is_not_there_is_404(ml_ops: Any) -> None:
    status, code, message = error_of(ml_ops.list_registered_models, "ocid1.aidataplatform.oc1..none")
    assert (status, code) == (404, "NotAuthorizedOrNotFound")
    assert "ocid1.aidataplatform.oc1..none" in message


def test_a_workspace_that_is_not_there_is_404(ml_ops: Any, platform: str, model: str) -> None:
    details = models.CreateModelVersionDetails(name=model, source="s3://models/1")
    status, code, message = error_of(ml_ops.create_workspace_model_version, platform, "none", details)
    assert (status, code) == (404, "NotAuthorizedOrNotFound")
    assert message == f"Workspace 'none' of AI Data Platform '{platform}' does not exist."


def test_a_name_that_is_taken_is_409(ml_ops: Any, platform: str, model: str) -> None:
    details = models.CreateRegisteredModelDetails(name=model)
    status, code, message = error_of(ml_ops.create_registered_model, platform, details)
    assert (status, code) == (409, "NotAuthorizedOrResourceAlreadyExists")
    assert message == f"Registered Model (name={model}) already exists."


def test_a_missing_field_is_400_and_named(ml_ops: Any, platform: str) -> None:
    details = models.CreateModelVersionDetails(name=NAME)
    status, code, message = error_of(ml_ops.create_model_version, platform, details)
    assert (status, code) == (400, "MissingParameter")
    assert "'source'" in message


def test_a_field_that_breaks_its_rule_is_400_and_named(ml_ops: Any, platform: str) -> None:
    details = models.CreateRegisteredModelDetails(name="a/b")
    status, code, message = error_of(ml_ops.create_registered_model, platform, details)
    assert (status, code) == (400, "InvalidParameter")
    assert "'name'" in message


def test_a_source_that_names_no_version_is_400(ml_ops: Any, platform: str, model: str) -> None:
    details = models.CreateModelVersionDetails(name=model, source="models:/none/1")
    status, code, _ = error_of(ml_ops.create_model_version, platform, details)
    assert (status, code) == (400, "RelatedResourceNotAuthorizedOrNotFound")


def test_a_request_id_of_other_characters_is_400(ml_ops: Any, platform: str) -> None:
    with pytest.raises(ServiceError) as caught:
        ml_ops.list_registered_models(platform, opc_request_id="no spaces")
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")
    assert caught.value.request_id


def test_an_etag_that_is_past_is_412_and_nothing_changes(workspace_client: Any, platform: str) -> None:
    created = workspace_client.create_workspace(platform, models.CreateWorkspaceDetails(display_name="Lab"))
    key, etag = created.data.key, created.headers["etag"]
    details = models.UpdateWorkspaceDetails(description="First.")
    workspace_client.update_workspace(platform, key, details, if_match=etag)
    late = models.UpdateWorkspaceDetails(description="Second.")
    status, code, _ = error_of(workspace_client.update_workspace, platform, key, late, if_match=etag)
    assert (status, code) == (412, "NoEtagMatch")
    assert error_of(workspace_client.delete_workspace, platform, key, if_match=etag)[:2] == (412, "NoEtagMatch")
    assert workspace_client.get_workspace(platform, key).data.description == "First."


def test_a_request_id_is_echoed_by_answers_too(ml_ops: Any, platform: str) -> None:
    assert ml_ops.list_registered_models(platform, opc_request_id=REQUEST_ID).request_id == REQUEST_ID
