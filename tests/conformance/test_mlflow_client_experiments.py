"""MLflow's client on experiments, at each URL that it can be pointed to."""

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException, RestException


@pytest.fixture
def experiment(client: MlflowClient, name: str) -> str:
    """The id of an experiment with a tag."""
    experiment_id: str = client.create_experiment(name, tags={"team": "risk"})
    return experiment_id


def test_a_created_experiment_is_got_by_its_id_and_by_its_name(client: MlflowClient, name: str) -> None:
    created = client.create_experiment(name, "s3://lake/payments", {"team": "risk", "tier": "1"})
    found = client.get_experiment(created)
    assert (found.experiment_id, found.name, found.artifact_location) == (created, name, "s3://lake/payments")
    assert (found.lifecycle_stage, found.tags) == ("active", {"team": "risk", "tier": "1"})
    assert 0 < found.creation_time == found.last_update_time
    assert dict(client.get_experiment_by_name(name)) == dict(found)


def test_an_experiment_that_is_not_there_is_none_by_name_and_an_error_by_id(client: MlflowClient, name: str) -> None:
    assert client.get_experiment_by_name(name) is None
    with pytest.raises(RestException) as caught:
        client.get_experiment("987654321")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_experiment_0_is_there_from_the_start(client: MlflowClient) -> None:
    assert client.get_experiment("0").name == "Default"
    assert client.get_experiment_by_name("Default").experiment_id == "0"


def test_an_experiment_is_renamed(client: MlflowClient, name: str, experiment: str) -> None:
    client.rename_experiment(experiment, f"{name}-new")
    assert client.get_experiment(experiment).name == f"{name}-new"
    assert client.get_experiment_by_name(name) is None


def test_a_deleted_experiment_is_restored_with_its_runs(client: MlflowClient, experiment: str) -> None:
    run = client.create_run(experiment).info.run_id
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    assert client.get_run(run).info.lifecycle_stage == "active"


def test_tags_of_an_experiment_are_set_and_deleted(client: MlflowClient, experiment: str) -> None:
    client.set_experiment_tag(experiment, "tier", 1)
    client.delete_experiment_tag(experiment, "team")
    assert client.get_experiment(experiment).tags == {"tier": "1"}


def test_experiments_are_searched_by_pages_filter_and_order(client: MlflowClient, name: str) -> None:
    for number in range(5):
        client.create_experiment(f"{name}-{number}", tags={"even": str(number % 2 == 0)})
    found, token = [], None
    while token != "":
        page = client.search_experiments(
            filter_string=f"name LIKE '{name}-%' AND tags.even = 'True'",
            max_results=2,
            order_by=["name DESC"],
            page_token=token,
        )
        found += [experiment.name for experiment in page]
        token = page.token or ""
    assert found == [f"{name}-4", f"{name}-2", f"{name}-0"]


@pytest.mark.parametrize(
    ("view", "found"), [(ViewType.ACTIVE_ONLY, [0]), (ViewType.DELETED_ONLY, [1]), (ViewType.ALL, [0, 1])]
)
def test_a_search_sees_active_or_deleted_experiments_or_both(
    client: MlflowClient, name: str, view: int, found: list[int]
) -> None:
    ids = [client.create_experiment(f"{name}-{number}") for number in range(2)]
    client.delete_experiment(ids[1])
    page = client.search_experiments(view_type=view, filter_string=f"name LIKE '{name}-%'", order_by=["name"])
    assert [experiment.experiment_id for experiment in page] == [ids[number] for number in found]


def test_a_name_that_is_taken_is_told_as_mlflow_tells_it(client: MlflowClient, name: str, experiment: str) -> None:
    with pytest.raises(RestException, match=f"Experiment\\(name={name}\\) already exists") as caught:
        client.create_experiment(name)
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_a_deleted_experiment_is_not_written_to(client: MlflowClient, experiment: str) -> None:
    client.delete_experiment(experiment)
    with pytest.raises(MlflowException) as caught:
        client.create_run(experiment)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
