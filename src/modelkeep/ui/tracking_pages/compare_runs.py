"""Runs beside each other. Which charts there are, and of what, stands in the address."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from modelkeep.core.errors import invalid_parameter
from modelkeep.tracking.experiments import ExperimentId, get_experiment
from modelkeep.tracking.run_records import Run
from modelkeep.tracking.runs import RunId, get_run
from modelkeep.ui.page import Page
from modelkeep.ui.tracking_pages.charts import series_of
from modelkeep.ui.tracking_pages.compared import Compared, Key, compare_values
from modelkeep.ui.view import view

CHARTS = {
    "curves": "Curves",
    "parallel": "Parallel coordinates",
    "scatter": "Scatter",
    "contour": "Contour",
    "box": "Box",
}
_USUAL = ("curves", "parallel", "scatter")
_COLOURS = (
    *("#2f6fed", "#d9541e", "#1c8a4a", "#9a3fc7", "#b8860b"),
    *("#0e8fa3", "#d6336c", "#6b7686", "#8a6a34", "#5b8f27"),
)
_MOST_RUNS = 100
_MOST_CURVES = 6
_MOST_AXES = 12
_POINTS = 400
_PATH = "/p/{platform}/w/{workspace}/compare"


@view(_PATH)
async def compare(page: Page) -> Response:
    """Charts of some runs and a table of where they differ."""
    runs = await _runs(page)
    experiment = (await page.call(get_experiment, ExperimentId(runs[0].info.experiment_id))).experiment
    compared = compare_values(runs)
    choice = _Choice(page, compared)
    asked = page.request.query_params.getlist("show")
    shown = [chart for chart in CHARTS if chart in asked] if asked else list(_USUAL)
    return page.render(
        "tracking/compare_runs.html",
        place="experiments",
        experiment=experiment,
        runs=list(zip(runs, _colours(runs), strict=True)),
        compared=compared,
        charts=CHARTS,
        shown=shown,
        choice=choice,
        only_differing=page.asked("rows") != "all",
        data={
            "points": page.in_workspace("compare", "points"),
            "pages": [page.in_workspace("runs", run.info.run_id) for run in runs],
            "runs": [run.info.run_id for run in runs],
            "names": [run.info.run_name or run.info.run_id for run in runs],
            "starts": [run.info.start_time for run in runs],
            "colours": _colours(runs),
            "curves": choice.curves,
            "axes": [_axis(compared, key) for key in choice.axes],
            "x": _axis(compared, choice.x),
            "y": _axis(compared, choice.y),
            "z": _axis(compared, choice.z),
            "by": _axis(compared, choice.by),
        },
    )


class _Choice:
    """What the charts are of: what the address names, or what tells the runs apart."""

    def __init__(self, page: Page, compared: Compared) -> None:
        metrics = [row.key for row in compared.metrics]
        # Curves are of what has a history first.
        drawn = sorted(compared.metrics, key=lambda row: not row.is_curve)
        differing = [row.key for row in compared.params if row.differs]
        params = differing or [row.key for row in compared.params]
        known = {key.name: key for key in (*metrics, *(row.key for row in compared.params))}
        first_metric = next(iter(metrics), None)

        def one(name: str, otherwise: Key | None) -> Key | None:
            return known.get(page.asked(name), otherwise)

        several: Callable[[str], list[Key]] = lambda name: [  # noqa: E731
            known[asked] for asked in page.request.query_params.getlist(name) if asked in known
        ]
        self.curves = [key.key for key in several("metric") if key.kind == "metrics"][:_MOST_CURVES] or [
            row.key.key for row in drawn[:2]
        ]
        self.axes = several("axis")[:_MOST_AXES] or [*params[:5], *metrics[:2]]
        self.x = one("x", next(iter(params), first_metric))
        self.y = one("y", first_metric)
        self.z = one("z", metrics[1] if len(metrics) > 1 else first_metric)
        self.by = one("by", next(iter(params), None))


def _axis(compared: Compared, key: Key | None) -> dict[str, Any] | None:
    """A key and the value that each run has of it, as a number where all are numbers."""
    if key is None:
        return None
    return {"name": key.key, "values": compared.values_of(key)}


def _colours(runs: Sequence[Run]) -> list[str]:
    return [_COLOURS[place % len(_COLOURS)] for place in range(len(runs))]


async def _runs(page: Page) -> list[Run]:
    asked = list(dict.fromkeys(page.request.query_params.getlist("run")))
    if not 2 <= len(asked) <= _MOST_RUNS:
        raise invalid_parameter("run", f"{len(asked)} runs are named; 2 to {_MOST_RUNS} can be compared.")
    return [(await page.call(get_run, RunId(run_id=run_id))).run for run_id in asked]


@view(f"{_PATH}/points")
async def points(page: Page) -> Response:
    """Sampled points of one metric of several runs, for the curves."""
    runs = list(dict.fromkeys(page.request.query_params.getlist("run")))[:_MOST_RUNS]
    series = await series_of(page, runs, page.asked("key"), _POINTS)
    return JSONResponse({"series": [series[run] for run in runs]}, headers={"cache-control": "no-store"})
