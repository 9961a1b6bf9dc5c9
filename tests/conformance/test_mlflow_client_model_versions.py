"""MLflow's client on model versions, at each URL that it can be pointed to."""

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

stages = pytest.mark.filterwarnings("ignore:.*[Mm]odel registry stages will be removed:FutureWarning")


@pytest.fixture
def model(client: MlflowClient, name: str) -> str:
    """A model with two versions."""
    client.create_registered_model(name)
    for number in (1, 2):
        client.create_model_version(name, f"s3://models/{number}", run_id=f"{name}-{number}", tags={"trial": number})
    return name


def test_a_created_version_is_got(client: MlflowClient, name: str) -> None:
    client.create_registered_model(name)
    created = client.create_model_version(
        name,
        "s3://models/scorer",
        run_id="0123456789abcdef",
        tags={"team": "risk", "tier": 1},
        run_link="https://runs.example/1",
        description="The first.",
        model_id="m-1",
    )
    found = client.get_model_version(name, "1")
    assert dict(found) | {"deployment_job_state": None} == dict(created) | {"deployment_job_state": None}
    assert (found.name, found.version, found.status, found.current_stage) == (name, "1", "READY", "None")
    assert (found.source, found.run_id) == ("s3://models/scorer", "0123456789abcdef")
    assert (found.run_link, found.description) == ("https://runs.example/1", "The first.")
    assert (found.tags, found.aliases, found.user_id) == ({"team": "risk", "tier": "1"}, [], "anonymous")
    assert 0 < found.creation_timestamp == found.last_updated_timestamp
    assert found.deployment_job_state.job_state == "NOT_SET_UP"


def test_versions_are_numbered_one_after_the_other(client: MlflowClient, model: str) -> None:
    assert client.create_model_version(model, "s3://models/3").version == "3"


def test_the_description_of_a_version_is_updated(client: MlflowClient, model: str) -> None:
    assert client.update_model_version(model, "1", "Retrained.").description == "Retrained."
    assert client.get_model_version(model, "1").description == "Retrained."


def test_tags_of_a_version_are_set_and_deleted(client: MlflowClient, model: str) -> None:
    client.set_model_version_tag(model, "1", "tier", 1)
    client.delete_model_version_tag(model, "1", "trial")
    assert client.get_model_version(model, "1").tags == {"tier": "1"}


@stages
def test_tags_of_the_version_in_a_stage_are_set_and_deleted(client: MlflowClient, model: str) -> None:
    client.transition_model_version_stage(model, "1", "Staging")
    client.set_model_version_tag(model, key="tier", value=1, stage="Staging")
    client.delete_model_version_tag(model, key="trial", stage="Staging")
    assert client.get_model_version(model, "1").tags == {"tier": "1"}


def test_a_deleted_version_is_gone_with_the_aliases_that_point_to_it(client: MlflowClient, model: str) -> None:
    client.set_registered_model_alias(model, "champion", "2")
    client.delete_model_version(model, "2")
    assert [version.version for version in client.search_model_versions(f"name = '{model}'")] == ["1"]
    assert client.get_registered_model(model).aliases == {}
    with pytest.raises(RestException) as caught:
        client.get_model_version(model, "2")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_the_artifacts_of_a_version_have_an_address(client: MlflowClient, model: str) -> None:
    assert client.get_model_version_download_uri(model, "2") == "s3://models/2"


@stages
def test_a_version_is_moved_to_a_stage_and_its_predecessor_archived(client: MlflowClient, model: str) -> None:
    client.transition_model_version_stage(model, "1", "Production")
    moved = client.transition_model_version_stage(model, "2", "production", archive_existing_versions=True)
    assert moved.current_stage == "Production"
    assert client.get_model_version(model, "1").current_stage == "Archived"
    assert client.get_model_version_stages(model, "1") == ["None", "Staging", "Production", "Archived"]


@stages
def test_the_latest_version_of_each_stage_is_got(client: MlflowClient, model: str) -> None:
    client.create_model_version(model, "s3://models/3")
    client.transition_model_version_stage(model, "1", "Production")

    def latest(stages: list[str] | None = None) -> set[str]:
        return {version.version for version in client.get_latest_versions(model, stages)}

    assert latest() == {"1", "3"}
    assert latest(["Production"]) == {"1"}
    assert latest(["Staging"]) == set()


def test_versions_are_searched_by_pages_filter_and_order(client: MlflowClient, model: str) -> None:
    for number in (3, 4, 5):
        client.create_model_version(model, f"s3://models/{number}", tags={"trial": 2})
    found, token = [], None
    while token != "":
        page = client.search_model_versions(
            f"name = '{model}' AND tags.trial = '2'",
            max_results=3,
            order_by=["version_number ASC"],
            page_token=token,
        )
        found += [version.version for version in page]
        token = page.token or ""
    assert found == ["2", "3", "4", "5"]
    assert [version.version for version in client.search_model_versions(f"run_id = '{model}-1'")] == ["1"]


def test_a_version_is_copied_to_another_model_with_what_it_came_from(client: MlflowClient, model: str) -> None:
    client.set_registered_model_alias(model, "champion", "2")
    for source in (f"models:/{model}/2", f"models:/{model}@champion"):
        copied = client.copy_model_version(source, f"{model}-live")
        assert (copied.source, copied.run_id, copied.tags) == (f"models:/{model}/2", f"{model}-2", {"trial": "2"})
        assert client.get_model_version_download_uri(copied.name, copied.version) == "s3://models/2"
    assert copied.version == "2"


def test_a_source_that_is_a_local_path_is_refused(client: MlflowClient, model: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.create_model_version(model, "/etc")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_name_has_any_characters_but_slash_and_colon(client: MlflowClient, name: str) -> None:
    name = f"{name} Zähler & Söhne + 100% = 数?#;"
    client.create_registered_model(name)
    client.create_model_version(name, "s3://models/1")
    client.set_registered_model_alias(name, "champion", "1")
    assert client.get_model_version_by_alias(name, "champion").name == name
    assert [version.name for version in client.search_model_versions(f"name = '{name}'")] == [name]


def test_versions_are_ordered_by_more_than_one_column(client: MlflowClient, model: str) -> None:
    client.copy_model_version(f"models:/{model}/1", f"{model}-b")
    found = client.search_model_versions(f"name LIKE '{model}%'", order_by=["name DESC", "version_number ASC"])
    assert [(version.name, version.version) for version in found] == [
        (f"{model}-b", "1"),
        (model, "1"),
        (model, "2"),
    ]
