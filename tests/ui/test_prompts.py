"""Prompts: the list of them, a prompt with its versions, what a version says, and what changed between two."""

import itertools

import pytest
from mlflow import MlflowClient
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.server import RunningServer
from tests.ui.tracked import HOSTILE

_TEXT = "Answer in {{ language }}.\nBe short.\nSign as {{ agent.name }}."
_counter = itertools.count(1)


def _keep(api: Api, name: str, text: str, **tags: str) -> None:
    """A further version, as MLflow's client keeps one."""
    given = {"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": text, **tags}
    api.post(
        "model-versions/create",
        name=name,
        source="dummy-source",
        tags=[{"key": key, "value": value} for key, value in given.items()],
    )


@pytest.fixture
def prompt(oracle_api: Api) -> str:
    """A prompt with two versions, beside a model."""
    name = f"support-{next(_counter)}"
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "team", "value": "care"}]
    oracle_api.post("registered-models/create", name=name, tags=tags, description="How we **answer**.")
    _keep(oracle_api, name, _TEXT, tone="plain")
    _keep(oracle_api, name, _TEXT.replace("short", "kind"), tone="warm")
    oracle_api.post("registered-models/alias", name=name, alias="production", version="1")
    oracle_api.post("registered-models/create", name="churn")
    return name


def test_a_prompt_is_found_and_opened(visitor: Visitor, pages: str, prompt: str) -> None:
    page = visitor.open(f"{pages}/models")
    expect(page.get_by_role("rowheader")).to_have_text(["churn"])
    page.get_by_role("link", name="Prompts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Prompts")
    expect(page.get_by_role("rowheader")).to_have_text([prompt])
    expect(page.get_by_role("row").nth(1)).to_contain_text("@production")
    assert page.get_by_text("mlflow.prompt").count() == 0
    visitor.check_accessibility()
    page.get_by_label("Search prompts").fill("nothing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No prompt matches")).to_be_visible()
    page.get_by_label("Search prompts").fill("tags.team = 'care'")
    page.keyboard.press("Enter")
    page.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(prompt)
    expect(page.get_by_role("link", name="Prompts").first).to_have_attribute("aria-current", "page")


def test_a_prompt_shows_its_versions_by_their_text(visitor: Visitor, pages: str, prompt: str) -> None:
    page = visitor.open(f"{pages}/models/{prompt}")
    expect(page.locator("#versions").get_by_role("rowheader")).to_have_text(["v2", "v1"])
    expect(page.locator("#versions tbody tr").first).to_contain_text("Answer in {{ language }}. Be kind.")
    assert page.get_by_role("link", name="Register version").count() == 0
    assert page.get_by_label("Stage").count() == 0
    assert page.get_by_text("mlflow.prompt").count() == 0
    visitor.check_accessibility()
    page.get_by_label("Search versions").fill("be short")
    page.keyboard.press("Enter")
    expect(page.locator("#versions").get_by_role("rowheader")).to_have_text(["v1"])
    expect(page.locator("#versions tbody tr")).to_contain_text("@production")
    page.get_by_role("link", name="v1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("version 1")


def test_a_version_shows_its_text_its_variables_and_how_to_load_it(visitor: Visitor, pages: str, prompt: str) -> None:
    page = visitor.open(f"{pages}/models/{prompt}/versions/1")
    assert page.locator("#text pre").inner_text() == _TEXT
    expect(page.locator("#text mark")).to_have_text(["{{ language }}", "{{ agent.name }}"])
    expect(page.locator("#text header code")).to_have_text(["language", "agent.name"])
    expect(page.locator("code.python").first).to_contain_text(f'load_prompt("prompts:/{prompt}@production")')
    assert page.get_by_text("dummy-source").count() == 0
    expect(page.locator("#tags .pair")).to_have_text(["toneplain"])
    visitor.check_accessibility()
    visitor.check_width()
    page.get_by_text("Set an alias").click()
    page.locator("#f-alias").fill("staging")
    page.get_by_role("button", name="Set alias").click()
    expect(page.get_by_role("status")).to_contain_text("staging now names this version")


def test_two_versions_are_compared_line_by_line(visitor: Visitor, pages: str, prompt: str, oracle_api: Api) -> None:
    page = visitor.open(f"{pages}/models/{prompt}")
    for version in ("1", "2"):
        page.get_by_label(f"Compare version {version}").check()
    page.get_by_role("button", name="Compare ticked").click()
    page.get_by_label("Versions").fill("1,2")
    page.get_by_role("button", name="Compare").click()
    changes = page.get_by_role("region", name="Differences")
    expect(changes.locator("del")).to_have_text(["Be short."])
    expect(changes.locator("ins")).to_have_text(["Be kind."])
    expect(changes.locator("span")).to_have_text(["Answer in {{ language }}.", "Sign as {{ agent.name }}."])
    expect(page.get_by_role("row", name="tone")).to_contain_text("warm")
    assert page.get_by_text("mlflow.prompt").count() == 0
    visitor.check_accessibility()
    _keep(oracle_api, prompt, _TEXT)
    visitor.open(f"{pages}/models/{prompt}/compare?versions=1,3")
    expect(page.get_by_text("They are the same.")).to_be_visible()


def test_what_mlflows_client_registers_is_shown(visitor: Visitor, server: RunningServer, platform: str) -> None:
    chat = [{"role": "system", "content": "You are {{ who }}."}, {"role": "user", "content": "{{ question }}"}]
    name = f"chat-{next(_counter)}"
    uri = f"{server.url}/20260430/aiDataPlatforms/{platform}/workspaces/default/mlops"
    MlflowClient(uri, uri).register_prompt(name, template=chat, commit_message="First **try**.", tags={"task": "chat"})
    page = visitor.open(f"/p/{platform}/models/{name}/versions/1")
    expect(page.locator("#text h3")).to_have_text(["system", "user"])
    expect(page.locator("#text pre")).to_have_text(["You are {{ who }}.", "{{ question }}"])
    expect(page.locator("#description")).to_contain_text("First try.")
    visitor.check_accessibility()


def test_a_prompt_is_deleted_once_its_name_is_typed(visitor: Visitor, pages: str, prompt: str) -> None:
    page = visitor.open(f"{pages}/models/{prompt}")
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Type the name").fill(prompt)
    page.get_by_role("button", name="Delete the prompt").click()
    expect(page.get_by_role("status")).to_contain_text(f"The prompt {prompt} was deleted")
    expect(page.get_by_role("heading", name="No prompts yet")).to_be_visible()
    visitor.check_accessibility()


def test_texts_of_prompts_are_shown_as_texts(visitor: Visitor, pages: str, oracle_api: Api) -> None:
    hostile = {"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "note", "value": HOSTILE}
    name = HOSTILE.replace("/", "").replace(":", "")
    oracle_api.post("registered-models/create", name=name, tags=list(hostile), description=HOSTILE)
    config = {"_mlflow_prompt_response_format": HOSTILE, "_mlflow_prompt_model_config": f'{{"a": "{HOSTILE[:8]}"}}'}
    _keep(oracle_api, name, f"{HOSTILE}\n{{{{ a }}}}", **config)
    message = '[{"role": "<b>x</b>", "content": ["<img src=x onerror=alert(1)>"]}, {"content": 1}]'
    _keep(oracle_api, name, message, _mlflow_prompt_type="chat")
    page = visitor.open(f"{pages}/prompts")
    page.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    address = page.url
    for path in ("", "/versions/1", "/versions/2", "/compare?versions=1,2", "/versions/1/delete", "/delete"):
        visitor.open(address + path)
        assert page.locator("main img[src='x'], main script, main b b").count() == 0, path
        visitor.check_width()


def test_a_long_text_is_cut_and_says_so(visitor: Visitor, pages: str, oracle_api: Api, prompt: str) -> None:
    _keep(oracle_api, prompt, "word " * 9_000)
    page = visitor.open(f"{pages}/models/{prompt}/versions/3")
    expect(page.get_by_text("5,000 more characters are left out here")).to_be_visible()
    assert len(page.content()) < 100_000


def test_a_prompt_is_made_written_and_written_anew(
    visitor: Visitor, server: RunningServer, pages: str, platform: str
) -> None:
    page = visitor.open(f"{pages}/prompts")
    page.get_by_role("link", name="New prompt").click()
    page.get_by_label("Name").fill("greeting")
    page.get_by_label("Tags").fill("team: care")
    page.get_by_role("button", name="Create prompt").click()
    expect(page.get_by_role("status")).to_contain_text("Write its first text.")
    visitor.check_accessibility()
    page.get_by_label("Text").fill("Greet {{ name }}.")
    page.get_by_label("What changed").fill("the first")
    page.get_by_label("Tags").fill("tone: plain")
    page.get_by_role("button", name="Write version").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("greeting version 1")
    expect(page.locator(".said")).to_have_text("Greet {{ name }}.")
    page.get_by_role("link", name="greeting").click()
    page.get_by_role("link", name="Write version").click()
    expect(page.get_by_label("Text")).to_have_value("Greet {{ name }}.")
    page.get_by_label("Text").fill("Greet {{ name }} in {{ language }}.")
    page.get_by_role("button", name="Write version").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("greeting version 2")
    uri = f"{server.url}/20260430/aiDataPlatforms/{platform}/workspaces/default/mlops"
    client = MlflowClient(uri, uri)
    first, second = (client.get_prompt_version("greeting", number) for number in ("1", "2"))
    assert (first.template, first.commit_message, first.tags) == ("Greet {{ name }}.", "the first", {"tone": "plain"})
    assert second.format(name="Ann", language="French") == "Greet Ann in French."
    assert [found.name for found in client.search_prompts()] == ["greeting"]


def test_a_chat_is_written_as_one_and_keeps_what_it_asks_of_the_model(
    visitor: Visitor, pages: str, prompt: str, oracle_api: Api
) -> None:
    facts = {"_mlflow_prompt_response_format": '{"type": "string"}', "_mlflow_prompt_type": "chat"}
    _keep(oracle_api, prompt, '[{"role": "user", "content": "{{ ticket }}"}]', **facts)
    page = visitor.open(f"{pages}/models/{prompt}/write")
    expect(page.get_by_label("Kind")).to_have_value("chat")
    page.get_by_label("Text").fill("no chat")
    page.get_by_role("button", name="Write version").click()
    expect(page.get_by_role("alert")).to_contain_text("a chat is a JSON list of messages with role and content")
    expect(page.get_by_label("Text")).to_have_value("no chat")
    page.get_by_label("Text").fill(
        '[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "{{ t }}"}]'
    )
    page.get_by_role("button", name="Write version").click()
    expect(page.locator(".message > h3")).to_have_text(["system", "user"])
    written = oracle_api.get("model-versions/get", name=prompt, version="4")["model_version"]
    tags = {tag["key"]: tag["value"] for tag in written["tags"]}
    assert tags["_mlflow_prompt_response_format"] == '{"type": "string"}'
    page.goto(f"{pages}/models/{prompt}/versions/1")
    page.get_by_role("link", name="Write from this").click()
    expect(page.get_by_label("Text")).to_have_value(_TEXT)
    visitor.open(f"{pages}/models/churn/write", status=404)
