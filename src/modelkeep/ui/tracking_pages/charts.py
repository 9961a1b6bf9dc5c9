"""The charts of a run, and the points that they are drawn of."""

import math
from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from modelkeep.core.errors import invalid_parameter
from modelkeep.tracking.metric_history import BulkInterval, MetricWithRunId, get_metric_history_bulk_interval
from modelkeep.ui.page import Page
from modelkeep.ui.tracking_pages.run import load_run
from modelkeep.ui.tracking_pages.slices import slice_of
from modelkeep.ui.view import view

CHARTS = 24
_MOST_KEYS = 24
_POINTS = 400
_MOST_POINTS = 2_500
_PATH = "/p/{platform}/w/{workspace}/runs/{run_id}"


@view(f"{_PATH}/charts")
async def charts(page: Page) -> Response:
    """A chart of each metric. Without JavaScript, a table of their latest values."""
    shown = await load_run(page)
    return page.render(
        "tracking/charts.html",
        place="experiments",
        shown=shown,
        metrics=slice_of(page, shown.metrics, "metric", CHARTS),
        tab="charts",
    )


@view(f"{_PATH}/system-metrics")
async def system_charts(page: Page) -> Response:
    """The same of what the machine was doing."""
    shown = await load_run(page)
    return page.render(
        "tracking/charts.html",
        place="experiments",
        shown=shown,
        metrics=slice_of(page, shown.system, "metric", CHARTS),
        tab="system",
    )


@view(f"{_PATH}/points")
async def points(page: Page) -> Response:
    """Sampled points of some metrics, as JSON for the charts; `status` tells whether there will be more."""
    keys = page.request.query_params.getlist("key")
    if len(keys) > _MOST_KEYS:
        raise invalid_parameter("key", f"{len(keys)} were given, at most {_MOST_KEYS} are allowed.")
    shown = await load_run(page)
    asked = page.asked("points", str(_POINTS))
    most = min(max(int(asked), 1), _MOST_POINTS) if asked.isdecimal() and len(asked) < 10 else _POINTS
    series = {key: (await series_of(page, [shown.id], key, most))[shown.id] for key in keys}
    latest = {metric.key: metric.value for metric in shown.run.data.metrics if metric.key in series}
    return JSONResponse(
        {
            "running": shown.is_running,
            "start": shown.run.info.start_time,
            "metrics": len(shown.run.data.metrics),
            "series": series,
            "latest": latest,
        },
        headers={"cache-control": "no-store"},
    )


async def series_of(page: Page, runs: Sequence[str], key: str, most: int) -> dict[str, dict[str, list[Any]]]:
    """Points of a metric of each run: steps, times and values. What is no finite number is None."""
    answer = await page.call(
        get_metric_history_bulk_interval, BulkInterval(metric_key=key, run_ids=list(runs), max_results=most)
    )
    series: dict[str, dict[str, list[Any]]] = {run: {"steps": [], "times": [], "values": []} for run in runs}
    for point in answer.metrics:
        one = series[point.run_id]
        one["steps"].append(point.step)
        one["times"].append(point.timestamp)
        one["values"].append(_finite(point))
    return series


def _finite(point: MetricWithRunId) -> float | None:
    value = float(point.value)
    return value if math.isfinite(value) else None
