"""MLflow's `AuthServiceClient`, unmodified, on permissions and roles."""

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.identity.conftest import Guarded
from tests.identity.people import PASSWORD, Person, basic
from tests.support.api import Api

if TYPE_CHECKING:
    from mlflow.server.auth.client import AuthServiceClient


@pytest.fixture
def log_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes MLflow's clients of this process send a user's name and password."""

    def send(name: str) -> None:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)

    return send


@pytest.fixture
def auth(guarded: Guarded, log_in: Callable[[str], None]) -> "AuthServiceClient":
    log_in("root")
    with warnings.catch_warnings():
        # It imports MLflow's own server, which uses what Starlette is about to drop.
        warnings.simplefilter("ignore")
        from mlflow.server.auth.client import AuthServiceClient
    return AuthServiceClient(guarded.url)


@pytest.fixture
def client(guarded: Guarded) -> Iterator[MlflowClient]:
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(guarded.url)
    mlflow.set_registry_uri(guarded.url)
    yield MlflowClient(guarded.url, guarded.url)
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


@pytest.fixture
def alma(new_person: Callable[..., Person]) -> Person:
    return new_person(is_administrator=False)


def _code(call: Callable[[], Any]) -> str:
    with pytest.raises(MlflowException) as caught:
        call()
    return str(caught.value.error_code)


def test_a_user_sees_changes_and_grants_as_it_was_granted(
    auth: "AuthServiceClient", client: MlflowClient, alma: Person, log_in: Callable[[str], None]
) -> None:
    model = f"model-{alma.name}"
    client.create_registered_model(model)
    log_in(alma.name)
    assert _code(lambda: client.get_registered_model(model)) == "RESOURCE_DOES_NOT_EXIST"
    for permission, changes in (("READ", False), ("EDIT", True)):
        log_in("root")
        auth.grant_user_permission(alma.name, "registered_model", model, permission)
        log_in(alma.name)
        assert client.get_registered_model(model).name == model
        found = auth.get_user_permission(alma.name, "registered_model", model)
        assert (found.allowed, found.permission) == (True, permission)
        if changes:
            client.update_registered_model(model, "mine")
        else:
            assert _code(lambda: client.update_registered_model(model, "mine")) == "PERMISSION_DENIED"
        assert (
            _code(lambda: auth.grant_user_permission(alma.name, "registered_model", model, "MANAGE"))
            == "PERMISSION_DENIED"
        )
    log_in("root")
    auth.revoke_user_permission(alma.name, "registered_model", model)
    found = auth.get_user_permission(alma.name, "registered_model", model)
    assert (found.allowed, found.permission) == (False, "NO_PERMISSIONS")
    assert _code(lambda: auth.revoke_user_permission(alma.name, "registered_model", model)) == (
        "RESOURCE_DOES_NOT_EXIST"
    )


def test_a_role_is_made_granted_something_and_given_to_users(
    auth: "AuthServiceClient", client: MlflowClient, alma: Person, log_in: Callable[[str], None]
) -> None:
    experiment = client.create_experiment(f"experiment-{alma.name}")
    role = auth.create_role("default", f"readers-{alma.name}", "They read.")
    assert auth.get_role(role.id).description == "They read."
    added = auth.add_role_permission(role.id, "experiment", experiment, "READ")
    assert (added.role_id, added.resource_pattern, added.permission) == (role.id, experiment, "READ")
    log_in(alma.name)
    assert _code(lambda: client.get_experiment(experiment)) == "RESOURCE_DOES_NOT_EXIST"
    log_in("root")
    assigned = auth.assign_role(alma.name, role.id)
    assert [(user.user_id, user.role_id) for user in auth.list_role_users(role.id)] == [(assigned.user_id, role.id)]
    log_in(alma.name)
    assert client.get_experiment(experiment).experiment_id == experiment
    assert [found.name for found in auth.list_user_roles(alma.name)] == [role.name]
    log_in("root")
    changed = auth.update_role_permission(added.id, "EDIT")
    assert (changed.id, changed.permission) == (added.id, "EDIT")
    assert [found.permission for found in auth.list_role_permissions(role.id)] == ["EDIT"]
    log_in(alma.name)
    client.set_experiment_tag(experiment, "k", "v")
    log_in("root")
    auth.remove_role_permission(added.id)
    log_in(alma.name)
    assert _code(lambda: client.get_experiment(experiment)) == "RESOURCE_DOES_NOT_EXIST"
    log_in("root")
    auth.unassign_role(alma.name, role.id)
    assert auth.list_user_roles(alma.name) == []
    assert auth.update_role(role.id, description="Nobody.").description == "Nobody."
    assert role.id in [found.id for found in auth.list_roles("default")]
    assert role.id in [found.id for found in auth.list_all_roles()]
    auth.delete_role(role.id)
    assert _code(lambda: auth.get_role(role.id)) == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(
    ("kind", "pattern", "permission"),
    [
        ("experiment", "*", "READ"),
        ("run", "*", "READ"),
        ("scorer", "s", "READ"),
        ("gateway_secret", "s", "READ"),
        ("workspace", "0", "READ"),
        ("experiment", "0", "DENY"),
        ("experiment", "0", "OWN"),
    ],
)
def test_what_has_no_counterpart_here_is_refused(
    auth: "AuthServiceClient", alma: Person, kind: str, pattern: str, permission: str
) -> None:
    call = lambda: auth.grant_user_permission(alma.name, kind, pattern, permission)  # noqa: E731
    assert _code(call) == "INVALID_PARAMETER_VALUE"


def test_a_whole_workspace_is_the_platform(
    auth: "AuthServiceClient", client: MlflowClient, alma: Person, log_in: Callable[[str], None]
) -> None:
    model = f"whole-{alma.name}"
    client.create_registered_model(model)
    auth.grant_user_permission(alma.name, "workspace", "*", "USE")
    log_in(alma.name)
    assert client.get_registered_model(model).name == model
    log_in("root")
    auth.revoke_user_permission(alma.name, "workspace", "*")


def test_older_clients_manage_one_user_on_one_resource(
    guarded: Guarded,
    client: MlflowClient,
    alma: Person,
    log_in: Callable[[str], None],
) -> None:
    log_in("root")
    model, experiment = f"older-{alma.name}", client.create_experiment(f"older-{alma.name}")
    client.create_registered_model(model)
    api = Api(guarded.url, "/api/2.0/mlflow", {"authorization": basic("root")})
    for resource, named in (("registered-models", {"name": model}), ("experiments", {"experiment_id": experiment})):
        wrapped = {"registered-models": "registered_model_permission", "experiments": "experiment_permission"}[resource]
        of = {**named, "username": alma.name}
        path = f"{resource}/permissions"
        made = api.ok("POST", f"{path}/create", {**of, "permission": "NO_PERMISSIONS"})
        assert made[wrapped]["permission"] == "NO_PERMISSIONS"
        assert api.call("POST", f"{path}/create", {**of, "permission": "READ"}).status == 400
        api.ok("PATCH", f"{path}/update", {**of, "permission": "MANAGE"})
        assert api.get(f"{path}/get", **of)[wrapped]["permission"] == "MANAGE"
        api.ok("DELETE", f"{path}/delete", of)
        assert api.call("GET", f"{path}/get", query=of).status == 404


def test_what_was_granted_is_listed_with_its_role(
    auth: "AuthServiceClient",
    client: MlflowClient,
    alma: Person,
    guarded: Guarded,
) -> None:
    model = f"listed-{alma.name}"
    client.create_registered_model(model)
    auth.grant_user_permission(alma.name, "registered_model", model, "READ")
    api = Api(guarded.url, "/api/3.0/mlflow", {"authorization": basic(alma.name)})
    own = api.get("users/current/permissions")
    (grant,) = own["permissions"]
    assert (own["is_admin"], grant["resource_pattern"], grant["permission"]) == (False, model, "READ")
    assert grant["role_name"] == f"__user_{grant['role_id']}__"
    assert api.get("users/permissions/list", username=alma.name) == own
    assert api.call("GET", "users/permissions/list", query={"username": "root"}).status == 403
