"""MLflow's client on registered models, at each URL that it can be pointed to."""

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException


@pytest.fixture
def model(client: MlflowClient, name: str) -> str:
    """A model with a tag."""
    client.create_registered_model(name, {"team": "risk"}, "Scores payments.")
    return name


def test_a_created_model_is_got(client: MlflowClient, name: str) -> None:
    created = client.create_registered_model(name, {"team": "risk", "tier": 1}, "Scores payments.")
    found = client.get_registered_model(name)
    assert dict(found) == dict(created)
    assert (found.name, found.description, found.tags) == (name, "Scores payments.", {"team": "risk", "tier": "1"})
    assert (found.aliases, found.latest_versions) == ({}, [])
    assert 0 < found.creation_timestamp == found.last_updated_timestamp
    assert found.deployment_job_state == "NOT_SET_UP"


def test_the_description_of_a_model_is_updated(client: MlflowClient, model: str) -> None:
    updated = client.update_registered_model(model, "Scores refunds.")
    assert updated.description == "Scores refunds."
    assert client.get_registered_model(model).description == "Scores refunds."


def test_a_model_is_renamed_with_its_versions(client: MlflowClient, model: str) -> None:
    client.create_model_version(model, "s3://models/1")
    client.rename_registered_model(model, f"{model}-new")
    assert client.get_registered_model(f"{model}-new").latest_versions[0].name == f"{model}-new"
    with pytest.raises(MlflowException) as caught:
        client.get_registered_model(model)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_deleted_model_is_gone(client: MlflowClient, model: str) -> None:
    client.delete_registered_model(model)
    assert list(client.search_registered_models(f"name = '{model}'")) == []


def test_tags_of_a_model_are_set_and_deleted(client: MlflowClient, model: str) -> None:
    client.set_registered_model_tag(model, "tier", 1)
    client.delete_registered_model_tag(model, "team")
    assert client.get_registered_model(model).tags == {"tier": "1"}


def test_models_are_searched_by_pages_filter_and_order(client: MlflowClient, name: str) -> None:
    for number in range(5):
        client.create_registered_model(f"{name}-{number}", {"even": number % 2 == 0})
    found, token = [], None
    while token != "":
        page = client.search_registered_models(
            f"name LIKE '{name}-%' AND tags.even = 'True'",
            max_results=2,
            order_by=["name DESC"],
            page_token=token,
        )
        found += [model.name for model in page]
        token = page.token or ""
    assert found == [f"{name}-4", f"{name}-2", f"{name}-0"]


def test_an_alias_names_one_version_until_it_is_moved_or_deleted(client: MlflowClient, model: str) -> None:
    for _ in range(2):
        client.create_model_version(model, "s3://models/1")
    client.set_registered_model_alias(model, "champion", "1")
    assert client.get_model_version_by_alias(model, "champion").version == "1"
    client.set_registered_model_alias(model, "champion", "2")
    assert client.get_model_version_by_alias(model, "champion").aliases == ["champion"]
    assert client.get_registered_model(model).aliases == {"champion": "2"}
    client.delete_registered_model_alias(model, "champion")
    assert client.get_model_version(model, "2").aliases == []


def test_an_alias_that_is_not_there_is_told_as_mlflow_tells_it(client: MlflowClient, model: str) -> None:
    with pytest.raises(RestException, match=f"Registered model alias champion of '{model}' not found") as caught:
        client.get_model_version_by_alias(model, "champion")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_name_that_is_taken_is_told_as_mlflow_tells_it(client: MlflowClient, model: str) -> None:
    with pytest.raises(RestException) as caught:
        client.create_registered_model(model)
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_a_name_that_breaks_the_rules_is_told_as_mlflow_tells_it(client: MlflowClient) -> None:
    with pytest.raises(RestException) as caught:
        client.create_registered_model("a/b")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
