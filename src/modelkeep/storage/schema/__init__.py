"""The tables, once for both engines.

Times are milliseconds since 1970. `revision` grows with each change of a row's resource; etags are made of it.
"""

from modelkeep.storage.schema.base import metadata
from modelkeep.storage.schema.imports import imports
from modelkeep.storage.schema.registry import (
    commit_marks,
    model_version_tags,
    model_versions,
    platforms,
    registered_model_aliases,
    registered_model_tags,
    registered_models,
    schema_needs,
    server_secrets,
    workspaces,
    write_records,
)
from modelkeep.storage.schema.tracking import (
    artifact_removals,
    datasets,
    experiment_tags,
    experiments,
    latest_metrics,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
    metric_keys,
    metrics,
    params,
    recent_metrics,
    run_dataset_tags,
    run_datasets,
    run_models,
    run_tags,
    runs,
)

__all__ = [
    "artifact_removals",
    "commit_marks",
    "datasets",
    "experiment_tags",
    "experiments",
    "imports",
    "latest_metrics",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "logged_models",
    "metadata",
    "metric_keys",
    "metrics",
    "model_version_tags",
    "model_versions",
    "params",
    "platforms",
    "recent_metrics",
    "registered_model_aliases",
    "registered_model_tags",
    "registered_models",
    "run_dataset_tags",
    "run_datasets",
    "run_models",
    "run_tags",
    "runs",
    "schema_needs",
    "server_secrets",
    "workspaces",
    "write_records",
]
