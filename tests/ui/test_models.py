"""The list of models, and making one."""

import re

from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor


def test_an_empty_registry_says_what_to_do_first(visitor: Visitor, pages: str) -> None:
    page = visitor.open(f"{pages}/models")
    expect(page.get_by_role("heading", name="No models yet")).to_be_visible()
    expect(page.get_by_text(f'mlflow.set_tracking_uri("{visitor.url}')).to_be_visible()
    visitor.check_accessibility()


def test_a_model_is_made_and_shown(visitor: Visitor, pages: str, oracle_api: Api) -> None:
    page = visitor.open(f"{pages}/models")
    page.get_by_role("link", name="New model").click()
    page.get_by_label("Name").fill("churn")
    page.get_by_label("Description").fill("Who leaves.")
    page.get_by_label("Tags").fill("team: growth\nowner: ann")
    visitor.check_accessibility()
    page.get_by_role("button", name="Create model").click()
    made = oracle_api.get("registered-models/get", name="churn")["registered_model"]
    assert (made["description"], len(made["tags"])) == ("Who leaves.", 2)


def test_a_name_that_is_taken_is_told_where_it_was_typed(visitor: Visitor, pages: str, model: str) -> None:
    page = visitor.open(f"{pages}/new-model")
    page.get_by_label("Name").fill(model)
    page.get_by_label("Description").fill("kept")
    page.get_by_role("button", name="Create model").click()
    expect(page.get_by_role("alert")).to_contain_text("already exists")
    expect(page.get_by_label("Description")).to_have_value("kept")


def test_words_and_filters_find_models(visitor: Visitor, pages: str, oracle_api: Api) -> None:
    for name in ("fraud scorer", "fraud judge", "churn"):
        oracle_api.post("registered-models/create", name=name, tags=[{"key": "team", "value": name.split()[0]}])
    page = visitor.open(f"{pages}/models")
    page.keyboard.press("/")
    page.keyboard.type("FRAUD judge")
    page.keyboard.press("Enter")
    expect(page.get_by_role("table").get_by_role("rowheader")).to_have_text(["fraud judge"])
    page.get_by_label("Search models").fill("tags.team = 'fraud'")
    page.keyboard.press("Enter")
    expect(page.get_by_role("table").get_by_role("rowheader")).to_have_text(["fraud judge", "fraud scorer"])
    page.get_by_role("link", name="Name").click()
    expect(page.get_by_role("table").get_by_role("rowheader")).to_have_text(["fraud scorer", "fraud judge"])
    expect(page).to_have_url(re.compile(r"q=tags.team.*sort=-name"))
    visitor.check_accessibility()


def test_a_filter_that_cannot_be_read_is_pointed_into(visitor: Visitor, pages: str, model: str) -> None:
    page = visitor.open(f"{pages}/models?q=name+%3D%3D%3D+%27a%27", status=400)
    expect(page.get_by_role("alert")).to_contain_text("cannot be read at character 7")
    expect(page.locator("pre.pointer mark")).to_have_text("=")


def test_arrows_and_enter_go_through_the_table(visitor: Visitor, pages: str, oracle_api: Api) -> None:
    for name in ("a", "b", "c"):
        oracle_api.post("registered-models/create", name=name)
    page = visitor.open(f"{pages}/models")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("tr:focus")).to_contain_text("b")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("b")


def test_pages_follow_each_other(visitor: Visitor, pages: str, oracle_api: Api) -> None:
    for number in range(52):
        oracle_api.post("registered-models/create", name=f"model-{number:02}")
    page = visitor.open(f"{pages}/models")
    expect(page.get_by_role("rowheader")).to_have_count(50)
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("rowheader")).to_have_text(["model-50", "model-51"])
    page.get_by_role("link", name="First page").click()
    expect(page.get_by_role("rowheader")).to_have_count(50)
