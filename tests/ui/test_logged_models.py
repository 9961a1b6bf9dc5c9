"""Logged models of an experiment, and one of them."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.ui.tracked import keep_model_file, make_run


@pytest.fixture
def logged(oracle_api: Api) -> dict[str, Any]:
    """A logged model with a metric, a version and a file."""
    run = make_run(oracle_api, "bright-owl")
    params = [{"key": "depth", "value": "6"}]
    model: dict[str, Any] = oracle_api.post(
        "logged-models", experiment_id="0", name="tree", model_type="forest", source_run_id=run, params=params
    )["model"]["info"]
    point = {"key": "auc", "value": 0.93, "timestamp": 1, "step": 3, "model_id": model["model_id"]}
    measured = {**point, "dataset_name": "july", "dataset_digest": "d1"}
    oracle_api.post("runs/log-batch", run_id=run, metrics=[measured])
    oracle_api.post("registered-models/create", name="churn")
    oracle_api.post(
        "model-versions/create", name="churn", source=f"models:/{model['model_id']}", model_id=model["model_id"]
    )
    keep_model_file(oracle_api, model, "MLmodel", b"flavors: {}\n")
    return model


def test_logged_models_are_listed_and_searched(visitor: Visitor, workspace_pages: str, logged: dict[str, Any]) -> None:
    page = visitor.open(f"{workspace_pages}/experiments/0")
    page.get_by_role("link", name="Logged models").click()
    expect(page.get_by_role("rowheader")).to_have_text(["tree"])
    expect(page.get_by_role("row").nth(1)).to_contain_text("0.93")
    visitor.check_accessibility()
    page.get_by_label("Search logged models").fill("metrics.auc > 0.95")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No logged model matches")).to_be_visible()


def test_a_logged_model_shows_what_it_is(visitor: Visitor, workspace_pages: str, logged: dict[str, Any]) -> None:
    page = visitor.open(f"{workspace_pages}/logged-models/{logged['model_id']}")
    expect(page.get_by_role("navigation", name="Breadcrumb").get_by_role("listitem")).to_have_text(
        ["Experiments", "Default", "Logged models", "tree"]
    )
    expect(page.get_by_role("region", name="Metrics", exact=True)).to_contain_text("july d1")
    expect(page.get_by_role("region", name="Params", exact=True)).to_contain_text("depth")
    expect(page.get_by_role("link", name="churn v1")).to_be_visible()
    visitor.check_accessibility()
    page.get_by_text("Add a tag").click()
    page.locator("#f-key").fill("team")
    page.locator("#f-value").fill("risk")
    page.get_by_role("button", name="Add tag").click()
    expect(page.locator("#tags .value")).to_have_text("risk")
    page.get_by_role("button", name="Delete the tag team").click()
    expect(page.get_by_role("status")).to_contain_text("was deleted")
    page.get_by_role("link", name="Artifacts").click()
    page.get_by_role("link", name="MLmodel").click()
    expect(page.locator("pre.shown")).to_have_text("flavors: {}")


def test_a_logged_model_is_deleted_once_it_was_asked_again(
    visitor: Visitor, workspace_pages: str, logged: dict[str, Any], oracle_api: Api
) -> None:
    page = visitor.open(f"{workspace_pages}/logged-models/{logged['model_id']}")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete the logged model").click()
    expect(page.get_by_role("status")).to_contain_text("tree was deleted")
    assert oracle_api.call("GET", f"logged-models/{logged['model_id']}").status == 404
