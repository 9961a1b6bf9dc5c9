"""Two MLflow APIs, field by field, as MLflow's own client sees them."""

from typing import Any

from mlflow import MlflowClient
from mlflow.entities import ViewType

Fields = dict[str, Any]


def everything(client: MlflowClient, *, logs_models: bool, locations: bool = True) -> Fields:
    """All that an API answers, in an order of its own; `locations` are those of artifacts."""
    experiments = client.search_experiments(ViewType.ALL, max_results=1000)
    numbers = sorted(experiment.experiment_id for experiment in experiments)
    runs = [run for page in _pages(client.search_runs, numbers, run_view_type=ViewType.ALL) for run in page]
    found = {
        "experiments": {e.experiment_id: _plain(e, locations) for e in experiments},
        "runs": {run.info.run_id: _run(client, run.info.run_id, locations, logs_models) for run in runs},
        "models": {model.name: _model(model) for model in client.search_registered_models()},
        "versions": {
            (version.name, str(version.version)): _version(client, version)
            for version in client.search_model_versions()
        },
    }
    if logs_models:
        models = client.search_logged_models(experiment_ids=numbers)
        found["logged models"] = {model.model_id: _logged_model(model, locations) for model in models}
    return found


def _pages(search: Any, *arguments: Any, **named: Any) -> Any:
    token = None
    while True:
        page = search(*arguments, **named, page_token=token)
        yield page
        token = page.token
        if not token:
            return


def _plain(entity: Any, locations: bool) -> Fields:
    kept = {key: value for key, value in dict(entity).items() if key not in ("workspace", "trace_location")}
    return kept if locations else {key: value for key, value in kept.items() if not key.startswith("artifact_")}


def _run(client: MlflowClient, identity: str, locations: bool, logs_models: bool) -> Fields:
    run = client.get_run(identity)
    histories = {
        # A file store gives a point twice that was logged twice.
        key: sorted({(m.timestamp, m.step, str(m.value)) for m in client.get_metric_history(identity, key)})
        for key in run.data.metrics
    }
    datasets = sorted(
        (str(_plain(data.dataset, True)), sorted((tag.key, tag.value) for tag in data.tags))
        for data in run.inputs.dataset_inputs
    )
    models: list[Any] = []
    if logs_models:
        models = [
            [m.model_id for m in run.inputs.model_inputs],
            [(m.model_id, m.step) for m in run.outputs.model_outputs],
        ]
    return {
        "info": _plain(run.info, locations),
        "metrics": {key: str(value) for key, value in run.data.metrics.items()},
        "params": run.data.params,
        "tags": run.data.tags,
        "histories": histories,
        "datasets": datasets,
        "models": models,
    }


def _model(model: Any) -> Fields:
    fields = ("name", "creation_timestamp", "last_updated_timestamp", "description", "tags")
    aliases = {alias: str(version) for alias, version in (model.aliases or {}).items()}
    latest = {version.current_stage: str(version.version) for version in model.latest_versions}
    return {**{name: getattr(model, name) or None for name in fields}, "aliases": aliases, "latest": latest}


def _version(client: MlflowClient, found: Any) -> Fields:
    # Not every store says in a search which aliases a version has.
    version = client.get_model_version(found.name, str(found.version))
    fields = (
        "creation_timestamp",
        "last_updated_timestamp",
        "description",
        "user_id",
        "current_stage",
        "source",
        "run_id",
        "run_link",
        "status",
        "status_message",
        "tags",
        "aliases",
    )
    place = client.get_model_version_download_uri(version.name, str(version.version))
    return {**{name: getattr(version, name) or None for name in fields}, "place": place}


def _logged_model(model: Any, locations: bool) -> Fields:
    fields = (
        "experiment_id",
        "name",
        "creation_timestamp",
        "last_updated_timestamp",
        "model_type",
        "source_run_id",
        "status",
        "status_message",
        "tags",
        "params",
    )
    metrics = sorted(str(sorted(dict(metric).items())) for metric in model.metrics or [])
    place = model.artifact_location if locations else None
    return {**{name: getattr(model, name) or None for name in fields}, "metrics": metrics, "place": place}


def differences(expected: Any, found: Any, where: str = "") -> list[str]:
    """What differs, each by its path: two large dictionaries side by side tell nobody anything."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            line
            for key in sorted({*expected, *found}, key=str)
            for line in differences(expected.get(key), found.get(key), f"{where}/{key}")
        ]
    return [] if expected == found else [f"{where}: {expected!r}, found {found!r}"]
