"""What an answer says without what differs from server to server: symbols for ids, no times, no empty fields."""

from collections.abc import Callable
from typing import Any

Named = Callable[[str, str], str]
"""The symbol of an id: `named("run", "0193…")` is `run:2`."""


def _pairs(body: dict[str, Any], field: str = "tags") -> dict[str, str]:
    pairs = {pair["key"]: pair.get("value", "") for pair in body.get(field, [])}
    assert len(pairs) == len(body.get(field, [])), body
    return pairs


def version(body: dict[str, Any], named: Named) -> dict[str, Any]:
    assert body["creation_timestamp"] <= body["last_updated_timestamp"], body
    assert body["status"] == "READY", body
    return {
        "name": body["name"],
        "version": int(body["version"]),
        "stage": body["current_stage"],
        "description": body.get("description", ""),
        "source": body["source"],
        "run": named("run", body["run_id"]) if body.get("run_id") else "",
        "tags": _pairs(body),
        "aliases": sorted(body.get("aliases", [])),
    }


def model(body: dict[str, Any], named: Named) -> dict[str, Any]:
    assert body["creation_timestamp"] <= body["last_updated_timestamp"], body
    return {
        "name": body["name"],
        "description": body.get("description", ""),
        "tags": _pairs(body),
        "aliases": {one["alias"]: int(one["version"]) for one in body.get("aliases", [])},
        "latest": sorted((one["current_stage"], int(one["version"])) for one in body.get("latest_versions", [])),
    }


def experiment(body: dict[str, Any], named: Named) -> dict[str, Any]:
    return {
        "id": named("exp", body["experiment_id"]),
        "name": body["name"],
        "stage": body["lifecycle_stage"],
        "tags": _pairs(body),
    }


def run_info(body: dict[str, Any], named: Named) -> dict[str, Any]:
    return {
        "id": named("run", body["run_id"]),
        "experiment": named("exp", body["experiment_id"]),
        "name": body["run_name"],
        "status": body["status"],
        "start": body["start_time"],
        "end": body.get("end_time"),
        "stage": body["lifecycle_stage"],
    }


def run(body: dict[str, Any], named: Named) -> dict[str, Any]:
    data = body.get("data", {})
    tags = _pairs(data)
    return {
        **run_info(body["info"], named),
        "tags": {key: value for key, value in tags.items() if key not in _ADDED},
        "params": _pairs(data, "params"),
        "metrics": {one["key"]: point(one) for one in data.get("metrics", [])},
    }


def point(body: dict[str, Any]) -> tuple[int, int, float]:
    """Step, time and value, the order in which the latest is found."""
    return int(body.get("step", 0)), int(body["timestamp"]), float(body["value"])


_ADDED = {"mlflow.user", "mlflow.source.name", "mlflow.source.type"}


def seen(call: str, body: Any, named: Named) -> Any:
    """What an answer to this call says."""
    reader = _READERS.get(call)
    return reader(body, named) if reader else None


def _one(field: str, reader: Callable[[dict[str, Any], Named], Any]) -> Callable[[Any, Named], Any]:
    return lambda body, named: reader(body[field], named)


def _all(field: str, reader: Callable[[dict[str, Any], Named], Any]) -> Callable[[Any, Named], Any]:
    return lambda body, named: [reader(one, named) for one in body.get(field, [])]


_model, _version = _one("registered_model", model), _one("model_version", version)
_READERS: dict[str, Callable[[Any, Named], Any]] = {
    "registered-models/create": _model,
    "registered-models/get": _model,
    "registered-models/update": _model,
    "registered-models/rename": _model,
    "registered-models/search": _all("registered_models", model),
    "registered-models/get-latest-versions": _all("model_versions", version),
    "registered-models/alias/get": _version,
    "model-versions/create": _version,
    "model-versions/get": _version,
    "model-versions/update": _version,
    "model-versions/transition-stage": _version,
    "model-versions/search": _all("model_versions", version),
    "experiments/create": lambda body, named: named("exp", body["experiment_id"]),
    "experiments/get": _one("experiment", experiment),
    "experiments/get-by-name": _one("experiment", experiment),
    "experiments/search": _all("experiments", experiment),
    "runs/create": _one("run", run),
    "runs/get": _one("run", run),
    "runs/update": _one("run_info", run_info),
    "runs/search": _all("runs", run),
    "metrics/get-history": lambda body, named: sorted(map(point, body.get("metrics", []))),
}
