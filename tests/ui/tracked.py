"""What tests of the tracking pages look at: runs with metrics, params and tags."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
"""What would complain in the browser's console, or do worse, where it was taken for HTML."""

CURIOUS_PAGE = b"""<!doctype html><p id=seen>no script ran</p><script>
const seen = [];
try { seen.push(parent.document.title); } catch { seen.push("kept out"); }
try { seen.push(document.cookie); } catch { seen.push("no cookies"); }
try { seen.push(localStorage.length); } catch { seen.push("no storage"); }
fetch("/platforms").then(() => "reached", () => "no way out").then((text) => {
  document.getElementById("seen").textContent = [origin, ...seen, text].join(", ");
});
</script>"""
"""A page among artifacts that tries what it must not reach, and says what came of it."""


def expect_nothing_reached(visitor: Visitor) -> None:
    """The page that is looked at shows `CURIOUS_PAGE`, which ran and reached nothing."""
    seen = visitor.page.frame_locator("iframe").locator("#seen")
    expect(seen).to_have_text("null, kept out, no cookies, no storage, no way out")
    # The browser tells of what the page's own policy kept it from; nothing else may be wrong.
    assert all("connect-src" in problem or "Fetch API" in problem for problem in visitor.problems), visitor.problems
    visitor.problems.clear()


def make_run(
    api: Api,
    name: str,
    *,
    experiment: str = "0",
    parent: str = "",
    metrics: Mapping[str, float] | None = None,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    start: int | None = None,
) -> str:
    """A run with one point of each metric; its id."""
    given = dict(tags or {})
    if parent:
        given["mlflow.parentRunId"] = parent
    created = api.post(
        "runs/create",
        experiment_id=experiment,
        run_name=name,
        start_time=start,
        tags=[{"key": key, "value": value} for key, value in given.items()],
    )
    run: str = created["run"]["info"]["run_id"]
    api.post(
        "runs/log-batch",
        run_id=run,
        metrics=[{"key": key, "value": value, "timestamp": 1, "step": 0} for key, value in (metrics or {}).items()],
        params=[{"key": key, "value": value} for key, value in (params or {}).items()],
    )
    return run


def log_curve(api: Api, run: str, key: str, steps: range) -> None:
    """Points of a metric, one each second."""
    points = [{"key": key, "value": 1 / (step + 1), "timestamp": 1_000 * step, "step": step} for step in steps]
    api.post("runs/log-batch", run_id=run, metrics=points)


def keep_file(api: Api, run: str, path: str, content: bytes) -> None:
    """A file among a run's artifacts."""
    query = {"run_id": run, "path": path}
    api.ok(
        "POST", "upload-artifact", query=query, content=content, headers={"content-type": "application/octet-stream"}
    )


def keep_model_file(api: Api, model: Mapping[str, Any], path: str, content: bytes) -> None:
    """A file among the artifacts of a logged model: of its `info`, as the API answers it."""
    place = model["artifact_uri"].removeprefix("mlflow-artifacts:/").strip("/")
    address = f"{api.base.removesuffix('/mlflow')}/mlflow-artifacts/artifacts/{place}/{quote(path)}"
    api.ok("PUT", address, content=content, headers={"content-type": "application/octet-stream"})
