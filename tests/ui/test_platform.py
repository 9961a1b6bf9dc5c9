"""Platforms and workspaces."""

from playwright.sync_api import expect

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
