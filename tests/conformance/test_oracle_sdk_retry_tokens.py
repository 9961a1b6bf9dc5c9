"""Retry tokens as Oracle's SDK sends them: what is sent twice is done once."""

from typing import Any

import pytest
from aidp_python_client.aidataplatform_dp import models
from oci.exceptions import ServiceError

NAME = "main.fraud.scorer"


@pytest.fixture
def details(ml_ops: Any, platform: str) -> Any:
    """The details of a version that can be created."""
    ml_ops.create_registered_model(platform, models.CreateRegisteredModelDetails(name=NAME))
    return models.CreateModelVersionDetails(name=NAME, source="s3://models/scorer")


def versions(ml_ops: Any, platform: str) -> list[str]:
    return [version.version for version in ml_ops.list_model_versions(platform).data.model_versions]


def test_a_creation_sent_again_is_answered_with_the_same_version(ml_ops: Any, platform: str, details: Any) -> None:
    token = f"{platform}-again"
    first = ml_ops.create_workspace_model_version(platform, "default", details, opc_retry_token=token)
    again = ml_ops.create_workspace_model_version(platform, "default", details, opc_retry_token=token)
    assert again.data == first.data
    assert again.headers["etag"] == first.headers["etag"]
    assert versions(ml_ops, platform) == ["1"]


def test_the_client_s_own_tokens_tell_its_calls_apart(ml_ops: Any, platform: str, details: Any) -> None:
    ml_ops.create_model_version(platform, details)
    ml_ops.create_model_version(platform, details)
    assert versions(ml_ops, platform) == ["2", "1"]


def test_a_token_with_another_request_is_refused(ml_ops: Any, platform: str, details: Any) -> None:
    token = f"{platform}-other"
    ml_ops.create_model_version(platform, details, opc_retry_token=token)
    other = models.CreateModelVersionDetails(name=NAME, source="s3://models/other")
    with pytest.raises(ServiceError) as caught:
        ml_ops.create_model_version(platform, other, opc_retry_token=token)
    assert (caught.value.status, caught.value.code) == (409, "InvalidatedRetryToken")
    assert versions(ml_ops, platform) == ["1"]


def test_a_token_whose_version_was_deleted_is_refused(ml_ops: Any, platform: str, details: Any) -> None:
    token = f"{platform}-deleted"
    ml_ops.create_model_version(platform, details, opc_retry_token=token)
    ml_ops.delete_model_version(platform, models.DeleteModelVersionDetails(name=NAME, version="1"))
    with pytest.raises(ServiceError) as caught:
        ml_ops.create_model_version(platform, details, opc_retry_token=token)
    assert (caught.value.status, caught.value.code) == (409, "InvalidatedRetryToken")
    assert versions(ml_ops, platform) == []


def test_a_deletion_sent_again_is_answered_again(ml_ops: Any, platform: str, details: Any) -> None:
    ml_ops.create_model_version(platform, details)
    deletion = models.DeleteModelVersionDetails(name=NAME, version="1")
    token = f"{platform}-deletion"
    statuses = [ml_ops.delete_model_version(platform, deletion, opc_retry_token=token).status for _ in range(2)]
    assert statuses == [200, 200]
