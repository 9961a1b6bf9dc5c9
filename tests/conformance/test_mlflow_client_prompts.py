"""MLflow's client on prompts, which it keeps in the registry, at each URL that it can be pointed to."""

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


@pytest.fixture
def prompt(client: MlflowClient, name: str) -> str:
    """A prompt with two versions."""
    client.register_prompt(name, "Hello, {{who}}.", "The first.", {"tone": "plain"})
    client.register_prompt(name, "Good day, {{who}}.", "Politer.")
    return name


def test_a_registered_prompt_is_loaded_and_filled(client: MlflowClient, prompt: str) -> None:
    first = client.load_prompt(prompt, version=1)
    assert (first.version, first.template, first.commit_message) == (1, "Hello, {{who}}.", "The first.")
    assert first.tags == {"tone": "plain"}
    assert client.load_prompt(f"prompts:/{prompt}/2").format(who="Ada") == "Good day, Ada."
    assert client.load_prompt(f"prompts:/{prompt}@latest").version == 2


def test_a_chat_prompt_keeps_its_format_and_its_model_s_settings(client: MlflowClient, name: str) -> None:
    client.register_prompt(
        name,
        [{"role": "user", "content": "Greet {{who}}."}],
        response_format={"type": "object"},
        model_config={"temperature": 0.5},
    )
    found = client.load_prompt(name, version=1)
    assert found.format(who="Ada") == [{"role": "user", "content": "Greet Ada."}]
    assert (found.response_format, found.model_config["temperature"]) == ({"type": "object"}, 0.5)


def test_a_prompt_and_its_versions_are_created_one_by_one(client: MlflowClient, name: str) -> None:
    client.create_prompt(name, "Greets.", {"team": "desk"})
    created = client.create_prompt_version(name, "Hello, {{who}}.", "The first.", {"tone": "plain"})
    found = client.get_prompt(name)
    assert (created.version, found.description, found.tags) == (1, "Greets.", {"team": "desk"})
    version = client.get_prompt_version(name, "1")
    assert (version.template, version.commit_message) == ("Hello, {{who}}.", "The first.")


def test_an_alias_of_a_prompt_names_one_version_until_it_is_deleted(client: MlflowClient, prompt: str) -> None:
    client.set_prompt_alias(prompt, "live", 1)
    assert client.get_prompt_version_by_alias(prompt, "live").version == 1
    assert client.load_prompt(f"prompts:/{prompt}@live", cache_ttl_seconds=0).version == 1
    client.delete_prompt_alias(prompt, "live")
    with pytest.raises(MlflowException, match="Prompt alias live of"):
        client.get_prompt_version_by_alias(prompt, "live")


def test_a_prompt_that_is_not_there_is_none_where_that_is_allowed(client: MlflowClient, name: str) -> None:
    assert client.get_prompt(name) is None
    assert client.load_prompt(f"prompts:/{name}/1", allow_missing=True) is None
    with pytest.raises(MlflowException) as caught:
        client.load_prompt(f"prompts:/{name}/1")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_tags_of_a_prompt_are_set_and_deleted(client: MlflowClient, prompt: str) -> None:
    client.set_prompt_tag(prompt, "team", "desk")
    assert client.get_prompt(prompt).tags["team"] == "desk"
    client.delete_prompt_tag(prompt, "team")
    assert "team" not in client.get_prompt(prompt).tags


def test_tags_of_a_prompt_s_version_are_set_and_deleted(client: MlflowClient, prompt: str) -> None:
    client.set_prompt_version_tag(prompt, 1, "tier", "1")
    assert client.get_prompt_version(prompt, 1).tags == {"tone": "plain", "tier": "1"}
    client.delete_prompt_version_tag(prompt, 1, "tier")
    assert client.get_prompt_version(prompt, 1).tags == {"tone": "plain"}


def test_prompts_and_models_are_searched_apart(client: MlflowClient, prompt: str) -> None:
    client.create_registered_model(f"{prompt}-model")
    assert [found.name for found in client.search_prompts(f"name LIKE '{prompt}%'")] == [prompt]
    models = client.search_registered_models(f"name LIKE '{prompt}%'")
    assert [found.name for found in models] == [f"{prompt}-model"]


def test_the_versions_of_a_prompt_are_searched(client: MlflowClient, prompt: str) -> None:
    assert [version.version for version in client.search_prompt_versions(prompt)] == [2, 1]


def test_a_deleted_version_of_a_prompt_is_gone(client: MlflowClient, prompt: str) -> None:
    client.delete_prompt_version(prompt, "1")
    assert [version.version for version in client.search_prompt_versions(prompt)] == [2]


def test_a_deleted_prompt_is_gone(client: MlflowClient, prompt: str) -> None:
    client.delete_prompt(prompt)
    assert client.get_prompt(prompt) is None


def test_the_address_of_a_prompt_is_read(client: MlflowClient) -> None:
    assert client.parse_prompt_uri("prompts:/greeting/3") == ("greeting", "3")


def test_a_prompt_is_not_shown_as_a_model(client: MlflowClient, prompt: str) -> None:
    with pytest.raises(MlflowException, match="not found"):
        client.get_registered_model(prompt)
