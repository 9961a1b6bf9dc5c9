"""MLflow's client on the prompts that a run used."""

import json

import pytest
from mlflow import MlflowClient


@pytest.fixture
def run(client: MlflowClient, name: str) -> str:
    """The id of a run of an experiment of the test's own."""
    run_id: str = client.create_run(client.create_experiment(f"of {name}")).info.run_id
    return run_id


def test_a_prompt_is_linked_to_a_run_by_a_tag_of_the_run(client: MlflowClient, run: str, name: str) -> None:
    version = client.register_prompt(name, "Say {{what}}.")
    client.link_prompt_version_to_run(run, version)
    linked = json.loads(client.get_run(run).data.tags["mlflow.linkedPrompts"])
    assert linked == [{"name": name, "version": "1"}]


def test_a_prompt_that_names_a_run_is_listed_until_it_is_detached(client: MlflowClient, run: str, name: str) -> None:
    client.register_prompt(name, "Say {{what}}.")
    client.set_prompt_version_tag(name, 1, "mlflow.prompt.associatedRunIds", run)
    (found,) = client.list_logged_prompts(run)
    assert (found.name, found.version, found.template) == (name, 1, "Say {{what}}.")
    client.detach_prompt_from_run(run, f"prompts:/{name}/1")
    assert list(client.list_logged_prompts(run)) == []
