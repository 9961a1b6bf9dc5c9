"""A run: what was logged, its charts, and what is done to it."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.ui.tracked import log_curve, make_run


@pytest.fixture
def run(oracle_api: Api) -> str:
    return make_run(oracle_api, "bright-owl", metrics={"auc": 0.9}, params={"lr": "0.1"}, tags={"team": "risk"})


@pytest.fixture
def shown(workspace_pages: str, run: str) -> str:
    return f"{workspace_pages}/runs/{run}"


def test_a_run_shows_what_was_logged_read_and_made(visitor: Visitor, shown: str, run: str, oracle_api: Api) -> None:
    dataset = {"name": "july", "digest": "d1", "source_type": "s3", "source": "s3://lake", "schema": "{}"}
    context = [{"key": "mlflow.data.context", "value": "training"}]
    oracle_api.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": context}])
    model = oracle_api.post("logged-models", experiment_id="0", name="tree", source_run_id=run)["model"]["info"]
    oracle_api.post("runs/outputs", run_id=run, models=[{"model_id": model["model_id"], "step": 1}])
    oracle_api.post("registered-models/create", name="churn")
    oracle_api.post(
        "model-versions/create",
        name="churn",
        source=f"models:/{model['model_id']}",
        model_id=model["model_id"],
        run_id=run,
    )
    make_run(oracle_api, "trial", parent=run)
    page = visitor.open(shown)
    expect(page.get_by_role("region", name="Metrics", exact=True)).to_contain_text("auc")
    expect(page.get_by_role("region", name="Params", exact=True)).to_contain_text("0.1")
    expect(page.get_by_role("region", name="Nested runs").last).to_contain_text("trial")
    expect(page.locator(".dataset")).to_contain_text("july")
    expect(page.locator(".dataset .tag")).to_have_text("training")
    expect(page.get_by_role("link", name="churn v1")).to_be_visible()
    expect(page.get_by_role("link", name="tree")).to_be_visible()
    visitor.check_accessibility()
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.check_width()


def test_a_run_is_renamed_described_and_tagged(visitor: Visitor, shown: str, run: str, oracle_api: Api) -> None:
    page = visitor.open(shown)
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("New name").fill("calm-owl")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("calm-owl")
    page.get_by_role("link", name="Edit the description").click()
    page.get_by_label("Markdown").fill("*good*")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".prose em")).to_have_text("good")
    page.get_by_role("link", name="Edit the tag team").click()
    page.locator("#f-value").fill("growth")
    page.get_by_role("button", name="Save tag").click()
    expect(page.locator("#tags .value")).to_have_text("growth")
    tags = {tag["key"]: tag["value"] for tag in oracle_api.get("runs/get", run_id=run)["run"]["data"]["tags"]}
    assert tags == {"mlflow.runName": "calm-owl", "mlflow.note.content": "*good*", "team": "growth"}


def test_a_run_is_deleted_and_restored(visitor: Visitor, shown: str) -> None:
    page = visitor.open(shown)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("button", name="Add tag")).to_be_hidden()
    expect(page.get_by_role("link", name="Rename")).to_be_hidden()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("status")).to_contain_text("The run is back")


def test_many_metrics_are_searched_and_shown_some_at_a_time(
    visitor: Visitor, shown: str, run: str, oracle_api: Api
) -> None:
    points = [{"key": f"layer/{number:03}", "value": number, "timestamp": 1} for number in range(250)]
    oracle_api.post("runs/log-batch", run_id=run, metrics=points)
    page = visitor.open(shown)
    metrics = page.get_by_role("region", name="Metrics", exact=True).get_by_role("rowheader")
    expect(metrics).to_have_count(100)
    page.locator("#metric").get_by_role("link", name="More").click()
    expect(metrics.first).to_have_text("layer/099")
    page.get_by_label("Search metrics").fill("LAYER/24")
    page.keyboard.press("Enter")
    expect(metrics).to_have_count(10)


def test_charts_follow_a_run_while_it_goes_on(visitor: Visitor, shown: str, run: str, oracle_api: Api) -> None:
    log_curve(oracle_api, run, "loss", range(10))
    log_curve(oracle_api, run, "system/cpu", range(10))
    page = visitor.open(f"{shown}/charts")
    drawn = page.locator("[data-key='loss'] .scatterlayer path.js-line")
    expect(drawn).to_have_count(1)
    before = drawn.get_attribute("d")
    expect(page.locator("[data-key='system/cpu']")).to_have_count(0)
    log_curve(oracle_api, run, "loss", range(10, 40))
    expect(drawn).not_to_have_attribute("d", before or "")
    expect(page.locator("[data-key='loss'] [data-latest]")).to_have_text("0.025")
    oracle_api.post("runs/update", run_id=run, status="FINISHED")
    expect(page.locator("#live")).to_have_text("This run has ended.")
    visitor.check_accessibility()
    page.get_by_role("link", name="System metrics").click()
    expect(page.locator("[data-key='system/cpu'] .scatterlayer path.js-line")).to_have_count(1)


def test_axis_smoothing_and_scale_stand_in_the_address(visitor: Visitor, shown: str, run: str, oracle_api: Api) -> None:
    log_curve(oracle_api, run, "loss", range(30))
    page = visitor.open(f"{shown}/charts?metric=loss")
    lines = page.locator("[data-key='loss'] .scatterlayer path.js-line")
    expect(lines).to_have_count(1)
    page.get_by_label("Smoothing").fill("0.9")
    expect(lines).to_have_count(2)
    page.get_by_label("Log scale").check()
    page.get_by_label("Along").select_option("relative")
    expect(page.get_by_text("Seconds since start")).to_be_visible()
    expect(page).to_have_url(re.compile(r"metric=loss&smooth=0.9&log=1&x=relative$"))
    visitor.open(page.url)
    expect(lines).to_have_count(2)
    page.get_by_label("Along").select_option("wall")
    expect(page.locator(".xtick text").filter(has_text="1970")).not_to_have_count(0)
    expect(page).to_have_url(re.compile(r"x=wall$"))


def test_a_long_history_is_sampled_on_the_server(visitor: Visitor, shown: str, run: str, oracle_api: Api) -> None:
    for first in range(0, 3_000, 1_000):
        log_curve(oracle_api, run, "loss", range(first, first + 1_000))
    answer = oracle_api.call("GET", f"{shown}/points?key=loss")
    points = answer.body["series"]["loss"]
    assert 300 < len(points["steps"]) <= 400
    assert (points["steps"][0], points["steps"][-1]) == (0, 2_999)


def test_what_is_no_finite_number_is_named_and_leaves_a_gap(
    visitor: Visitor, shown: str, run: str, oracle_api: Api
) -> None:
    points = [{"key": "loss", "value": value, "timestamp": 1, "step": step} for step, value in enumerate((1, "NaN"))]
    oracle_api.post("runs/log-batch", run_id=run, metrics=points)
    page = visitor.open(shown)
    expect(page.get_by_role("region", name="Metrics", exact=True)).to_contain_text("NaN")
    assert oracle_api.call("GET", f"{shown}/points?key=loss").body["series"]["loss"]["values"] == [1, None]


def test_a_run_that_is_not_there_is_a_page_that_says_so(visitor: Visitor, workspace_pages: str) -> None:
    visitor.open(f"{workspace_pages}/runs/absent", status=404)
    visitor.open(f"{workspace_pages}/runs/absent/charts", status=404)
    visitor.open(f"{workspace_pages}/runs/absent/artifacts", status=404)


def test_the_axis_of_a_curve_that_does_not_move_has_short_labels(
    visitor: Visitor, shown: str, run: str, oracle_api: Api
) -> None:
    points = [{"key": "flat", "value": 0.91234567, "timestamp": 1_000 * step, "step": step} for step in range(5)]
    oracle_api.post("runs/log-batch", run_id=run, metrics=points)
    page = visitor.open(f"{shown}/charts?q=flat")
    expect(page.locator(".ytick text").first).to_be_visible()
    labels = page.locator(".ytick text").all_text_contents()
    assert len(labels) > 1
    assert all(len(label) <= 4 for label in labels), labels
