"""Every search there is, with rows to be paged through: what each must be able to do is asked of all of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.support.api import Api

MODELS, VERSIONS, RUNS, EXPERIMENTS = 9, 3, 24, 8
# What no start of a row may be taken for: a tie, a value that is no number, none at all, and the ends of the scale.
_AUC = [0.5, 0.5, "NaN", None, 0.25, 0.1 + 0.2, "Infinity", "-Infinity", None, 1e300, -0.0, "NaN"]

_BY_FIELD = [[], ["name"], ["name ASC"], ["name DESC"], ["attribute.name DESC"], ["`name` DESC"]]
_REGISTRY = [
    *_BY_FIELD,
    ["creation_timestamp"],
    ["creation_timestamp desc"],
    ["last_updated_timestamp ASC"],
    ["last_updated_timestamp DESC", "name DESC"],
    ["last_updated_timestamp DESC, name ASC"],
]


class Searched(NamedTuple):
    """One of the searches: where it is, what tells its rows apart, and what can be asked of it."""

    path: str
    identity: Callable[[Any], str]
    rows: int
    filter: str
    orders: list[Any]
    verb: str = "GET"
    always: Mapping[str, Any] = MappingProxyType({})


SEARCHES = {
    "registered-models": Searched(
        "registered-models/search", lambda row: row["name"] + "/", MODELS, "tags.third != '1'", _REGISTRY
    ),
    "model-versions": Searched(
        "model-versions/search",
        lambda row: f"{row['name']}/{row['version']}",
        MODELS * VERSIONS,
        "tags.third != '1'",
        _REGISTRY,
    ),
    "experiments": Searched(
        "experiments/search",
        lambda row: row["name"],
        EXPERIMENTS + 1,
        "tags.third != '1'",
        [*_BY_FIELD, ["experiment_id"], ["experiment_id DESC"], ["creation_time", "name"], ["last_update_time DESC"]],
        "POST",
    ),
    "runs": Searched(
        "runs/search",
        lambda row: row["info"]["run_id"],
        RUNS,
        "metrics.auc >= 0.1",
        [
            [],
            ["start_time"],
            ["start_time DESC"],
            ["run_id DESC"],
            ["end_time"],
            ["end_time DESC", "status"],
            ["metrics.auc"],
            ["metrics.auc DESC"],
            ["metrics.auc DESC", "params.depth", "start_time"],
            ["params.depth"],
            ["params.depth DESC", "metrics.auc"],
            ["tags.third DESC"],
            ["metrics.absent", "attributes.run_name"],
        ],
        "POST",
        {"experiment_ids": ["0"]},
    ),
    "runs of two experiments": Searched(
        "runs/search",
        lambda row: row["info"]["run_id"],
        RUNS + 3,
        "metrics.auc < 0.4",
        [[], ["metrics.auc DESC"], ["params.depth"], ["end_time DESC"]],
        "POST",
        {"experiment_ids": ["1", "0"]},
    ),
    "logged-models": Searched(
        "logged-models/search",
        lambda row: row["info"]["model_id"],
        MODELS,
        "metrics.auc > 0.1",
        [
            [],
            [{"field_name": "name"}],
            [{"field_name": "creation_time", "ascending": False}],
            [{"field_name": "model_type"}, {"field_name": "model_id", "ascending": False}],
            [{"field_name": "metrics.auc"}],
            [{"field_name": "metrics.auc", "ascending": False}],
            [{"field_name": "metrics.auc", "dataset_name": "wine"}, {"field_name": "name"}],
        ],
        "POST",
        {"experiment_ids": ["0"]},
    ),
}


class Search(NamedTuple):
    """A search at one place."""

    api: Api
    of: Searched

    def page(self, **search: Any) -> tuple[list[str], str]:
        body = self.api.ok(self.of.verb, self.of.path, {**self.of.always, **search})
        (rows,) = (value for key, value in body.items() if key != "next_page_token")
        return [self.of.identity(row) for row in rows], body.get("next_page_token", "")

    def pages(self, size: int, **search: Any) -> list[str]:
        rows: list[str] = []
        token = ""
        while True:
            page, token = self.page(max_results=size, page_token=token, **search)
            rows += page
            if not token:
                return rows
            assert len(page) == size


def fill(api: Api) -> None:
    """Rows of everything, many of them made in one millisecond."""
    for number in range(MODELS):
        name = f"{'ab'[number % 2]}{number}"
        api.post("registered-models/create", name=name, tags=[{"key": "third", "value": str(number % 3)}])
        for version in range(VERSIONS):
            tags = [{"key": "third", "value": str(version)}]
            api.post("model-versions/create", name=name, source="s3://b/k", tags=tags)
    for number in range(EXPERIMENTS):
        tags = [{"key": "third", "value": str(number % 3)}]
        api.post("experiments/create", name=f"{'ab'[number % 2]}{number}", tags=tags)
    runs = [_log_run(api, "0", number) for number in range(RUNS)]
    for number in range(3):
        _log_run(api, "1", number)
    for number in range(MODELS):
        kind = {"model_type": "tree"} if number % 2 else {}
        made = api.post("logged-models", experiment_id="0", name=f"m{number % 4}", **kind)["model"]["info"]["model_id"]
        points = [
            {"key": "auc", "value": value, "timestamp": 1 + place, "step": 0, "model_id": made, **dataset}
            for place, (value, dataset) in enumerate([(number % 3 / 10, {}), (number % 2, {"dataset_name": "wine"})])
        ]
        if number % 4:
            api.post("runs/log-batch", run_id=runs[number], metrics=points)


def _log_run(api: Api, experiment: str, number: int) -> str:
    run: str = api.post("runs/create", experiment_id=experiment, run_name=f"r{number % 5}", start_time=number % 7)[
        "run"
    ]["info"]["run_id"]
    auc = _AUC[number % len(_AUC)]
    api.post(
        "runs/log-batch",
        run_id=run,
        metrics=[] if auc is None else [{"key": "auc", "value": auc, "timestamp": 1, "step": 0}],
        params=[{"key": "depth", "value": str(number % 4)}] if number % 2 else [],
        tags=[{"key": "third", "value": str(number % 3)}] if number % 5 else [],
    )
    if number % 3:
        api.post("runs/update", run_id=run, status="FINISHED", end_time=10 + number % 4)
    return run
