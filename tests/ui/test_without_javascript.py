"""Pages are read, and what is kept is changed, by a browser that runs no script."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.server import RunningServer
from tests.ui.tracked import keep_file, log_curve, make_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def plain(server: RunningServer, browser: "Browser") -> Iterator[Visitor]:
    visitor = Visitor(browser, server.url, java_script_enabled=False)
    yield visitor
    visitor.close()


def test_a_model_is_made_described_and_deleted(plain: Visitor, pages: str) -> None:
    page = plain.open(f"{pages}/models")
    page.get_by_role("link", name="New model").click()
    page.get_by_label("Name").fill("churn")
    page.get_by_role("button", name="Create model").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("churn")
    page.get_by_text("Add a tag").click()
    page.locator("#f-key").fill("team")
    page.locator("#f-value").fill("risk")
    page.get_by_role("button", name="Add tag").click()
    expect(page.locator("#tags .value")).to_have_text("risk")
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Type the name to confirm").fill("churn")
    page.get_by_role("button", name="Delete the model").click()
    expect(page.get_by_role("status")).to_contain_text("The model churn was deleted.")


def test_runs_are_searched_compared_and_deleted(plain: Visitor, workspace_pages: str, oracle_api: Api) -> None:
    for name in ("a", "b", "c"):
        make_run(oracle_api, name, metrics={"auc": ord(name)}, params={"lr": name}, start=ord(name))
    page = plain.open(f"{workspace_pages}/experiments/0")
    page.get_by_label("Search runs").fill("metrics.auc < 99")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("tbody th .name")).to_have_text(["b", "a"])
    page.get_by_label("Tick a").check()
    page.get_by_label("Tick b").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("region", name="Params and metrics")).to_contain_text("lr")
    page.go_back()
    page.get_by_label("Tick a").check()
    page.get_by_label("Tick b").uncheck()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_contain_text("was deleted")


def test_a_run_tells_its_values_and_files(plain: Visitor, workspace_pages: str, oracle_api: Api) -> None:
    run = make_run(oracle_api, "bright-owl")
    log_curve(oracle_api, run, "loss", range(40))
    keep_file(oracle_api, run, "scores.csv", b"id,score\n1,0.5\n")
    page = plain.open(f"{workspace_pages}/runs/{run}")
    expect(page.get_by_role("region", name="Metrics", exact=True)).to_contain_text("0.025")
    page.get_by_role("link", name="Charts").click()
    page.get_by_text("The latest values as a table").click()
    expect(page.get_by_role("cell", name="0.025")).to_be_visible()
    page.get_by_role("link", name="Artifacts").click()
    page.get_by_role("link", name="scores.csv").click()
    expect(page.get_by_role("columnheader")).to_have_text(["id", "score"])
