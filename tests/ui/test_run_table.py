"""The runs of an experiment in a table."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.ui.tracked import make_run


@pytest.fixture
def table(workspace_pages: str) -> str:
    return f"{workspace_pages}/experiments/0"


def _names(visitor: Visitor, names: list[str]) -> None:
    expect(visitor.page.locator("tbody th .name")).to_have_text(names)


def test_runs_have_their_metrics_and_params_as_columns(visitor: Visitor, table: str, oracle_api: Api) -> None:
    make_run(oracle_api, "bright-owl", metrics={"auc": 0.91234567, "system/cpu": 1}, params={"lr": "0.1"})
    page = visitor.open(table)
    expect(page.get_by_role("columnheader", name="auc")).to_be_visible()
    expect(page.get_by_role("columnheader", name="system/cpu")).to_have_count(0)
    expect(page.get_by_role("row").nth(1)).to_contain_text("0.91235")
    visitor.check_accessibility()
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.check_width()


def test_runs_are_sorted_by_any_column_and_paged(visitor: Visitor, table: str, oracle_api: Api) -> None:
    for number in range(52):
        make_run(oracle_api, f"run-{number:02}", metrics={"val/loss": number}, start=1_000 + number)
    page = visitor.open(f"{table}?column=metrics.val%2Floss")
    page.get_by_role("link", name="val/loss").click()
    expect(page.locator("tbody th .name").first).to_have_text("run-51")
    expect(page).to_have_url(re.compile("sort=-metrics.val%2Floss"))
    page.get_by_role("link", name="Next page").click()
    _names(visitor, ["run-01", "run-00"])
    page.get_by_role("link", name="val/loss").click()
    expect(page.locator("tbody th .name").first).to_have_text("run-00")


def test_runs_are_found_by_words_and_by_the_filter_language(visitor: Visitor, table: str, oracle_api: Api) -> None:
    make_run(oracle_api, "sweep-a", metrics={"auc": 0.5}, params={"optimizer": "adam"})
    make_run(oracle_api, "sweep-b", metrics={"auc": 0.9}, params={"optimizer": "sgd"})
    make_run(oracle_api, "other")
    page = visitor.open(f"{table}?column=metrics.auc")
    page.keyboard.press("/")
    page.keyboard.type("SWEEP")
    page.keyboard.press("Enter")
    _names(visitor, ["sweep-b", "sweep-a"])
    page.get_by_label("Search runs").fill("metrics.auc > 0.8 AND params.optimizer = 'sgd'")
    page.keyboard.press("Enter")
    _names(visitor, ["sweep-b"])
    expect(page).to_have_url(re.compile("column=metrics.auc"))
    page.get_by_label("Search runs").fill("metrics.auc > > 1")
    with page.expect_response(lambda answer: "q=" in answer.url) as answered:
        page.keyboard.press("Enter")
    assert answered.value.status == 400
    expect(page.locator("pre.pointer mark")).to_have_text(">")
    expect(page.get_by_role("alert")).to_contain_text("cannot be read at character 15")


def test_columns_are_found_while_typing_and_stand_in_the_address(visitor: Visitor, table: str, oracle_api: Api) -> None:
    make_run(oracle_api, "a", metrics={f"layer/{number:03}": number for number in range(200)}, tags={"team": "risk"})
    page = visitor.open(table)
    assert "layer/150" not in page.content()
    page.get_by_text("Columns").click()
    page.get_by_label("Find metrics").fill("/150")
    page.get_by_role("checkbox", name="layer/150").check()
    page.get_by_label("Find metrics").fill("TEAM")
    page.get_by_role("checkbox", name="team").check()
    visitor.check_accessibility()
    page.get_by_role("button", name="Find and show").click()
    expect(page.get_by_role("columnheader", name="layer/150")).to_be_visible()
    expect(page.get_by_role("columnheader", name="team")).to_be_visible()
    expect(page).to_have_url(re.compile(r"column=metrics.layer%2F150.*column=tags.team"))


def test_columns_are_found_without_javascript(visitor: Visitor, table: str, oracle_api: Api) -> None:
    make_run(oracle_api, "a", metrics={f"layer/{number:03}": number for number in range(60)})
    page = visitor.open(f"{table}?keys=%2F055")
    expect(page.get_by_role("checkbox", name="layer/055")).to_be_visible()


def test_nested_runs_are_unfolded_below_their_parents(visitor: Visitor, table: str, oracle_api: Api) -> None:
    parent = make_run(oracle_api, "sweep", start=1_000)
    child = make_run(oracle_api, "trial", parent=parent, start=2_000)
    make_run(oracle_api, "inner", parent=child, start=3_000)
    page = visitor.open(table)
    _names(visitor, ["sweep"])
    page.get_by_role("link", name="1 nested in sweep").click()
    _names(visitor, ["sweep", "trial"])
    page.get_by_role("link", name="1 nested in trial").click()
    _names(visitor, ["sweep", "trial", "inner"])
    page.get_by_role("link", name="1 nested in sweep").click()
    _names(visitor, ["sweep"])
    page.get_by_role("link", name="Flat").click()
    _names(visitor, ["inner", "trial", "sweep"])


def test_ticked_runs_are_deleted_and_restored(visitor: Visitor, table: str, oracle_api: Api) -> None:
    for name in ("a", "b", "c"):
        make_run(oracle_api, name, start=ord(name))
    page = visitor.open(table)
    expect(page.get_by_role("button", name="Delete")).to_be_disabled()
    page.get_by_label("Tick a").check()
    page.get_by_label("Tick b").check()
    expect(page.get_by_text("2 runs ticked")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_contain_text("2 runs were deleted")
    _names(visitor, ["c"])
    page.get_by_role("link", name="Deleted").click()
    _names(visitor, ["b", "a"])
    page.get_by_label("Tick a").check()
    page.get_by_role("button", name="Restore").click()
    _names(visitor, ["c", "a"])


def test_enter_opens_the_run_and_not_what_is_nested_in_it(visitor: Visitor, table: str, oracle_api: Api) -> None:
    make_run(oracle_api, "trial", parent=make_run(oracle_api, "sweep"))
    page = visitor.open(table)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("sweep")


def test_a_few_of_5000_keys_are_offered_at_a_time(visitor: Visitor, table: str, oracle_api: Api) -> None:
    run = make_run(oracle_api, "wide")
    for first in range(0, 5_000, 1_000):
        points = [{"key": f"layer/{first + n:04}/grad", "value": n, "timestamp": 1} for n in range(1_000)]
        oracle_api.post("runs/log-batch", run_id=run, metrics=points)
    page = visitor.open(table)
    assert len(page.content()) < 100_000
    with page.expect_response(lambda answer: "/keys?" in answer.url) as answered:
        page.get_by_text("Columns").click()
    assert len(answered.value.body()) < 10_000
    offered = page.locator(".offered input[value^='metrics.']")
    expect(offered).to_have_count(46)
    page.get_by_label("Find metrics").fill("/4321/")
    expect(offered).to_have_count(1)
    page.get_by_role("checkbox", name="layer/4321/grad").check()
    page.get_by_role("button", name="Find and show").click()
    expect(page.get_by_role("columnheader", name="layer/4321/grad")).to_be_visible()
    expect(page.locator("tbody td.number").last).to_have_text("321")


def test_ticked_runs_are_compared(visitor: Visitor, table: str, oracle_api: Api) -> None:
    for name in ("a", "b"):
        make_run(oracle_api, name, params={"lr": name})
    page = visitor.open(table)
    page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")


def test_a_nested_run_whose_parent_is_not_shown_stands_by_itself(visitor: Visitor, table: str, oracle_api: Api) -> None:
    gone = make_run(oracle_api, "gone")
    elsewhere = oracle_api.post("experiments/create", name="elsewhere")["experiment_id"]
    other = make_run(oracle_api, "other", experiment=elsewhere)
    make_run(oracle_api, "of the deleted", parent=gone, start=3)
    make_run(oracle_api, "of another experiment", parent=other, start=2)
    make_run(oracle_api, "of nobody", parent="0" * 32, start=1)
    kept = make_run(oracle_api, "kept", start=4)
    make_run(oracle_api, "of the kept", parent=kept, start=5)
    oracle_api.post("runs/delete", run_id=gone)
    visitor.open(table)
    _names(visitor, ["kept", "of the deleted", "of another experiment", "of nobody"])
    visitor.page.get_by_role("link", name="1 nested in kept").click()
    _names(visitor, ["kept", "of the kept", "of the deleted", "of another experiment", "of nobody"])
