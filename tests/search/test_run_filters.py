"""Searching runs: every attribute and entity with every operator, and text that stays data."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer

_LONG = "v" * 5_000


class Runs:
    """Five runs in experiment 0 and one in another, asked by all tests here."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.ids: dict[str, str] = {}
        self.other = api.post("experiments/create", name="other")["experiment_id"]
        self._log("alpha", {"auc": 0.9, "loss": 1}, {"lr": "0.1", "long": f"{_LONG}a"}, {"team": "growth"}, "FINISHED")
        self._log("beta", {"auc": 0.5, "val/auc": 0.5}, {"lr": "0.01", "long": f"{_LONG}b"}, {"team": "Risk"}, "FAILED")
        self._log("Gamma", {"auc": "NaN"}, {"batch size": "64", "mlflow.x": "it's"}, {})
        self._log("delta", {"auc": 0}, {"lr": ""}, {"data set": "2026%"})
        self._log("epsilon", {"loss": "Infinity"}, {}, {})
        self._log("elsewhere", {"auc": 0.9}, {"lr": "0.1"}, {"team": "growth"}, experiment=self.other)
        api.post("runs/log-batch", run_id=self.ids["alpha"], metrics=[{"key": "auc", "value": 0.2, "timestamp": 1}])
        context = [{"key": "mlflow.data.context", "value": "training"}]
        wine = {"name": "wine", "digest": "d1", "source_type": "local", "source": "s"}
        api.post("runs/log-inputs", run_id=self.ids["alpha"], datasets=[{"dataset": wine, "tags": context}])
        api.post("runs/log-inputs", run_id=self.ids["beta"], datasets=[{"dataset": {**wine, "digest": "d2"}}])

    def _log(
        self,
        name: str,
        metrics: dict[str, Any],
        params: dict[str, str],
        tags: dict[str, str],
        status: str = "",
        **at: str,
    ) -> None:
        run = self.api.post(
            "runs/create",
            experiment_id=at.get("experiment", "0"),
            run_name=name,
            user_id=f"user-{name[0]}",
            start_time=100 + len(self.ids),
        )["run"]["info"]["run_id"]
        self.ids[name] = run
        self.api.post(
            "runs/log-batch",
            run_id=run,
            metrics=[{"key": key, "value": value, "timestamp": 5, "step": 1} for key, value in metrics.items()],
            params=[{"key": key, "value": value} for key, value in params.items()],
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )
        if status:
            self.api.post("runs/update", run_id=run, status=status, end_time=200 + len(self.ids))

    def found(self, text: str, *experiments: str) -> list[str]:
        asked = {"experiment_ids": experiments or ["0"], "filter": text.format(**self.ids) if "{" in text else text}
        runs = self.api.ok("POST", "runs/search", asked)["runs"]
        return sorted(run["info"]["run_name"] for run in runs)


@pytest.fixture(scope="module")
def runs(server: RunningServer) -> Runs:
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": "run-filters"}, status=201)
    return Runs(Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": "run-filters"}))


ALL = ["Gamma", "alpha", "beta", "delta", "epsilon"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ALL),
        ("metrics.auc > 0.5", ["alpha"]),
        ("metric.auc >= 0.5", ["alpha", "beta"]),
        ("metrics.auc = 0.9", ["alpha"]),
        ("metrics.auc = 0", ["delta"]),
        ("metrics.auc < 1", ["alpha", "beta", "delta"]),
        ("metrics.auc <= 0", ["delta"]),
        ("metrics.auc != 0.9", ["Gamma", "beta", "delta"]),
        ("metrics.auc > -1e400", ["alpha", "beta", "delta"]),
        ("metrics.loss >= 1e400", ["epsilon"]),
        ("metrics.`val/auc` = .5", ["beta"]),
        ("metrics.absent != 1", []),
        ("params.lr = '0.1'", ["alpha"]),
        ("param.lr = '0.1'", ["alpha"]),
        ("parameter.lr != '0.1'", ["beta", "delta"]),
        ("params.lr = ''", ["delta"]),
        ("params.lr LIKE '0.%'", ["alpha", "beta"]),
        ("params.lr IS NULL", ["Gamma", "epsilon"]),
        ("params.lr IS NOT NULL", ["alpha", "beta", "delta"]),
        ("params.`batch size` = '64'", ["Gamma"]),
        ('params."batch size" = "64"', ["Gamma"]),
        ("params.mlflow.x = 'it''s'", ["Gamma"]),
        (f"params.long = '{_LONG}a'", ["alpha"]),
        (f"params.long = '{_LONG}'", []),
        (f"params.long LIKE '{_LONG}_'", ["alpha", "beta"]),
        ("tags.team = 'growth'", ["alpha"]),
        ("tag.team != 'growth'", ["beta"]),
        ("tags.team ILIKE 'R%'", ["beta"]),
        ("tags.team IS NULL", ["Gamma", "delta", "epsilon"]),
        ("tags.`data set` LIKE '2026%'", ["delta"]),
        ("tags.mlflow.runName = 'beta'", ["beta"]),
        ("run_name = 'beta'", ["beta"]),
        ("attributes.run_name LIKE '%a'", ["Gamma", "alpha", "beta", "delta"]),
        ("`run name` = 'beta'", ["beta"]),
        ("attributes.`Run name` != 'beta'", ["Gamma", "alpha", "delta", "epsilon"]),
        ('run."Run Name" ILIKE "gamma"', ["Gamma"]),
        ("run_name IN ('alpha', 'beta')", ["alpha", "beta"]),
        ("run_id = '{alpha}'", ["alpha"]),
        ("attribute.run_id != '{alpha}'", ["Gamma", "beta", "delta", "epsilon"]),
        ("run_id IN ('{alpha}', '{beta}', '{elsewhere}', 'none')", ["alpha", "beta"]),
        ("run_id NOT IN ('{alpha}')", ["Gamma", "beta", "delta", "epsilon"]),
        ("run_id LIKE '%'", ALL),
        ("status = 'RUNNING'", ["Gamma", "delta", "epsilon"]),
        ("attr.status != 'RUNNING'", ["alpha", "beta"]),
        ("status IN ('FAILED', 'KILLED')", ["beta"]),
        ("user_id = 'user-b'", ["beta"]),
        ("user_id ILIKE 'USER-g'", ["Gamma"]),
        ("start_time = 100", ["alpha"]),
        ("created > 100.5 AND Created < 103", ["Gamma", "beta"]),
        ("end_time > 0", ["alpha", "beta"]),
        ("end_time != 201", ["beta"]),
        ("artifact_uri LIKE '%/{alpha}/artifacts'", ["alpha"]),
        ("dataset.name = 'wine'", ["alpha", "beta"]),
        ("datasets.name ILIKE 'WINE'", ["alpha", "beta"]),
        ("datasets.digest = 'd2'", ["beta"]),
        ("dataset.digest IN ('d1', 'd3')", ["alpha"]),
        ("dataset.context = 'training'", ["alpha"]),
        ("dataset.context != 'training'", []),
        ("metrics.auc > 0.1 AND params.lr = '0.01' AND tags.team LIKE 'R%'", ["beta"]),
        ("metrics.auc > 0.1 and metrics.auc < 0.6", ["beta"]),
        ("params.lr = '0.1' AND params.lr = '0.01'", []),
    ],
)
def test_a_filter_finds_what_it_says(runs: Runs, text: str, names: list[str]) -> None:
    assert runs.found(text) == names


def test_runs_of_all_named_experiments_are_searched(runs: Runs) -> None:
    assert runs.found("metrics.auc = 0.9", "0", runs.other) == ["alpha", "elsewhere"]
    assert runs.found("params.lr = '0.1'", runs.other, "777") == ["elsewhere"]
    assert runs.found("", "777") == []


def test_without_experiments_nothing_is_found(runs: Runs) -> None:
    assert runs.api.ok("POST", "runs/search", {}) == {"runs": []}


def test_a_run_found_is_answered_as_get_answers_it(runs: Runs) -> None:
    listed = runs.api.ok("POST", "runs/search", {"experiment_ids": ["0"]})["runs"]
    for run in listed:
        assert runs.api.get("runs/get", run_id=run["info"]["run_id"])["run"] == run


@pytest.mark.parametrize("attribute", ["run_name", "status", "params.lr", "tags.team", "datasets.name", "run_id"])
@pytest.mark.parametrize("value", ["' OR '1'='1", "'; DROP TABLE runs; --", "%' --", "\\", "?", ":name", "%s"])
def test_a_value_is_data_and_never_sql(runs: Runs, attribute: str, value: str) -> None:
    quoted = value.replace("'", "''")
    assert runs.found(f"{attribute} = '{quoted}'") == []
    assert runs.found(f"{attribute} LIKE '{quoted}'") == []


@pytest.mark.parametrize("entity", ["metrics", "params", "tags"])
@pytest.mark.parametrize("key", ["a' OR '1'='1", 'x" OR 1=1 --', "x); DROP TABLE runs; --", "?", "%"])
def test_a_key_is_data_and_never_sql(runs: Runs, entity: str, key: str) -> None:
    assert runs.found(f"{entity}.`{key}` = {'1' if entity == 'metrics' else repr('1')}") == []
    order = {"experiment_ids": ["0"], "order_by": [f"{entity}.`{key}` DESC"]}
    assert len(runs.api.ok("POST", "runs/search", order)["runs"]) == len(ALL)


def test_values_that_begin_alike_are_told_apart_however_long_they_are(runs: Runs) -> None:
    """An index has the first 200 characters alone."""
    edges = runs.api.post("experiments/create", name="edges")["experiment_id"]
    values = {f"edge-{length}": "e" * length for length in (1, 199, 200, 201, 202)}
    for name, value in values.items():
        run = runs.api.post("runs/create", experiment_id=edges, run_name=name)["run"]["info"]["run_id"]
        runs.api.post("runs/log-batch", run_id=run, params=[{"key": "edge", "value": value}])
    for name, value in values.items():
        assert runs.found(f"params.edge = '{value}'", edges) == [name]


def test_a_metric_that_few_runs_have_is_bounded_by_its_filter_alone(runs: Runs) -> None:
    assert runs.found("metrics.auc > 0.1") == ["alpha", "beta"]
    assert runs.found("metrics.auc > 0.1", runs.other) == ["elsewhere"]
    assert runs.found("metrics.auc = 0 and metrics.auc < 1") == ["delta"]
    assert runs.found("metrics.auc > 0.1 and metrics.loss > 0") == ["alpha"]
    assert runs.found("metrics.auc > 0.1 and metrics.loss > 1") == []
