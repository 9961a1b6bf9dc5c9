"""The experiments of a workspace, and what is done to one."""

import re

from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor


def test_a_workspace_leads_to_its_experiments(visitor: Visitor, workspace_pages: str) -> None:
    page = visitor.open(workspace_pages)
    expect(page).to_have_url(re.compile("/w/default/experiments$"))
    expect(page.get_by_role("rowheader")).to_have_text(["Default"])
    visitor.check_accessibility()


def test_an_experiment_is_made_and_opened(visitor: Visitor, workspace_pages: str, oracle_api: Api) -> None:
    page = visitor.open(f"{workspace_pages}/experiments")
    page.get_by_role("link", name="New experiment").click()
    page.get_by_label("Name").fill("churn")
    page.get_by_label("Description").fill("Who **leaves**?")
    page.get_by_label("Tags").fill("team: growth")
    visitor.check_accessibility()
    page.get_by_role("button", name="Create experiment").click()
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    made = oracle_api.get("experiments/get-by-name", experiment_name="churn")["experiment"]
    assert {tag["key"]: tag["value"] for tag in made["tags"]} == {
        "team": "growth",
        "mlflow.note.content": "Who **leaves**?",
    }


def test_a_name_that_is_taken_is_told(visitor: Visitor, workspace_pages: str) -> None:
    page = visitor.open(f"{workspace_pages}/new-experiment")
    page.get_by_label("Name").fill("Default")
    page.get_by_role("button", name="Create experiment").click()
    expect(page.get_by_role("alert")).to_contain_text("already exists")


def test_experiments_are_searched(visitor: Visitor, workspace_pages: str, oracle_api: Api) -> None:
    for name in ("fraud cards", "fraud transfers"):
        oracle_api.post("experiments/create", name=name, tags=[{"key": "kind", "value": name.split()[1]}])
    page = visitor.open(f"{workspace_pages}/experiments")
    page.get_by_label("Search experiments").fill("fraud")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader")).to_have_text(["fraud transfers", "fraud cards"])
    page.get_by_role("link", name="Name").click()
    expect(page.get_by_role("rowheader")).to_have_text(["fraud cards", "fraud transfers"])
    page.get_by_label("Search experiments").fill("tags.kind = 'cards'")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader")).to_have_text(["fraud cards"])
    page = visitor.open(f"{workspace_pages}/experiments?q=name+%3D%3D+1", status=400)
    expect(page.locator("pre.pointer mark")).to_have_text("=")


def test_an_experiment_is_described_tagged_and_renamed(visitor: Visitor, workspace_pages: str, oracle_api: Api) -> None:
    page = visitor.open(f"{workspace_pages}/experiments/0/details?edit=description")
    page.get_by_label("Markdown").fill("# Why\n\n**because**")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".prose h1")).to_have_text("Why")
    page.get_by_text("Add a tag").click()
    page.locator("#f-key").fill("team")
    page.locator("#f-value").fill("risk")
    page.get_by_role("button", name="Add tag").click()
    expect(page.get_by_role("button", name="Delete the tag team")).to_be_visible()
    page.get_by_role("link", name="Edit the tag team").click()
    page.locator("#f-value").fill("growth")
    page.get_by_role("button", name="Save tag").click()
    expect(page.locator("#tags .value")).to_have_text("growth")
    page.get_by_role("button", name="Delete the tag team").click()
    expect(page.get_by_role("status")).to_contain_text("The tag team was deleted")
    page.get_by_label("New name").fill("first try")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1).first).to_have_text("first try")
    visitor.check_accessibility()
    assert oracle_api.get("experiments/get", experiment_id="0")["experiment"]["name"] == "first try"


def test_a_deleted_experiment_is_found_and_restored(visitor: Visitor, workspace_pages: str, oracle_api: Api) -> None:
    number = oracle_api.post("experiments/create", name="old")["experiment_id"]
    page = visitor.open(f"{workspace_pages}/experiments/{number}/details")
    page.get_by_role("link", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete old?")
    page.get_by_label("Type the name").fill("new")
    page.get_by_role("button", name="Delete the experiment").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was deleted")
    visitor.check_accessibility()
    assert oracle_api.get("experiments/get", experiment_id=number)["experiment"]["lifecycle_stage"] == "active"
    page.get_by_label("Type the name").fill("old")
    page.get_by_role("button", name="Delete the experiment").click()
    expect(page.get_by_role("status")).to_contain_text("It can be restored")
    expect(page.get_by_role("rowheader")).to_have_text(["Default"])
    page.get_by_role("link", name="Deleted").click()
    page.get_by_role("link", name="old").click()
    page.get_by_role("link", name="Details").click()
    expect(page.get_by_role("button", name="Add tag")).to_be_hidden()
    page.get_by_role("button", name="Restore the experiment").click()
    expect(page.get_by_role("status")).to_contain_text("are back")
