"""Platforms and workspaces."""

from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor


def test_a_workspace_is_made_and_listed(visitor: Visitor, pages: str) -> None:
    page = visitor.open(f"{pages}/workspaces")
    page.get_by_label("Name").fill("Fraud team")
    page.get_by_label("Description").fill("Cards and transfers")
    page.get_by_role("button", name="Create workspace").click()
    expect(page.get_by_role("status")).to_contain_text("Fraud team was created")
    expect(page.get_by_role("rowheader")).to_have_text(["Fraud team", "default"])
    visitor.check_accessibility()


def test_a_platform_is_made_and_opened(visitor: Visitor, platform: str) -> None:
    page = visitor.open("/platforms")
    page.get_by_label("Id").fill(f"{platform} and more?")
    page.get_by_role("button", name="Create platform").click()
    expect(page.get_by_role("heading", name="No models yet")).to_be_visible()
    visitor.open("/platforms")
    expect(page.get_by_role("rowheader", name=f"{platform} and more?")).to_be_visible()
    visitor.check_accessibility()


def test_what_was_done_is_on_the_audit_and_on_the_model(visitor: Visitor, pages: str, oracle_api: Api) -> None:
    name = "<b>churn"
    oracle_api.post("registered-models/create", name=name)
    oracle_api.post("model-versions/create", name=name, source="s3://m/1")
    page = visitor.open(f"{pages}/audit")
    page.get_by_label("What").fill("create registered model")
    page.get_by_role("button", name="Search").click()
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text(name)
    expect(rows.nth(1)).to_contain_text("done")
    visitor.check_accessibility()
    visitor.open(f"{pages}/models/%3Cb%3Echurn")
    page.get_by_role("link", name="Activity").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Activity")
    activity = page.get_by_role("table").get_by_role("row")
    expect(activity).to_have_count(3)
    expect(activity.nth(1)).to_contain_text("create model version")
    visitor.check_accessibility()


def test_records_that_nobody_left_are_said_to_be_none(visitor: Visitor, pages: str) -> None:
    page = visitor.open(f"{pages}/audit?principal=nobody&outcome=refused")
    expect(page.get_by_text("No record matches")).to_be_visible()
    expect(page.get_by_label("Who")).to_have_value("nobody")
    expect(page.get_by_label("Outcome")).to_have_value("refused")
    visitor.check_width()
