"""`modelkeep demo`: fills a running server with examples, so that there is something to look at.

What is there already stays as it is: a second time only what is missing is made.
"""

import time
from typing import Annotated

import typer

from modelkeep.cli.demo_client import ApiClient
from modelkeep.cli.demo_data import EXPERIMENTS, MODELS, DemoExperiment, DemoModel, DemoRun, DemoVersion
from modelkeep.cli.demo_files import files_of_model, files_of_run
from modelkeep.cli.demo_prompts import PROMPT_TAG, PROMPTS, TEXT_TAG, DemoPrompt

_WHOLE = "modelkeep.demo"
"""The tag of what was made to its end; a run without it was cut off, and is made anew."""
_SECONDS_A_STEP = 20


def add_to(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    url: Annotated[str, typer.Argument(help="Address of the server.")] = "http://127.0.0.1:5000",
    platform: Annotated[str, typer.Option(help="Platform to fill.")] = "default",
    workspace: Annotated[str, typer.Option(help="Workspace to fill.")] = "default",
    token: Annotated[str, typer.Option(envvar="MODELKEEP_TOKEN", help="Token, where the server asks for one.")] = "",
) -> None:
    """Fill a running server with example experiments, runs, models and prompts. Safe to run twice."""
    filler = _Filler(ApiClient(url, platform, workspace, token))
    for experiment in EXPERIMENTS:
        filler.experiment(experiment)
    for model in MODELS:
        filler.model(model)
    for prompt in PROMPTS:
        filler.prompt(prompt)
    made = f"{filler.made_runs} runs and {filler.made_versions} versions"
    typer.echo(f"Made {made}. Look at {url.rstrip('/')}/p/{platform}/models")


class _Filler:
    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._now = int(time.time() * 1_000)
        self._experiments: dict[str, str] = {}
        self._datasets: dict[str, tuple[str, str]] = {}
        self.made_runs = 0
        self.made_versions = 0

    def experiment(self, wanted: DemoExperiment) -> None:
        """The experiment and its runs."""
        found = self._api.get("mlflow/experiments/get-by-name", experiment_name=wanted.name)
        if found:
            experiment_id = found["experiment"]["experiment_id"]
        else:
            tags = [*_tags(wanted.tags), {"key": "mlflow.note.content", "value": wanted.note}]
            experiment_id = self._api.post("mlflow/experiments/create", name=wanted.name, tags=tags)["experiment_id"]
        self._experiments[wanted.name] = experiment_id
        self._datasets[experiment_id] = wanted.dataset
        for age, run in enumerate(reversed(wanted.runs), 1):
            self._run(experiment_id, run, age * 26 * 3_600_000)

    def _find_run(self, experiment_id: str, name: str) -> tuple[str, bool]:
        """The id of a run, "" where there is none, and whether it is whole."""
        name = name.replace("'", "''")
        found = self._api.post(
            "mlflow/runs/search",
            experiment_ids=[experiment_id],
            filter=f"attributes.run_name = '{name}'",
            max_results=1,
        )
        for run in found.get("runs", []):
            tags = {tag["key"] for tag in run["data"]["tags"]}
            return run["info"]["run_id"], _WHOLE in tags
        return "", False

    def _run(self, experiment_id: str, run: DemoRun, age: int, parent: str = "") -> None:
        run_id, whole = self._find_run(experiment_id, run.name)
        if run_id and not whole:
            self._api.post("mlflow/runs/delete", run_id=run_id)
        if not whole:
            run_id = self._make_run(experiment_id, run, age, parent)
        for number, child in enumerate(run.children):
            self._run(experiment_id, child, age - number * 600_000, run_id)

    def _make_run(self, experiment_id: str, run: DemoRun, age: int, parent: str) -> str:
        started = self._now - age
        tags = {**run.tags, **({"mlflow.parentRunId": parent} if parent else {})}
        created = self._api.post(
            "mlflow/runs/create",
            experiment_id=experiment_id,
            run_name=run.name,
            start_time=started,
            user_id=run.tags.get("author", "ann"),
            tags=_tags(tags),
        )
        run_id: str = created["run"]["info"]["run_id"]
        name, source = self._datasets[experiment_id]
        dataset = {"name": name, "digest": f"{len(source):08x}", "source_type": "s3", "source": source}
        context = [{"key": "mlflow.data.context", "value": "training"}]
        self._api.post("mlflow/runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": context}])
        points = [
            {"key": key, "value": value, "step": step, "timestamp": started + step * _SECONDS_A_STEP * 1_000}
            for key, step, value in run.curves()
        ]
        params = [{"key": key, "value": value} for key, value in run.params.items()]
        self._api.post("mlflow/runs/log-batch", run_id=run_id, metrics=points, params=params)
        for path, content in files_of_run(run).items():
            self._api.keep_of_run(run_id, path, content)
        self._api.post("mlflow/runs/log-batch", run_id=run_id, tags=[{"key": _WHOLE, "value": "yes"}])
        if run.status != "RUNNING":
            ended = started + run.steps * _SECONDS_A_STEP * 1_000
            self._api.post("mlflow/runs/update", run_id=run_id, status=run.status, end_time=ended)
        self.made_runs += 1
        return run_id

    def model(self, wanted: DemoModel) -> None:
        """The model, and those of its versions that are missing."""
        if not self._api.get("mlflow/registered-models/get", name=wanted.name):
            self._api.post(
                "mlflow/registered-models/create",
                name=wanted.name,
                description=wanted.description,
                tags=_tags(wanted.tags),
            )
        for version in wanted.versions:
            self._version(wanted, version)

    def _version(self, model: DemoModel, version: DemoVersion) -> None:
        experiment_id = self._experiments[model.experiment]
        run_id, _ = self._find_run(experiment_id, version.run)
        filter_ = f"name = '{model.name}' AND run_id = '{run_id}'"
        if self._api.get("mlflow/model-versions/search", filter=filter_, max_results=1)["model_versions"]:
            return
        run = self._api.get("mlflow/runs/get", run_id=run_id)["run"]["data"]
        model_id = self._logged_model(model, experiment_id, run_id, run)
        made = self._api.post(
            "mlflow/model-versions/create",
            name=model.name,
            source=f"models:/{model_id}",
            run_id=run_id,
            model_id=model_id,
            description=version.description,
            tags=_tags(version.tags),
        )
        number = made["model_version"]["version"]
        if version.stage != "None":
            self._api.post(
                "mlflow/model-versions/transition-stage", name=model.name, version=number, stage=version.stage
            )
        for alias in version.aliases:
            self._api.post("mlflow/registered-models/alias", name=model.name, alias=alias, version=number)
        self.made_versions += 1

    def prompt(self, wanted: DemoPrompt) -> None:
        """The prompt, as MLflow's client keeps one, and those of its versions that are missing."""
        flag = {PROMPT_TAG: "true"}
        found = self._api.get("mlflow/registered-models/get", name=wanted.name)
        if not found:
            tags = _tags(wanted.tags | flag)
            found = self._api.post(
                "mlflow/registered-models/create", name=wanted.name, description=wanted.description, tags=tags
            )
        newest = max((int(one["version"]) for one in found["registered_model"].get("latest_versions", ())), default=0)
        for version in wanted.versions[newest:]:
            made = self._api.post(
                "mlflow/model-versions/create",
                name=wanted.name,
                source="dummy-source",
                description=version.description,
                tags=_tags(version.tags | flag | {TEXT_TAG: version.text}),
            )
            number = made["model_version"]["version"]
            for alias in version.aliases:
                self._api.post("mlflow/registered-models/alias", name=wanted.name, alias=alias, version=number)

    def _logged_model(
        self, model: DemoModel, experiment_id: str, run_id: str, run: dict[str, list[dict[str, str]]]
    ) -> str:
        made = self._api.post(
            "mlflow/logged-models",
            experiment_id=experiment_id,
            name=model.name.rpartition(".")[2],
            source_run_id=run_id,
            model_type="classifier",
            params=run["params"],
        )["model"]["info"]
        model_id: str = made["model_id"]
        for path, content in files_of_model(model.name, model.columns, model_id, run_id).items():
            self._api.keep_at(made["artifact_uri"], path, content)
        self._api.patch(f"mlflow/logged-models/{model_id}", model_id=model_id, status="LOGGED_MODEL_READY")
        self._api.post("mlflow/runs/outputs", run_id=run_id, models=[{"model_id": model_id, "step": 0}])
        name, source = self._datasets[experiment_id]
        measured = [
            {
                "key": metric["key"],
                "value": metric["value"],
                "timestamp": self._now,
                "model_id": model_id,
                "dataset_name": name,
                "dataset_digest": f"{len(source):08x}",
            }
            for metric in run["metrics"]
            if metric["key"] in ("val_auc", "precision", "recall", "f1")
        ]
        self._api.post("mlflow/runs/log-batch", run_id=run_id, metrics=measured)
        return model_id


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
