"""What people write is shown as they wrote it, wherever tracking keeps texts. The console of each page stays silent."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.ui.tracked import HOSTILE, keep_file, make_run

_FILE = "<img src=x onerror=alert(1)>.txt"


@pytest.fixture
def hostile(oracle_api: Api) -> dict[str, Any]:
    """An experiment, runs and a logged model that are full of it."""
    tags = [{"key": "team", "value": HOSTILE}, {"key": "mlflow.note.content", "value": f"{HOSTILE} [a](javascript:b)"}]
    experiment = oracle_api.post("experiments/create", name=HOSTILE, tags=tags)["experiment_id"]
    runs = []
    for number in range(3):
        given = {tag["key"]: tag["value"] for tag in tags} | {"mlflow.user": HOSTILE, "mlflow.parentRunId": HOSTILE}
        params = {"lr": f"{HOSTILE}{number}", "depth": str(number)}
        run = make_run(
            oracle_api,
            f"{HOSTILE}{number}",
            experiment=experiment,
            params=params,
            tags=given,
            metrics={"a: b/c": number},
        )
        texts = {"source_type": HOSTILE, "source": HOSTILE, "schema": HOSTILE, "profile": HOSTILE}
        dataset = {"name": HOSTILE, "digest": "<b>d</b>", **texts}
        context = [{"key": "mlflow.data.context", "value": HOSTILE}]
        oracle_api.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset, "tags": context}])
        runs.append(run)
    for name in (_FILE, "a.csv", "a.md", "a.json", "<b>folder</b>/a.txt"):
        keep_file(oracle_api, runs[0], name, f'{HOSTILE},"{HOSTILE}"\n'.encode())
    model = oracle_api.post(
        "logged-models",
        experiment_id=experiment,
        name="tree",
        model_type=HOSTILE,
        source_run_id=HOSTILE,
        tags=tags,
        params=[{"key": "lr", "value": HOSTILE}],
    )["model"]["info"]["model_id"]
    return {"experiment": experiment, "runs": runs, "model": model}


def test_nothing_that_tracking_keeps_is_taken_for_html(
    visitor: Visitor, workspace_pages: str, hostile: dict[str, Any]
) -> None:
    experiment, runs, model = (hostile[key] for key in ("experiment", "runs", "model"))
    compared = "&".join(f"run={run}" for run in runs)
    charts = "&".join(f"show={name}" for name in ("curves", "parallel", "scatter", "contour", "box"))
    columns = "column=params.lr&column=tags.team&column=metrics.%3Cb%3E"
    for path in (
        "experiments",
        "experiments?q=script",
        f"experiments/{experiment}?view=flat&{columns}&keys={HOSTILE}",
        f"experiments/{experiment}/details",
        f"experiments/{experiment}/logged-models",
        f"runs/{runs[0]}",
        f"runs/{runs[0]}?metric={HOSTILE}&tag={HOSTILE}",
        f"runs/{runs[0]}/charts",
        f"runs/{runs[0]}/artifacts?path={_FILE}",
        f"runs/{runs[0]}/artifacts?path=a.csv",
        f"runs/{runs[0]}/artifacts?path=a.md",
        f"runs/{runs[0]}/artifacts?path=a.json",
        f"runs/{runs[0]}/artifacts?path=<b>folder</b>/a.txt",
        f"compare?{compared}&{charts}&x=params.lr&by=params.lr",
        f"compare?{compared}&{charts}&x=params.depth&y=metrics.a: b/c",
        f"logged-models/{model}",
        f"logged-models/{model}/artifacts",
        f"logged-models/{model}/delete",
    ):
        page = visitor.open(f"{workspace_pages}/{path}")
        page.wait_for_load_state("networkidle")
        assert page.locator("main img[src='x'], main script:not([type='application/json']), main b b").count() == 0, (
            path
        )
    page = visitor.open(f"{workspace_pages}/runs/{runs[0]}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{HOSTILE}0")


def test_an_error_shows_what_was_sent_as_text(visitor: Visitor, workspace_pages: str) -> None:
    page = visitor.open(f"{workspace_pages}/experiments/0?q=metrics.a = {HOSTILE}", status=400)
    expect(page.locator("pre.pointer")).to_contain_text("<script>")
    visitor.open(f"{workspace_pages}/runs/{HOSTILE.replace('/', '')}", status=404)
