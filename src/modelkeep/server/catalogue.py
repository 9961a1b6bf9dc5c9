"""Which modules declare the operations, and which resources have etags: the only list of either."""

from collections.abc import Callable

from modelkeep.core.operation import Operation, operations_of
from modelkeep.identity import groups, keys, mlflow_users, principals, roles, session_tokens, tokens, users
from modelkeep.registry import (
    aliases,
    counts,
    mlflow_grants,
    mlflow_role_grants,
    mlflow_roles,
    mlflow_user_permissions,
    model_version_artifacts,
    model_version_origin,
    model_version_search,
    model_version_stages,
    model_version_tags,
    model_versions,
    permissions,
    platforms,
    registered_model_search,
    registered_model_tags,
    registered_models,
    summary,
    webhook_deliveries,
    webhook_trial,
    webhooks,
    workspaces,
)
from modelkeep.server import audit
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking import (
    artifact_proxy,
    artifact_uploads,
    artifact_urls,
    artifacts,
    batches,
    datasets,
    experiment_permissions,
    experiment_search,
    experiment_tags,
    experiments,
    garbage,
    inputs,
    logged_keys,
    logged_model_artifacts,
    logged_model_search,
    logged_model_tags,
    logged_models,
    metric_history,
    metrics,
    model_history,
    params,
    run_search,
    run_table,
    run_tags,
    runs,
)

MODULES = (
    registered_models,
    registered_model_search,
    registered_model_tags,
    aliases,
    model_versions,
    model_version_search,
    model_version_tags,
    model_version_stages,
    model_version_artifacts,
    model_version_origin,
    summary,
    counts,
    webhooks,
    webhook_trial,
    webhook_deliveries,
    platforms,
    workspaces,
    permissions,
    mlflow_user_permissions,
    mlflow_grants,
    mlflow_roles,
    mlflow_role_grants,
    experiments,
    experiment_search,
    experiment_tags,
    experiment_permissions,
    runs,
    run_search,
    run_table,
    logged_keys,
    run_tags,
    params,
    metrics,
    batches,
    metric_history,
    inputs,
    datasets,
    model_history,
    logged_models,
    logged_model_search,
    logged_model_tags,
    garbage,
    artifacts,
    logged_model_artifacts,
    artifact_proxy,
    artifact_uploads,
    artifact_urls,
    users,
    groups,
    roles,
    tokens,
    keys,
    session_tokens,
    mlflow_users,
    audit,
)


def all_operations() -> list[Operation]:
    """Every operation of the server."""
    return operations_of(MODULES)


def etag_readers() -> dict[str, Callable[[Transaction, str], str]]:
    """By kind of resource, how to read the etag that one has now."""
    kept = (registered_models, model_versions, platforms, workspaces, experiments, runs, logged_models, webhooks)
    identities = {kind.value: principals.current_etag for kind in principals.Kind}
    return {module.KIND: module.current_etag for module in kept} | identities | {runs.DATA_KIND: runs.state_of_data}
