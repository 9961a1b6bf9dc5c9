"""What is asked of experiments, runs, histories and logged models."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.scale import runs
from bench.scale.questions import AJAX, API, PAGE, Finds, Question
from bench.scale.runs import run_key
from bench.scale.volume import RUNS_A_LOGGED_MODEL, Volume, mixed

_DIFFERENT = 40
_LOOK_UPS, _RUNS, _MODELS = "tracking, look-ups", "runs", "logged models"
_HALF = ["1"]
"""The experiment that half of all runs are in."""
_NOTHING = (
    ("status: nothing", "status = 'SCHEDULED'"),
    ("user_id: nothing", "user_id = 'nobody'"),
    ("end_time: nothing", "end_time < 5"),
    ("artifact_uri: nothing", "artifact_uri = 'none'"),
    ("params: no such value", "params.optimizer = 'none'"),
    ("params: no such key", "params.nothing = '1'"),
    ("params: LIKE nothing", "params.optimizer LIKE 'x%'"),
    ("params: nothing, of two", "params.optimizer = 'sgd' AND params.lr = '7'"),
    ("tags: nothing", "tags.team = 'nobody'"),
    ("metrics: nothing", "metrics.auc > 2"),
    ("datasets: nothing", "datasets.name = 'none'"),
    ("context: nothing", "datasets.context = 'none'"),
)
"""Filters that no run meets."""
_ORDERS = (
    "start_time ASC",
    "end_time",
    "end_time DESC",
    "status",
    "run_name",
    "user_id",
    "artifact_uri",
    "run_id",
    "metrics.auc",
    "metrics.auc DESC",
    "params.lr",
    "params.seed DESC",
    "tags.team",
    "tags.nothing",
)


def questions(volume: Volume) -> Iterator[Question]:
    yield from _look_ups(volume)
    yield from _runs(volume)
    yield from _logged_models()


def _look_ups(volume: Volume) -> Iterator[Question]:
    keys = [run_key(mixed(number, 42) % volume.runs) for number in range(_DIFFERENT)]
    yield Question(_LOOK_UPS, "get a run", "GET", f"{API}runs/get", [{"run_id": key} for key in keys], "run")
    models = [runs.model_key(number % volume.logged_models) for number in range(_DIFFERENT)]
    for key in models[:1]:
        yield Question(_LOOK_UPS, "get a logged model", "GET", f"{API}logged-models/{key}", [{}], "model")
    path = f"{API}experiments/search"
    for name, body in (
        ("experiments", {}),
        ("experiments by name", {"filter": "name = 'experiment-001'"}),
        ("experiments by a tag", {"filter": "tags.team = 'team-1'"}),
        ("experiments in the order of names", {"order_by": ["name"]}),
    ):
        yield Question(_LOOK_UPS, name, "POST", path, [{**body, "max_results": PAGE}], "experiments")
    history = [{"run_id": key, "metric_key": "auc"} for key in keys]
    yield Question(_LOOK_UPS, "history of a metric", "GET", f"{API}metrics/get-history", history, "metrics")
    long = [{"run_id": run_key(0), "metric_key": "loss", "max_results": 1_000}]
    yield Question(_LOOK_UPS, "1,000 of 10,000 points", "GET", f"{API}metrics/get-history", long, "metrics")
    bulk = [{"run_ids": keys[:10], "metric_key": "loss", "max_results": 320}]
    path = f"{AJAX}metrics/get-history-bulk-interval"
    yield Question(_LOOK_UPS, "charts of ten runs", "GET", path, bulk, "metrics")
    sampled = [{"run_ids": [run_key(0)], "metric_key": "loss", "max_results": 320}]
    yield Question(_LOOK_UPS, "chart of 10,000 points", "GET", path, sampled, "metrics")
    datasets = [{"experiment_ids": _HALF}]
    path = f"{API}experiments/search-datasets"
    yield Question(_LOOK_UPS, "datasets of half of all runs", "POST", path, datasets, "dataset_summaries")


def _run_filters(volume: Volume) -> list[tuple[str, list[str]]]:
    """Filters that some runs meet."""
    some = [mixed(number, 43) % volume.runs // 2 * 2 for number in range(_DIFFERENT)]
    return [
        ("run_id = …", [f"run_id = '{run_key(run)}'" for run in some]),
        ("run_name = …", [f"run_name = 'run-{run}'" for run in some]),
        ("run_name LIKE 'prefix%'", ["run_name LIKE 'run-1%'"]),
        ("user_id = …", [f"user_id = 'user-{run % 50}'" for run in some]),
        ("status = FAILED", ["status = 'FAILED'"]),
        ("status = RUNNING", ["status = 'RUNNING'"]),
        ("start_time < …", ["start_time < 1600000600000"]),
        ("end_time > …", ["end_time > 1600000600000"]),
        ("artifact_uri LIKE", ["artifact_uri LIKE 'mlflow-artifacts:/1/%'"]),
        ("metrics: few", ["metrics.auc > 0.995"]),
        ("metrics: most", ["metrics.auc > 0.05"]),
        ("metrics: two", ["metrics.auc > 0.9 AND metrics.loss < 0.1"]),
        ("params: one has it", [f"params.seed = '{mixed(run, 19)}'" for run in some]),
        ("params: one in twenty", ["params.lr = '0.003'"]),
        ("params: one in three", ["params.optimizer = 'sgd'"]),
        ("params: LIKE", ["params.lr LIKE '0.00%'"]),
        ("tags: one has it", [f"tags.`git.commit` = '{mixed(run, 20):08x}{run:08x}'" for run in some]),
        ("tags: one in ten", ["tags.team = 'team-3'"]),
        ("metric, param and tag", ["metrics.auc > 0.5 AND params.optimizer = 'sgd' AND tags.team = 'team-3'"]),
        ("datasets.name", ["datasets.name = 'data-4'"]),
        ("datasets.context", ["datasets.context = 'training'"]),
    ]


def _runs(volume: Volume) -> Iterator[Question]:
    for page in (1, 10, 50):
        yield _search(f"page {page}", [{}], page=page)
    for name, texts in _run_filters(volume):
        yield _search(name, [{"filter": text} for text in texts])
    for name, text in _NOTHING:
        yield _search(name, [{"filter": text}], finds="nothing")
    for column in _ORDERS:
        yield _search(f"order by {column}", [{"order_by": [column]}])
    yield _search("order by params.seed, page 50", [{"order_by": ["params.seed"]}], page=50)
    best = {"filter": "params.optimizer = 'sgd'", "order_by": ["metrics.auc DESC"]}
    yield _search("best of one in three", [best])
    all_of_them = [str(number) for number in range(1, runs.experiments_in(volume) + 1)]
    everywhere = {"experiment_ids": all_of_them}
    yield _search("all experiments", [everywhere])
    yield _search("all experiments, by a metric", [{**everywhere, "order_by": ["metrics.auc DESC"]}])
    yield _search("all experiments, params", [{**everywhere, "filter": "params.lr = '0.003'"}])


def _search(name: str, bodies: list[dict[str, Any]], *, finds: Finds = "something", page: int = 1) -> Question:
    sized: list[Mapping[str, Any]] = [{"experiment_ids": _HALF, "max_results": PAGE, **body} for body in bodies]
    return Question(_RUNS, name, "POST", f"{API}runs/search", sized, "runs", finds, page)


def _logged_models() -> Iterator[Question]:
    path = f"{API}logged-models/search"
    asked: list[tuple[str, dict[str, Any], Finds]] = [
        ("page 1", {}, "something"),
        ("name = …", {"filter": "name = 'logged-4'"}, "something"),
        ("metrics: few", {"filter": "metrics.auc > 0.98"}, "something"),
        ("params: one in six", {"filter": "params.depth = '4'"}, "something"),
        ("tags: few", {"filter": "tags.candidate = 'yes'"}, "something"),
        ("source_run_id = …", {"filter": f"source_run_id = '{run_key(4 * RUNS_A_LOGGED_MODEL)}'"}, "something"),
        ("tags: nothing", {"filter": "tags.team = 'nobody'"}, "nothing"),
        ("name: nothing", {"filter": "name = 'nobody'"}, "nothing"),
        ("order by name", {"order_by": [{"field_name": "name"}]}, "something"),
        ("order by a metric", {"order_by": [{"field_name": "metrics.auc", "ascending": False}]}, "something"),
    ]
    for name, body, finds in asked:
        yield Question(
            _MODELS, name, "POST", path, [{"experiment_ids": _HALF, "max_results": PAGE, **body}], "models", finds
        )
