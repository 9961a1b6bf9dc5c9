"""The views that are measured: where each is on either server, and a text that is there once its content is."""

from typing import NamedTuple
from urllib.parse import quote

from bench.pages.volume import PagesVolume
from bench.scale.models import model_name
from bench.scale.runs import experiment_of, experiments_in, run_key


class View(NamedTuple):
    """One view. `mlflow` is "" where its pages have none. `has_charts` frees it from the bound on its size."""

    name: str
    modelkeep: str
    mlflow: str
    content: str
    has_charts: bool = False


def views(volume: PagesVolume) -> list[View]:
    """All of them, over the first experiment, which has half of all runs, and the model with the most versions."""
    newest = max(run for run in range(volume.runs) if experiment_of(run) == 1)
    run, model = run_key(newest), model_name(0)
    registry, tracking = "/p/default", "/p/default/w/default"
    best = quote("metrics.loss > 0.99")
    compared = "&".join(f"run={run_key(newest - 2 * place)}" for place in range(4))
    runs = f"{tracking}/experiments/1"
    return [
        View("models", f"{registry}/models", "/#/models", ".model-0"),
        View("a model and its versions", f"{registry}/models/{quote(model)}", f"/#/models/{quote(model)}", "user-"),
        View("experiments", f"{tracking}/experiments", "/#/experiments", f"experiment-{experiments_in(volume):03}"),
        View("runs, the newest first", runs, "/#/experiments/1/runs", f"run-{newest}"),
        View("runs by a metric", f"{runs}?sort=-metrics.loss", "", "run-"),
        View("runs by a filter", f"{runs}?q={best}", f"/#/experiments/1/runs?searchFilter={best}", "run-"),
        View("a run", f"{tracking}/runs/{run}", f"/#/experiments/1/runs/{run}", "batch_size"),
        View("logged models", f"{runs}/logged-models", "/#/experiments/1/models", "logged-"),
        View(
            "charts of a run",
            f"{tracking}/runs/{run}/charts",
            f"/#/experiments/1/runs/{run}/model-metrics",
            "auc",
            True,
        ),
        View("four runs compared", f"{tracking}/compare?{compared}", "", f"run-{newest}", True),
    ]
