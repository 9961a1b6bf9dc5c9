"""Experiments, runs, what was logged to them, and logged models, as records that an import would bring."""

from collections.abc import Iterator

from bench.scale.volume import (
    EXPERIMENTS,
    LONG_HISTORY,
    METRIC_KEYS,
    METRICS_A_RUN,
    RUNS,
    RUNS_A_LOGGED_MODEL,
    Volume,
    mixed,
)
from modelkeep.importing.records import Experiment, Latest, LoggedModel, Measured, Pair, Point, ReadDataset, Run

BEGAN = 1_600_000_000_000
COMMON = ("accuracy", "auc", "f1", "loss", "val_loss")
_MINUTE = 60_000
_SECOND = 1_000
_OWN = METRICS_A_RUN - len(COMMON)
_STATUSES = ("FINISHED",) * 45 + ("FAILED",) * 4 + ("RUNNING",)
_RARE = 1_009
_READY = 2


def run_key(run: int) -> str:
    return f"{mixed(run, 10):08x}{mixed(run, 11):08x}{run:016x}"


def model_key(model: int) -> str:
    return f"m-{mixed(model, 12):08x}{mixed(model, 13):08x}{model:016x}"


def experiment_of(run: int) -> int:
    """Half of all runs are in the first experiment; the others are full one after the other."""
    return 1 if run % 2 == 0 else 2 + run // 2 * (EXPERIMENTS - 1) // (RUNS // 2)


def experiments_in(volume: Volume) -> int:
    return experiment_of((volume.runs - 1) | 1) if volume.runs else 0


def metric_names(run: int) -> list[str]:
    """Those that every run has, and some of all the others."""
    others = METRIC_KEYS - len(COMMON)
    return sorted((*COMMON, *(f"layer/{(run * _OWN + place) % others:04}" for place in range(_OWN))))


def experiments(before: Volume, now: Volume) -> Iterator[Experiment]:
    for number in range(experiments_in(before) + 1, experiments_in(now) + 1):
        created = BEGAN + number * _MINUTE
        tags = [("team", f"team-{number % 10}")]
        location = f"mlflow-artifacts:/{number}"
        yield Experiment(number, f"experiment-{number:03}", location, "active", created, created, tags)


def runs(before: Volume, now: Volume) -> Iterator[Run]:
    for run in range(before.runs, now.runs):
        status = _STATUSES[mixed(run, 14) % len(_STATUSES)]
        started, name = BEGAN + run * _MINUTE, f"run-{run}"
        experiment, key = experiment_of(run), run_key(run)
        last = now.steps - 1 if run else LONG_HISTORY - 1
        latest = [_latest(run, name, last if name == "loss" else now.steps - 1) for name in metric_names(run)]
        yield Run(
            key,
            experiment,
            name,
            f"user-{run % 50}",
            status,
            started,
            None if status == "RUNNING" else started + mixed(run, 15) % 3_600_000,
            "active",
            None,
            f"mlflow-artifacts:/{experiment}/{key}/artifacts",
            _params(run),
            _tags(run, name),
            latest,
            [ReadDataset(f"data-{run % 20}", f"{run % 20:08x}", "s3", "s3://data", "", "", [_context(run)])],
            [],
        )


def _params(run: int) -> list[Pair]:
    return [
        ("batch_size", str(2 ** (3 + mixed(run, 16) % 6))),
        ("depth", str(mixed(run, 17) % 12)),
        ("lr", f"0.{mixed(run, 18) % 20:03}"),
        ("optimizer", ("adam", "sgd", "lamb")[run % 3]),
        ("seed", str(mixed(run, 19))),
    ]


def _tags(run: int, name: str) -> list[Pair]:
    tags = [
        ("git.commit", f"{mixed(run, 20):08x}{run:08x}"),
        ("mlflow.runName", name),
        ("team", f"team-{mixed(run, 21) % 10}"),
    ]
    if run % _RARE == 0:
        tags.append(("candidate", "yes"))
    return tags


def _context(run: int) -> Pair:
    return "mlflow.data.context", ("training", "evaluation")[run % 2]


def _latest(run: int, name: str, step: int) -> Latest:
    return Latest(name, _time(run, step), step, _value(run, name, step), 0)


def _time(run: int, step: int) -> int:
    return BEGAN + run * _MINUTE + step * _SECOND


def _value(run: int, name: str, step: int) -> float:
    return mixed(run * METRIC_KEYS + len(name) * 131 + ord(name[-1]), step) / 2**32


def points(before: Volume, now: Volume) -> Iterator[Point]:
    for run in range(before.runs, now.runs):
        key = run_key(run)
        for name in metric_names(run):
            steps = now.steps if run or name != "loss" else LONG_HISTORY
            for step in range(steps):
                yield key, name, _time(run, step), step, _value(run, name, step), 0


def logged_models(before: Volume, now: Volume) -> Iterator[LoggedModel]:
    for model in range(before.logged_models, now.logged_models):
        run = model * RUNS_A_LOGGED_MODEL
        at = BEGAN + run * _MINUTE
        experiment, key = experiment_of(run), model_key(model)
        measured = [
            Measured(name, at, 0, run_key(run), mixed(model, place) / 2**32, 0, f"data-{model % 20}", "")
            for place, name in enumerate(("auc", "loss"))
        ]
        yield LoggedModel(
            key,
            experiment,
            f"logged-{model % 500}",
            f"mlflow-artifacts:/{experiment}/models/{key}",
            at,
            at,
            _READY,
            "",
            ("tree", "net")[model % 2],
            run_key(run),
            "active",
            [("team", f"team-{model % 10}"), ("candidate", "yes" if model % 101 == 0 else "no")],
            [("depth", str(model % 12)), ("seed", str(mixed(model, 22)))],
            measured,
        )
