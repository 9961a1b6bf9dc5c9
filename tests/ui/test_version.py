"""A version: lineage, what was measured, signature, snippets, and what is done to it."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor

_SIGNATURE = {
    "inputs": json.dumps([{"name": "age", "type": "long", "required": True}]),
    "outputs": json.dumps([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]),
}
_MODEL_FILE = {
    "flavors": {"python_function": {"python_version": "3.11.9"}, "sklearn": {}},
    "mlflow_version": "3.17.2",
    "model_size_bytes": 1_234_567,
    "saved_input_example_info": {"artifact_path": "input_example.json", "type": "dataframe"},
    "signature": _SIGNATURE,
}


@pytest.fixture
def run(oracle_api: Api) -> str:
    """A run that has logged a model, with what was measured and read."""
    run_id: str = oracle_api.post("runs/create", experiment_id="0", run_name="bright-owl")["run"]["info"]["run_id"]
    oracle_api.post(
        "runs/log-batch",
        run_id=run_id,
        metrics=[{"key": "auc", "value": 0.91, "timestamp": 1, "step": 1}],
        params=[{"key": "depth", "value": "6"}],
    )
    dataset = {"name": "customers", "digest": "d1", "source_type": "s3", "source": "s3://data"}
    oracle_api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": []}])
    for path, content in (
        ("model/MLmodel", json.dumps(_MODEL_FILE)),
        ("model/input_example.json", '{"columns": ["age"], "data": [[41], [28]]}'),
    ):
        query = {"run_id": run_id, "path": path}
        oracle_api.ok("POST", "upload-artifact", query=query, content=content.encode(), headers={"content-type": "x/y"})
    return run_id


@pytest.fixture
def version(oracle_api: Api, model: str, run: str, pages: str) -> str:
    """The page of a version that was made of the run."""
    oracle_api.post("model-versions/create", name=model, source=f"runs:/{run}/model", run_id=run)
    return f"{pages}/models/{model}/versions/1"


def test_a_version_shows_what_it_came_from(visitor: Visitor, version: str, run: str) -> None:
    page = visitor.open(version)
    expect(page.locator(".lineage li")).to_have_text(
        [re.compile("customers"), re.compile("Experiment"), re.compile("bright-owl"), re.compile("churn v1")]
    )
    expect(page.get_by_role("link", name="bright-owl")).to_have_attribute("href", re.compile(f"/w/default/runs/{run}$"))
    expect(page.get_by_role("row", name="auc")).to_contain_text("0.91")
    expect(page.get_by_role("row", name="depth")).to_contain_text("6")
    visitor.check_accessibility()


def test_a_signature_and_an_example_are_read_from_the_artifacts(visitor: Visitor, version: str) -> None:
    page = visitor.open(version)
    expect(page.get_by_role("table", name="Takes").get_by_role("row")).to_have_text(["NameType", "agelong"])
    expect(page.get_by_role("table", name="Gives")).to_contain_text("float64 (-1)")
    expect(page.get_by_role("table", name="Input example").get_by_role("cell")).to_have_text(["41", "28"])
    expect(page.locator("main")).to_contain_text("1.2 MB")


def test_files_that_cannot_be_read_do_not_spoil_the_page(
    visitor: Visitor, oracle_api: Api, model: str, pages: str
) -> None:
    oracle_api.post("model-versions/create", name=model, source="s3://elsewhere/1")
    page = visitor.open(f"{pages}/models/{model}/versions/1")
    expect(page.get_by_text("It could not be read.")).to_be_visible()


def _snippet(visitor: Visitor, label: str) -> str:
    block = visitor.main().locator("div", has=visitor.page.get_by_role("heading", name=label, exact=True)).last
    return block.locator("code").inner_text()


def test_the_snippets_do_what_they_say(visitor: Visitor, version: str, run: str) -> None:
    visitor.open(version)
    shown = _snippet(visitor, "curl")
    answer: Any = json.loads(subprocess.run(["sh", "-c", shown], capture_output=True, check=True).stdout)
    assert answer["model_version"]["run_id"] == run
    for label in ("MLflow", "Oracle SDK"):
        compile(_snippet(visitor, label), label, "exec")
    located = _snippet(visitor, "MLflow").replace("mlflow.pyfunc.load_model(", "mlflow.artifacts.download_artifacts(")
    code = f"{located}\nimport os\nassert 'MLmodel' in os.listdir(model)"
    # Clients of other tests leave the address of their server in this process's environment.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_snippet_is_copied(visitor: Visitor, version: str) -> None:
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.open(version)
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "set_tracking_uri" in page.evaluate("navigator.clipboard.readText()")


def test_a_version_moves_to_a_stage_and_archives_the_one_there(
    visitor: Visitor, version: str, model: str, oracle_api: Api
) -> None:
    oracle_api.post("model-versions/create", name=model, source="s3://m/2")
    oracle_api.post("model-versions/transition-stage", name=model, version="2", stage="Production")
    page = visitor.open(version)
    page.get_by_label("Move to").select_option("Production")
    page.get_by_label("Archive the versions").check()
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_role("status")).to_contain_text("now in the stage Production")
    stages = [
        oracle_api.get("model-versions/get", name=model, version=number)["model_version"]["current_stage"]
        for number in ("1", "2")
    ]
    assert stages == ["Production", "Archived"]


def test_an_alias_a_tag_and_a_description_are_given(
    visitor: Visitor, version: str, model: str, oracle_api: Api
) -> None:
    page = visitor.open(version)
    page.get_by_text("Set an alias").click()
    page.get_by_label("Alias required").fill("@champion")
    page.get_by_role("button", name="Set alias").click()
    page.get_by_text("Add a tag").click()
    page.locator("#tags").get_by_label("Key").fill("checked by")
    page.locator("#tags").get_by_label("Value").fill("ann")
    page.get_by_role("button", name="Add tag").click()
    page.get_by_role("link", name="Edit the description").click()
    page.get_by_label("Markdown").fill("The first.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#description")).to_contain_text("The first.")
    kept = oracle_api.get("model-versions/get", name=model, version="1")["model_version"]
    assert kept["aliases"] == ["champion"]
    assert kept["tags"] == [{"key": "checked by", "value": "ann"}]
    assert kept["description"] == "The first."


def test_an_alias_that_is_refused_is_told(visitor: Visitor, version: str) -> None:
    page = visitor.open(version)
    page.get_by_text("Set an alias").click()
    page.get_by_label("Alias required").fill("v7")
    page.get_by_role("button", name="Set alias").click()
    expect(page.get_by_role("alert")).to_contain_text("is reserved")


def test_a_version_is_deleted_once_confirmed(visitor: Visitor, version: str, model: str, oracle_api: Api) -> None:
    page = visitor.open(version)
    page.get_by_role("link", name="Delete").click()
    visitor.check_accessibility()
    page.get_by_role("button", name="Delete the version").click()
    expect(page.get_by_role("status")).to_contain_text("Version 1 was deleted.")
    found = oracle_api.call("GET", "model-versions/get", query={"name": model, "version": "1"})
    assert found.status == 404


def test_a_version_leads_to_its_run(visitor: Visitor, version: str, run: str) -> None:
    answer = visitor.page.request.get(f"{version}/run", max_redirects=0)
    assert (answer.status, answer.headers["location"].endswith(f"/w/default/runs/{run}")) == (303, True)


def test_versions_are_compared(visitor: Visitor, version: str, model: str, run: str, oracle_api: Api) -> None:
    other = oracle_api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    oracle_api.post(
        "runs/log-batch",
        run_id=other,
        metrics=[{"key": "auc", "value": 0.455, "timestamp": 1}],
        params=[{"key": "depth", "value": "8"}],
    )
    oracle_api.post("model-versions/create", name=model, source="s3://m/2", run_id=other)
    page = visitor.open(f"{version.rpartition('/versions')[0]}/compare?versions=1,2,9")
    expect(page.locator("tr.differs")).to_have_text([re.compile(r"depth.*6\s*8", re.DOTALL)])
    bars = page.locator("tr", has_text="auc").locator("rect.part")
    assert [bar.get_attribute("width") for bar in bars.all()] == ["100.0", "50.0"]
    expect(page.get_by_text("There is no version 9")).to_be_visible()
    visitor.check_accessibility()
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.check_width()


def test_versions_of_a_model_that_is_not_there_cannot_be_compared(visitor: Visitor, pages: str) -> None:
    page = visitor.open(f"{pages}/models/absent/compare?versions=1,2", status=404)
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")


def test_a_version_is_registered_from_a_run(visitor: Visitor, pages: str, run: str, oracle_api: Api) -> None:
    page = visitor.open(f"{pages}/register?run_id={run}&path=model")
    page.get_by_label("Model required").fill("new one")
    page.get_by_label("Tags").fill("data: july")
    visitor.check_accessibility()
    page.get_by_role("button", name="Register version").click()
    expect(page.get_by_role("status")).to_contain_text("Version 1 of new one was registered.")
    made = oracle_api.get("model-versions/get", name="new one", version="1")["model_version"]
    assert (made["run_id"], made["source"]) == (run, f"runs:/{run}/model")


def test_a_registration_that_is_refused_keeps_what_was_typed(visitor: Visitor, pages: str, model: str) -> None:
    page = visitor.open(f"{pages}/register?model={model}")
    page.get_by_label("or a place").fill("../etc")
    page.get_by_label("Description").fill("kept")
    page.get_by_role("button", name="Register version").click()
    expect(page.get_by_role("alert")).to_contain_text("source")
    expect(page.get_by_label("Description")).to_have_value("kept")
