"""MLflow's clients, with what people have: a token or a password."""

import warnings
from collections.abc import Callable, Iterator

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

from tests.identity.conftest import Guarded
from tests.identity.people import PASSWORD, Person

with warnings.catch_warnings():
    # It imports the server that it belongs to.
    warnings.simplefilter("ignore")
    from mlflow.server.auth.client import AuthServiceClient


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    yield
    mlflow.set_workspace(None)


def be(monkeypatch: pytest.MonkeyPatch, name: str, password: str = PASSWORD) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)


def test_mlflow_is_let_in_by_a_token(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", person.token())
    client = MlflowClient(person.url, person.url)
    run = client.create_run(client.create_experiment(f"{person.name}-token"))
    client.log_metric(run.info.run_id, "loss", 0.5)
    assert client.get_run(run.info.run_id).data.metrics == {"loss": 0.5}
    assert client.create_registered_model(f"{person.name}-token").name == f"{person.name}-token"


def test_mlflow_is_let_in_by_a_password_and_what_it_makes_has_its_name(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(monkeypatch, person.name)
    client = MlflowClient(person.url, person.url)
    client.create_registered_model(f"{person.name}-password")
    version = client.create_model_version(f"{person.name}-password", "s3://models/a")
    assert version.user_id == person.name


@pytest.mark.parametrize("password", ["", "wrong"])
def test_mlflow_is_refused_with_a_wrong_password(
    person: Person, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    be(monkeypatch, person.name, password)
    with pytest.raises(MlflowException, match="UNAUTHENTICATED"):
        MlflowClient(person.url, person.url).search_experiments()


def test_mlflow_is_refused_without_anything(guarded: Guarded) -> None:
    with pytest.raises(MlflowException, match="UNAUTHENTICATED"):
        MlflowClient(guarded.url, guarded.url).search_registered_models()


def test_mlflow_manages_users(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    be(monkeypatch, person.name)
    users, name = AuthServiceClient(person.url), f"{person.name}-made"
    made = users.create_user(name, "first-password")
    assert (made.username, made.is_admin) == (name, False)
    assert users.get_user(name).id == made.id
    users.update_user_password(name, "second-password")
    users.update_user_admin(name, True)
    assert users.get_user(name).is_admin
    be(monkeypatch, name, "second-password")
    users.update_user_password(name, "third-password", current_password="second-password")
    be(monkeypatch, name, "third-password")
    assert users.get_user(name).username == name
    be(monkeypatch, person.name)
    users.delete_user(name)
    with pytest.raises(RestException, match="does not exist"):
        users.get_user(name)


def test_mlflow_users_who_are_no_administrators_see_and_change_themselves_alone(
    new_person: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    person, other = new_person(is_administrator=False), new_person()
    be(monkeypatch, person.name)
    users = AuthServiceClient(person.url)
    assert users.get_user(person.name).username == person.name
    attempts: tuple[Callable[[], object], ...] = (
        lambda: users.get_user(other.name),
        lambda: users.create_user("x", "some-password"),
        lambda: users.update_user_password(other.name, "some-password"),
        lambda: users.update_user_admin(person.name, True),
        lambda: users.delete_user(person.name),
    )
    for refused in attempts:
        with pytest.raises(RestException, match="may not"):
            refused()
    with pytest.raises(RestException, match="current_password"):
        users.update_user_password(person.name, "some-password")


def test_mlflow_asks_who_it_is(new_person: Callable[..., Person]) -> None:
    person = new_person(is_administrator=False)
    own = person.with_header(f"Bearer {person.token()}")
    assert own.get("/api/2.0/mlflow/users/current")["user"]["username"] == person.name
    assert person.administrator.get("/ajax-api/2.0/mlflow/users/current")["user"]["is_admin"] is True
    listed = person.administrator.get("/api/2.0/mlflow/users/list")["users"]
    assert person.name in [user["username"] for user in listed]
