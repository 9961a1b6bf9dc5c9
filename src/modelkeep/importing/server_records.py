"""Answers of MLflow's REST API as records."""

from typing import Any

from modelkeep.importing.folder_files import text
from modelkeep.importing.records import (
    Alias,
    Experiment,
    Latest,
    LoggedModel,
    Measured,
    Model,
    Pair,
    ReadDataset,
    Run,
    Version,
    Webhook,
)
from modelkeep.importing.source import number_of
from modelkeep.registry.events import ACTIVE, KNOWN_EVENTS
from modelkeep.registry.rules import PROMPT_TAG

Json = dict[str, Any]
_STATUSES = (
    "LOGGED_MODEL_STATUS_UNSPECIFIED",
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED",
)


def experiment(found: Json) -> Experiment:
    return Experiment(
        int(found["experiment_id"]),
        text(found.get("name")),
        text(found.get("artifact_location")),
        found.get("lifecycle_stage", "active"),
        int(found.get("creation_time", 0)),
        int(found.get("last_update_time", 0)),
        _pairs(found.get("tags")),
    )


def run(found: Json) -> Run:
    info, data = found["info"], found.get("data", {})
    inputs, outputs = found.get("inputs", {}), found.get("outputs", {})
    models = [("input", item["model_id"], 0) for item in inputs.get("model_inputs", [])]
    models += [("output", item["model_id"], int(item.get("step", 0))) for item in outputs.get("model_outputs", [])]
    # An end of 0 is how a server says that there is none.
    ended = int(info.get("end_time", 0)) or None
    return Run(
        info["run_id"],
        int(info["experiment_id"]),
        text(info.get("run_name")),
        text(info.get("user_id")),
        info.get("status", "RUNNING"),
        int(info.get("start_time", 0)),
        ended,
        info.get("lifecycle_stage", "active"),
        None,
        text(info.get("artifact_uri")),
        _pairs(data.get("params")),
        _pairs(data.get("tags")),
        [
            Latest(
                item["key"], int(item.get("timestamp", 0)), int(item.get("step", 0)), *number_of(float(item["value"]))
            )
            for item in data.get("metrics", [])
        ],
        [_dataset(item) for item in inputs.get("dataset_inputs", [])],
        models,
    )


def _dataset(found: Json) -> ReadDataset:
    fields = (
        text(found["dataset"].get(name)) for name in ("name", "digest", "source_type", "source", "schema", "profile")
    )
    return ReadDataset._make((*fields, _pairs(found.get("tags"))))


def logged_model(found: Json) -> LoggedModel:
    info, data = found["info"], found.get("data", {})
    status = info.get("status", 0)
    return LoggedModel(
        info["model_id"],
        int(info["experiment_id"]),
        text(info.get("name")),
        text(info.get("artifact_uri")),
        int(info.get("creation_timestamp_ms", 0)),
        int(info.get("last_updated_timestamp_ms", 0)),
        _STATUSES.index(status) if status in _STATUSES else int(status),
        text(info.get("status_message")),
        text(info.get("model_type")),
        text(info.get("source_run_id")),
        "active",
        _pairs(info.get("tags")),
        _pairs(data.get("params")),
        [
            Measured(
                item["key"],
                int(item.get("timestamp", 0)),
                int(item.get("step", 0)),
                text(item.get("run_id")),
                *number_of(float(item["value"])),
                text(item.get("dataset_name")),
                text(item.get("dataset_digest")),
            )
            for item in data.get("metrics", [])
        ],
    )


def model(found: Json) -> Model:
    created = int(found.get("creation_timestamp", 0))
    return Model(
        found["name"],
        text(found.get("description")),
        created,
        int(found.get("last_updated_timestamp", 0)) or created,
        text(found.get("deployment_job_id")),
        # What was deleted after it, only the server's own database knows.
        max((int(item["version"]) for item in found.get("latest_versions", [])), default=0),
        _pairs(found.get("tags")),
    )


def aliases(found: Json) -> list[Alias]:
    return [Alias(found["name"], item["alias"], int(item["version"])) for item in found.get("aliases", [])]


def version(found: Json, location: str) -> Version:
    created = int(found.get("creation_timestamp", 0))
    return Version(
        found["name"],
        int(found["version"]),
        created,
        int(found.get("last_updated_timestamp", 0)) or created,
        text(found.get("user_id")),
        found.get("current_stage", "None"),
        text(found.get("description")),
        text(found.get("source")),
        location,
        text(found.get("run_id")),
        text(found.get("run_link")),
        text(found.get("model_id")) or model_in(text(found.get("source"))),
        _pairs(found.get("tags")),
    )


def model_in(source: str) -> str:
    """The logged model that a source names, where it names one."""
    reference = source.removeprefix("models:/")
    return reference if reference != source and reference.startswith("m-") and "/" not in reference else ""


def is_prompt(found: Json) -> bool:
    return any(key == PROMPT_TAG for key, _ in _pairs(found.get("tags")))


def _pairs(found: list[Json] | None) -> list[Pair]:
    return [(item["key"], text(item.get("value"))) for item in found or []]


def webhook(found: Json) -> Webhook:
    """A webhook; its secret, where it has one, is not told."""
    pairs = [f"{event['entity']}.{event['action']}".lower() for event in found.get("events", [])]
    created = int(found.get("creation_timestamp", 0))
    return Webhook(
        found["webhook_id"],
        found["name"],
        text(found.get("description")),
        found["url"],
        found.get("status", ACTIVE),
        "",
        True,
        sorted({pair for pair in pairs if pair in KNOWN_EVENTS}),
        created,
        int(found.get("last_updated_timestamp", 0)) or created,
    )
