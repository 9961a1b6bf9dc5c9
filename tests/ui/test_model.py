"""A model: its versions, description, tags and aliases; renaming and deleting."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor


@pytest.fixture
def address(pages: str, model: str) -> str:
    """The page of the test's model."""
    return f"{pages}/models/{model}"


def _versions(api: Api, model: str, count: int) -> None:
    for number in range(1, count + 1):
        api.post(
            "model-versions/create",
            name=model,
            source=f"s3://models/{number}",
            tags=[{"key": "data", "value": f"week-{number}"}],
        )


def test_a_model_without_versions_says_how_to_register_one(visitor: Visitor, address: str) -> None:
    page = visitor.open(address)
    expect(page.get_by_role("heading", name="No versions yet")).to_be_visible()
    expect(page.get_by_text('mlflow.register_model("runs:/<run id>/model", "churn")')).to_be_visible()
    visitor.check_accessibility()


def test_versions_are_listed_newest_first_and_found(
    visitor: Visitor, address: str, model: str, oracle_api: Api
) -> None:
    _versions(oracle_api, model, 3)
    oracle_api.post("model-versions/transition-stage", name=model, version="2", stage="Production")
    page = visitor.open(address)
    table = page.get_by_role("table", name="Versions of churn")
    expect(table.get_by_role("rowheader")).to_have_text(["v3", "v2", "v1"])
    visitor.check_accessibility()
    page.get_by_role("link", name="Production").click()
    expect(table.get_by_role("rowheader")).to_have_text(["v2"])
    visitor.open(f"{address}?q=tags.data+%3D+%27week-1%27")
    expect(table.get_by_role("rowheader")).to_have_text(["v1"])
    visitor.open(f"{address}?q=tags.data+%3D", status=400)
    expect(page.get_by_role("alert")).to_contain_text("cannot be read")


def test_a_description_is_written_in_markdown(visitor: Visitor, address: str, model: str, oracle_api: Api) -> None:
    page = visitor.open(address)
    page.get_by_role("link", name="Edit the description").click()
    page.get_by_label("Markdown").fill("Who **leaves**.\n\n- one\n- two")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("The description was saved.")
    expect(page.locator("#description strong")).to_have_text("leaves")
    kept = oracle_api.get("registered-models/get", name=model)["registered_model"]["description"]
    assert kept == "Who **leaves**.\n\n- one\n- two"


def test_tags_are_added_changed_and_deleted(visitor: Visitor, address: str, model: str, oracle_api: Api) -> None:
    def tags() -> dict[str, str]:
        found = oracle_api.get("registered-models/get", name=model)["registered_model"]["tags"]
        return {tag["key"]: tag["value"] for tag in found}

    page = visitor.open(address)
    card = page.locator("#tags")
    card.get_by_text("Add a tag").click()
    card.get_by_label("Key").fill("team")
    card.get_by_label("Value").fill("growth")
    card.get_by_role("button", name="Add tag").click()
    expect(card.get_by_text("growth")).to_be_visible()
    card.get_by_role("link", name="Edit the tag team").click()
    card.get_by_label("Value").fill("risk")
    card.get_by_role("button", name="Save tag").click()
    expect(card.get_by_text("risk")).to_be_visible()
    assert tags() == {"team": "risk"}
    card.get_by_role("button", name="Delete the tag team").click()
    expect(page.get_by_role("status")).to_contain_text("was deleted")
    assert tags() == {}


def test_a_tag_that_is_refused_stays_in_its_field(visitor: Visitor, address: str) -> None:
    page = visitor.open(address)
    card = page.locator("#tags")
    card.get_by_text("Add a tag").click()
    card.get_by_label("Key").fill("a$b")
    card.get_by_label("Value").fill("kept")
    card.get_by_role("button", name="Add tag").click()
    expect(page.get_by_role("alert")).to_contain_text("has other characters than letters")
    expect(card.get_by_label("Key")).to_have_attribute("aria-invalid", "true")
    expect(card.get_by_label("Value")).to_have_value("kept")


def test_an_alias_is_set_and_deleted(visitor: Visitor, address: str, model: str, oracle_api: Api) -> None:
    _versions(oracle_api, model, 2)
    page = visitor.open(address)
    card = page.locator("#aliases")
    card.get_by_text("Set an alias").click()
    card.get_by_label("Alias").fill("champion")
    card.get_by_label("Version").fill("1")
    card.get_by_role("button", name="Set alias").click()
    expect(card.get_by_role("link", name="version 1")).to_be_visible()
    answer = oracle_api.get("registered-models/alias", name=model, alias="champion")
    assert answer["model_version"]["version"] == "1"
    card.get_by_role("button", name="Delete the alias champion").click()
    expect(card.get_by_role("link", name="version 1")).to_be_hidden()


def test_a_model_is_renamed(visitor: Visitor, address: str, oracle_api: Api) -> None:
    page = visitor.open(address)
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("New name").fill("who leaves?")
    visitor.check_accessibility()
    page.get_by_role("button", name="Rename").click()
    expect(page).to_have_url(re.compile("/models/who%20leaves%3F$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("who leaves?")
    oracle_api.get("registered-models/get", name="who leaves?")


def test_a_model_is_deleted_once_its_name_is_typed(visitor: Visitor, address: str, model: str, oracle_api: Api) -> None:
    page = visitor.open(address)
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Type the name to confirm").fill("chrun")
    page.get_by_role("button", name="Delete the model").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was deleted")
    oracle_api.get("registered-models/get", name=model)
    page.get_by_label("Type the name to confirm").fill(model)
    visitor.check_accessibility()
    page.get_by_role("button", name="Delete the model").click()
    expect(page.get_by_role("status")).to_contain_text("The model churn was deleted.")
    assert oracle_api.call("GET", "registered-models/get", query={"name": model}).status == 404


def test_ticked_versions_are_compared(visitor: Visitor, address: str, model: str, oracle_api: Api) -> None:
    _versions(oracle_api, model, 3)
    page = visitor.open(address)
    page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    page.get_by_label("Compare version 1").check()
    page.get_by_role("button", name="Compare ticked versions").click()
    expect(page).to_have_url(re.compile(r"/compare\?versions=3%2C1$"))
    expect(page.get_by_role("columnheader")).to_have_text(["What", "Version 3", "Version 1"])
