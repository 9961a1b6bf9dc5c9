"""Oracle's SDK on permissions of registered models, by users who log in with API keys of their own."""

from collections.abc import Callable
from typing import Any

import pytest
from aidp_python_client.aidataplatform_dp import MLOpsClient, models
from oci.exceptions import ServiceError

from tests.conformance.schema import assert_complete
from tests.identity.conftest import Guarded, guarded, new_person  # noqa: F401 - fixtures
from tests.identity.people import Person
from tests.support.api import Api

NAME = "main.fraud.scorer"


@pytest.fixture
def platform(guarded: Guarded, new_person: Callable[..., Person]) -> str:  # noqa: F811
    """A platform that no other test uses."""
    key = f"acme-{new_person(is_administrator=False).name}"
    _root(guarded).ok("POST", "/20260430/aiDataPlatforms", {"id": key})
    return key


@pytest.fixture
def client_of(guarded: Guarded, oci_config: dict[str, str]) -> Callable[[Person], Any]:  # noqa: F811
    """The SDK's client of one user."""

    def make(person: Person) -> Any:
        return MLOpsClient(oci_config, service_endpoint=guarded.url, signer=person.new_signer())

    return make


@pytest.fixture
def owner(platform: str, guarded: Guarded, new_person: Callable[..., Person]) -> Person:  # noqa: F811
    """A user who may create models, and has."""
    person = new_person(is_administrator=False)
    assign = _platform_grant("USER", person.name, "MANAGE")
    path = f"/20260430/aiDataPlatforms/{platform}/actions/managePermission"
    _root(guarded).ok("POST", path, assign, status=204)
    return person


def _root(guarded: Guarded) -> Api:  # noqa: F811
    return Api(guarded.url, "", guarded.administrator.headers)


def _platform_grant(kind: str, target: str, *permissions: str) -> dict[str, Any]:
    assignees = {"type": kind, "targets": [target]}
    return {"assignPermissionDetails": {"assignees": assignees, "permissions": [*permissions]}}


def _assignees(*people: Person) -> Any:
    return models.PermissionAssignees(type="USER", targets=[person.name for person in people])


def _assigning(*people: Person, permission: str) -> Any:
    details = models.AssignRegisteredModelPermissionDetails(assignees=_assignees(*people), permissions=[permission])
    return models.ManageRegisteredModelPermissionDetails(assign_registered_model_permission_details=details)


def _status(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ServiceError) as caught:
        call()
    return caught.value.status, caught.value.code


def test_permissions_are_granted_seen_used_and_revoked(
    platform: str,
    owner: Person,
    client_of: Callable[[Person], Any],
    new_person: Callable[..., Person],  # noqa: F811
) -> None:
    reader = new_person(is_administrator=False)
    owners, readers = client_of(owner), client_of(reader)
    owners.create_registered_model(platform, models.CreateRegisteredModelDetails(name=NAME))
    assert _status(lambda: readers.get_registered_model(platform, NAME)) == (404, "NotAuthorizedOrNotFound")

    answer = owners.manage_registered_model_permission(platform, NAME, _assigning(reader, permission="READ"))
    assert (answer.status, answer.data) == (204, None)
    assert readers.get_registered_model(platform, NAME).data.registered_model.name == NAME
    update = models.UpdateRegisteredModelDetails(name=NAME, description="mine")
    assert _status(lambda: readers.update_registered_model(platform, update)) == (403, "NotAuthorized")

    page = readers.list_registered_model_permissions(platform, NAME)
    for item in page.data.items:
        assert_complete(item)
    found = {
        (item.grantee_name, *item.grantee_permissions, item.is_inherited, item.resource_name)
        for item in page.data.items
    }
    assert found == {
        (owner.name, "ADMIN", False, NAME),
        (owner.name, "MANAGE", True, platform),
        ("root", "ADMIN", True, platform),
        (reader.name, "READ", False, NAME),
    }

    details = models.RevokeRegisteredModelPermissionDetails(assignees=_assignees(reader), permissions=["READ"])
    revoking = models.ManageRegisteredModelPermissionDetails(revoke_registered_model_permission_details=details)
    owners.manage_registered_model_permission(platform, NAME, revoking)
    assert _status(lambda: readers.get_registered_model(platform, NAME)) == (404, "NotAuthorizedOrNotFound")


def test_a_list_comes_in_pages(
    platform: str,
    owner: Person,
    client_of: Callable[[Person], Any],
    new_person: Callable[..., Person],  # noqa: F811
) -> None:
    people = [new_person(is_administrator=False) for _ in range(4)]
    client = client_of(owner)
    client.create_registered_model(platform, models.CreateRegisteredModelDetails(name=NAME))
    client.manage_registered_model_permission(platform, NAME, _assigning(*people, permission="READ"))
    for order in ({}, {"sort_by": "timeCreated"}, {"sort_by": "displayName", "sort_order": "DESC"}):
        whole = client.list_registered_model_permissions(platform, NAME, **order).data.items
        paged, page = [], None
        while True:
            more: dict[str, Any] = {"page": page} if page else {}
            answer = client.list_registered_model_permissions(platform, NAME, limit=2, **order, **more)
            paged += answer.data.items
            page = answer.headers.get("opc-next-page")
            if page is None:
                break
        assert len(paged) == 7
        assert paged == whole
    names = [item.grantee_name for item in whole]
    assert names == sorted(names, reverse=True)


def test_an_unknown_target_is_told_and_nothing_is_half_done(
    platform: str,
    owner: Person,
    client_of: Callable[[Person], Any],
    new_person: Callable[..., Person],  # noqa: F811
) -> None:
    reader, client = new_person(is_administrator=False), client_of(owner)
    client.create_registered_model(platform, models.CreateRegisteredModelDetails(name=NAME))
    nobody = Person(owner.url, owner.administrator, "nobody-at-all")
    both = _assigning(reader, nobody, permission="READ")
    assert _status(lambda: client.manage_registered_model_permission(platform, NAME, both)) == (
        400,
        "RelatedResourceNotAuthorizedOrNotFound",
    )
    assert len(client.list_registered_model_permissions(platform, NAME).data.items) == 3


def test_the_last_admin_may_be_revoked_and_administrators_remain(
    platform: str,
    owner: Person,
    guarded: Guarded,  # noqa: F811
    client_of: Callable[[Person], Any],
) -> None:
    client = client_of(owner)
    client.create_registered_model(platform, models.CreateRegisteredModelDetails(name=NAME))
    details = models.RevokeRegisteredModelPermissionDetails(assignees=_assignees(owner), permissions=["ADMIN"])
    revoking = models.ManageRegisteredModelPermissionDetails(revoke_registered_model_permission_details=details)
    client.manage_registered_model_permission(platform, NAME, revoking)
    assert _status(lambda: client.manage_registered_model_permission(platform, NAME, revoking))[0] == 403
    path = f"/20260430/aiDataPlatforms/{platform}/mlops/api/2.0/mlflow/registered-models"
    again = {"assignees": {"type": "USER", "targets": [owner.name]}, "permissions": ["ADMIN"]}
    body = {"assignRegisteredModelPermissionDetails": again}
    _root(guarded).ok("POST", f"{path}/{NAME}/actions/managePermission", body, status=204)
    client.manage_registered_model_permission(platform, NAME, revoking)
