"""Prompts, which MLflow keeps as registered models with a tag of their own: left out unless a search asks for them."""

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID

PROMPT = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
IS_PROMPT = "tags.`mlflow.prompt.is_prompt`"


@pytest.fixture
def prompt(oracle_api: Api, model: str) -> str:
    """A prompt with one version, beside a model with one."""
    oracle_api.post("registered-models/create", name="greeting", tags=PROMPT)
    oracle_api.post("model-versions/create", name="greeting", source="prompt-template", tags=PROMPT)
    oracle_api.post("model-versions/create", name=model, source="s3://b/k")
    return "greeting"


def _names(api: Api, resource: str, **search: str) -> list[str]:
    (found,) = api.get(f"{resource}/search", **search).values()
    return [one["name"] for one in found]


@pytest.mark.parametrize("resource", ["registered-models", "model-versions"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["churn"]),
        ("name LIKE '%'", ["churn"]),
        (f"{IS_PROMPT} = 'false'", ["churn"]),
        (f"{IS_PROMPT} != 'true'", ["churn"]),
        (f"{IS_PROMPT} = 'true'", ["greeting"]),
        (f"{IS_PROMPT} = 'True'", ["greeting"]),
        (f"{IS_PROMPT} != 'false'", ["greeting"]),
        (f"name = 'greeting' AND {IS_PROMPT} = 'true'", ["greeting"]),
        (f"name = 'churn' AND {IS_PROMPT} = 'true'", []),
        ("name = 'greeting'", []),
    ],
)
def test_a_search_finds_prompts_or_models_never_both(
    oracle_api: Api, prompt: str, resource: str, text: str, found: list[str]
) -> None:
    assert _names(oracle_api, resource, filter=text) == found


def test_a_prompt_is_got_by_its_name_like_any_model(oracle_api: Api, prompt: str) -> None:
    assert oracle_api.get("registered-models/get", name=prompt)["registered_model"]["tags"] == PROMPT
    assert oracle_api.get("model-versions/get", name=prompt, version="1")["model_version"]["tags"] == PROMPT


def test_a_version_of_a_prompt_is_one_even_without_the_tag(oracle_api: Api, prompt: str) -> None:
    oracle_api.post("model-versions/create", name=prompt, source="s3://b/k")
    assert _names(oracle_api, "model-versions", filter=f"{IS_PROMPT} = 'true'") == [prompt, prompt]
    assert _names(oracle_api, "model-versions") == ["churn"]


def test_a_model_becomes_a_prompt_and_a_model_again_with_the_tag(oracle_api: Api, model: str) -> None:
    oracle_api.post("registered-models/set-tag", name=model, **PROMPT[0])
    assert _names(oracle_api, "registered-models") == []
    assert _names(oracle_api, "registered-models", filter=f"{IS_PROMPT} = 'true'") == [model]
    oracle_api.post("registered-models/delete-tag", name=model, key=PROMPT[0]["key"])
    assert _names(oracle_api, "registered-models") == [model]


@pytest.mark.parametrize("source", ["dummy-source", "prompt-template"])
def test_a_prompts_source_is_a_placeholder(oracle_api: Api, prompt: str, source: str) -> None:
    created = oracle_api.post("model-versions/create", name=prompt, source=source, tags=PROMPT)["model_version"]
    assert (created["version"], created["source"]) == ("2", source)


@pytest.mark.parametrize("source", ["s3://b/k", "/etc/passwd", "dummy-source/", "models:/churn/1", "runs:/r1/a"])
def test_a_prompt_has_no_other_source(oracle_api: Api, prompt: str, source: str) -> None:
    answer = oracle_api.call("POST", "model-versions/create", {"name": prompt, "source": source, "tags": PROMPT})
    assert answer.error == INVALID
    assert "'source'" in answer.body["message"]


@pytest.mark.parametrize("source", ["dummy-source", "prompt-template"])
def test_a_placeholder_is_no_source_of_a_model(oracle_api: Api, model: str, source: str) -> None:
    answer = oracle_api.call("POST", "model-versions/create", {"name": model, "source": source})
    assert answer.error == INVALID
    assert "'source'" in answer.body["message"]


def test_a_prompt_is_no_source_of_a_model(oracle_api: Api, model: str, prompt: str) -> None:
    answer = oracle_api.call("POST", "model-versions/create", {"name": model, "source": f"models:/{prompt}/1"})
    assert answer.error == INVALID
    assert "'source'" in answer.body["message"]
