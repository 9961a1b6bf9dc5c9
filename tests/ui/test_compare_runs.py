"""Runs beside each other."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.ui.tracked import log_curve, make_run


@pytest.fixture
def compared(workspace_pages: str, oracle_api: Api) -> str:
    runs = []
    for number in range(4):
        metrics = {"auc": 0.5 + number / 10, "f1": number / 7}
        params = {"lr": str(number), "depth": str(number * number), "same": "x"}
        runs.append(make_run(oracle_api, f"run-{number}", metrics=metrics, params=params))
        log_curve(oracle_api, runs[-1], "loss", range(5 + number))
    return f"{workspace_pages}/compare?" + "&".join(f"run={run}" for run in runs)


def test_all_charts_are_drawn_without_a_word_in_the_console(visitor: Visitor, compared: str) -> None:
    shown = "&".join(f"show={name}" for name in ("curves", "parallel", "scatter", "contour", "box"))
    page = visitor.open(f"{compared}&{shown}&metric=metrics.loss&x=params.lr&y=params.depth&z=metrics.auc")
    expect(page.locator("[data-curve='loss'] .scatterlayer path.js-line")).to_have_count(4)
    expect(page.locator(".parallel path")).to_have_count(4)
    expect(page.locator("[data-chart='scatter'] path.point")).to_have_count(4)
    expect(page.locator("[data-chart='contour'] .contourlayer path").first).to_be_attached()
    expect(page.locator("[data-chart='box'] path.box").first).to_be_attached()
    visitor.check_accessibility()


def test_which_charts_there_are_stands_in_the_address(visitor: Visitor, compared: str) -> None:
    page = visitor.open(compared)
    page.get_by_role("checkbox", name="Curves").uncheck()
    page.get_by_role("checkbox", name="Scatter").uncheck()
    page.get_by_role("checkbox", name="Box").check()
    page.get_by_text("What the charts are of").click()
    page.get_by_label("Boxes by").select_option("params.depth")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("show=parallel&show=box.*by=params.depth"))
    expect(page.locator("[data-chart='box'] path.box").first).to_be_attached()
    expect(page.locator("[data-curve]")).to_have_count(0)


def test_the_table_has_what_differs_and_all_on_request(visitor: Visitor, compared: str) -> None:
    page = visitor.open(compared)
    table = page.get_by_role("region", name="Params and metrics")
    expect(table.get_by_role("rowheader", name="depth")).to_be_visible()
    expect(table.get_by_role("rowheader", name="same")).to_have_count(0)
    page.get_by_role("link", name="All", exact=True).click()
    expect(table.get_by_role("rowheader", name="same")).to_be_visible()
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.check_width()


def test_one_run_is_not_compared(visitor: Visitor, compared: str) -> None:
    page = visitor.open(compared.partition("&")[0], status=400)
    expect(page.get_by_text("2 to 100 can be compared")).to_be_visible()
