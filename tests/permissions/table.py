"""What each operation needs, and on what: written down by hand, apart from the declarations, with a request for each.

An operation that is not here fails the test that reads this.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

READ, MANAGE, ADMIN = 1, 2, 3

Ids = Mapping[str, str]
Fields = Callable[[Ids], dict[str, Any]]


class Row(NamedTuple):
    """`kind` is the resource that is asked: a grant on it, or on what it is in, must be at least `needs`."""

    kind: str
    needs: int
    fields: Fields


def _model(**more: Any) -> Fields:
    return lambda ids: {"name": ids["model"], **more}


def _version(**more: Any) -> Fields:
    return lambda ids: {"name": ids["model"], "version": "1", **more}


def _experiment(**more: Any) -> Fields:
    return lambda ids: {"experiment_id": ids["experiment"], **more}


def _run(**more: Any) -> Fields:
    return lambda ids: {"run_id": ids["run"], **more}


def _logged(**more: Any) -> Fields:
    return lambda ids: {"model_id": ids["logged_model"], **more}


def _path(**more: Any) -> Fields:
    return lambda ids: {"artifact_path": f"{ids['experiment']}/{ids['run']}/artifacts/f.txt", **more}


def _hook(**more: Any) -> Fields:
    return lambda ids: {"webhook_id": ids["webhook"], **more}


def _key(**more: Any) -> Fields:
    return lambda ids: {"registeredModelKey": ids["model"], **more}


def _resource(**more: Any) -> Fields:
    """What `wera` has on the model."""
    return lambda ids: {"username": "wera", "resource_type": "registered_model", "resource_id": ids["model"], **more}


def _role(**more: Any) -> Fields:
    return lambda ids: {"role_id": ids["role"], **more}


def _role_permission(**more: Any) -> Fields:
    return lambda ids: {"role_permission_id": ids["role_permission"], **more}


def _user(**more: Any) -> Fields:
    return lambda ids: {"name": "wera", **more}


def _just(**fields: Any) -> Fields:
    return lambda ids: fields


def _searched(**more: Any) -> Fields:
    return lambda ids: {"experiment_ids": [ids["experiment"]], **more}


_TAG = {"key": "k", "value": "v"}
_DATASET = {"dataset": {"name": "d", "digest": "1", "source_type": "s", "source": "s"}}
_MODEL_JSON = '{"run_id": "r", "artifact_path": "m", "flavors": {}, "utc_time_created": "now"}'
_DETAILS = {"assignees": {"type": "USER", "targets": ["zoe"]}, "permissions": ["READ"]}
_MEMBER = {"kind": "user", "member": "wera"}
_HOOK = {
    "name": "hook",
    "url": "https://hooks.example/x",
    "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
}
_POINT = {"key": "auc", "value": 0.5, "timestamp": 1}

ROWS: dict[str, Row] = {
    "create_registered_model": Row("new model", MANAGE, _just(name="brand-new")),
    "get_registered_model": Row("model", READ, _model()),
    "update_registered_model": Row("model", MANAGE, _model(description="d")),
    "rename_registered_model": Row("model", MANAGE, _model(new_name="renamed")),
    "delete_registered_model": Row("model", MANAGE, _model()),
    "get_latest_versions": Row("model", READ, _model()),
    "search_registered_models": Row("seen models", READ, _just()),
    "set_registered_model_tag": Row("model", MANAGE, _model(**_TAG)),
    "delete_registered_model_tag": Row("model", MANAGE, _model(key="k")),
    "update_registered_model_tags": Row("model", MANAGE, _model(set_tags=[_TAG])),
    "set_registered_model_alias": Row("model", MANAGE, _model(alias="a", version="1")),
    "delete_registered_model_alias": Row("model", MANAGE, _model(alias="a")),
    "get_model_version_by_alias": Row("model", READ, _model(alias="champion")),
    "create_model_version": Row("model", MANAGE, _model(source="s3://b/m")),
    "get_model_version": Row("model", READ, _version()),
    "update_model_version": Row("model", MANAGE, _version(description="d")),
    "delete_model_version": Row("model", MANAGE, _version()),
    "get_model_version_download_uri": Row("model", READ, _version()),
    "search_model_versions": Row("seen versions", READ, _just()),
    "set_model_version_tag": Row("model", MANAGE, _version(**_TAG)),
    "delete_model_version_tag": Row("model", MANAGE, _version(key="k")),
    "update_model_version_tags": Row("model", MANAGE, _version(set_tags=[_TAG])),
    "transition_model_version_stage": Row(
        "model", MANAGE, _version(stage="Production", archive_existing_versions=False)
    ),
    "get_model_version_artifact": Row("model", READ, _version(path="f.txt")),
    "get_model_version_origin": Row("model", READ, _version()),
    "get_registered_model_summary": Row("seen summary", READ, _just(catalog="c", schema="s")),
    "list_mlflow_workspaces": Row("seen platforms", READ, _just()),
    "create_mlflow_workspace": Row("server", ADMIN, _just(name="brand-new")),
    "get_mlflow_workspace": Row("named platform", READ, lambda ids: {"workspace_name": ids["platform"]}),
    "update_mlflow_workspace": Row(
        "named platform", ADMIN, lambda ids: {"workspace_name": ids["platform"], "description": "d"}
    ),
    "delete_mlflow_workspace": Row(
        "named platform", ADMIN, lambda ids: {"workspace_name": ids["platform"], "mode": "CASCADE"}
    ),
    "create_platform": Row("server", ADMIN, _just(id="brand-new")),
    "list_platforms": Row("seen platforms", READ, _just()),
    "create_workspace": Row("platform", MANAGE, _just(displayName="brand-new")),
    "get_workspace": Row("named workspace", READ, lambda ids: {"workspaceKey": ids["workspace"]}),
    "update_workspace": Row(
        "named workspace", MANAGE, lambda ids: {"workspaceKey": ids["workspace"], "description": "d"}
    ),
    "delete_workspace": Row("named workspace", MANAGE, lambda ids: {"workspaceKey": ids["workspace"]}),
    "list_workspaces": Row("seen workspaces", READ, _just()),
    "count_workspace": Row("seen experiments", READ, _just()),
    "count_server": Row("server", ADMIN, _just()),
    "create_experiment": Row("workspace", MANAGE, _just(name="brand-new")),
    "get_experiment": Row("experiment", READ, _experiment()),
    "get_experiment_by_name": Row("experiment", READ, lambda ids: {"experiment_name": ids["experiment_name"]}),
    "update_experiment": Row("experiment", MANAGE, _experiment(new_name="renamed")),
    "delete_experiment": Row("experiment", MANAGE, _experiment()),
    "restore_experiment": Row("deleted experiment", MANAGE, lambda ids: {"experiment_id": ids["deleted_experiment"]}),
    "search_experiments": Row("seen experiments", READ, _just()),
    "set_experiment_tag": Row("experiment", MANAGE, _experiment(**_TAG)),
    "delete_experiment_tag": Row("experiment", MANAGE, _experiment(key="kept")),
    "update_experiment_tags": Row("experiment", MANAGE, _experiment(set_tags=[_TAG])),
    "create_run": Row("experiment", MANAGE, _experiment()),
    "get_run": Row("experiment", READ, _run()),
    "update_run": Row("experiment", MANAGE, _run(status="FINISHED")),
    "delete_run": Row("experiment", MANAGE, _run()),
    "restore_run": Row("experiment", MANAGE, _run()),
    "search_runs": Row("seen runs", READ, _searched()),
    "set_run_tag": Row("experiment", MANAGE, _run(**_TAG)),
    "delete_run_tag": Row("experiment", MANAGE, _run(key="kept")),
    "update_run_tags": Row("experiment", MANAGE, _run(set_tags=[_TAG])),
    "log_parameter": Row("experiment", MANAGE, _run(**_TAG)),
    "log_metric": Row("experiment", MANAGE, _run(**_POINT)),
    "log_batch": Row("experiment", MANAGE, _run(metrics=[_POINT])),
    "get_metric_history": Row("experiment", READ, _run(metric_key="auc")),
    "get_metric_history_bulk": Row("experiment", READ, lambda ids: {"metric_key": "auc", "run_id": [ids["run"]]}),
    "get_metric_history_bulk_interval": Row(
        "experiment", READ, lambda ids: {"metric_key": "auc", "run_ids": [ids["run"]]}
    ),
    "log_inputs": Row("experiment", MANAGE, _run(datasets=[_DATASET])),
    "log_outputs": Row("experiment", MANAGE, _run(models=[{"model_id": "m-1", "step": 0}])),
    "search_datasets": Row("seen datasets", READ, _searched()),
    "log_model": Row("experiment", MANAGE, _run(model_json=_MODEL_JSON)),
    "create_logged_model": Row("experiment", MANAGE, _experiment()),
    "finalize_logged_model": Row("experiment", MANAGE, _logged(status="LOGGED_MODEL_READY")),
    "get_logged_model": Row("experiment", READ, _logged()),
    "delete_logged_model": Row("experiment", MANAGE, _logged()),
    "search_logged_models": Row("seen logged models", READ, _searched()),
    "set_logged_model_tags": Row("experiment", MANAGE, _logged(tags=[_TAG])),
    "delete_logged_model_tag": Row("experiment", MANAGE, _logged(tag_key="kept")),
    "log_logged_model_params": Row("experiment", MANAGE, _logged(params=[_TAG])),
    "collect_garbage": Row("workspace", ADMIN, _just()),
    "list_artifacts": Row("experiment", READ, _run()),
    "get_artifact": Row("experiment", READ, _run(path="f.txt")),
    "upload_run_artifact": Row("experiment", MANAGE, _run(path="f.txt")),
    "list_logged_model_artifacts": Row("experiment", READ, _logged()),
    "get_logged_model_artifact": Row("experiment", READ, _logged(artifact_file_path="f.txt")),
    "download_artifact": Row("experiment", READ, _path()),
    "upload_artifact": Row("experiment", MANAGE, _path()),
    "delete_artifact": Row("experiment", MANAGE, _path()),
    "list_folder_of_artifacts": Row("experiment", READ, lambda ids: {"path": ids["experiment"]}),
    "create_multipart_upload": Row("experiment", MANAGE, _path(path="f.txt")),
    "complete_multipart_upload": Row(
        "experiment", MANAGE, _path(path="f.txt", upload_id="u", parts=[{"part_number": 1, "etag": "e"}])
    ),
    "abort_multipart_upload": Row("experiment", MANAGE, _path(path="f.txt", upload_id="u")),
    "get_presigned_download_url": Row("experiment", READ, _path()),
    "create_presigned_upload_url": Row("experiment", MANAGE, _run(path="f.txt")),
    "create_presigned_download_url": Row("experiment", READ, _run(path="f.txt")),
    "search_run_table": Row("seen run table", READ, _searched()),
    "search_logged_keys": Row("experiment", READ, _experiment(kind="metrics")),
    "create_webhook": Row("platform", MANAGE, _just(**_HOOK)),
    "list_webhooks": Row("platform", MANAGE, _just()),
    "get_webhook": Row("platform", MANAGE, _hook()),
    "update_webhook": Row("platform", MANAGE, _hook(description="d")),
    "delete_webhook": Row("platform", MANAGE, _hook()),
    "test_webhook": Row("platform", MANAGE, _hook()),
    "list_webhook_deliveries": Row("platform", MANAGE, _hook()),
    "retry_webhook_deliveries": Row("platform", MANAGE, _hook()),
    "manage_registered_model_permission": Row("model", ADMIN, _key(assignRegisteredModelPermissionDetails=_DETAILS)),
    "list_registered_model_permissions": Row("model", READ, _key()),
    "manage_platform_permission": Row("platform", ADMIN, _just(assignPermissionDetails=_DETAILS)),
    "list_platform_permissions": Row("platform", READ, _just()),
    "manage_workspace_permission": Row(
        "named workspace",
        ADMIN,
        lambda ids: {"workspaceKey": ids["workspace"], "assignPermissionDetails": _DETAILS},
    ),
    "list_workspace_permissions": Row("named workspace", READ, lambda ids: {"workspaceKey": ids["workspace"]}),
    "manage_experiment_permission": Row("experiment", ADMIN, _experiment(assignPermissionDetails=_DETAILS)),
    "list_experiment_permissions": Row("experiment", READ, _experiment()),
    "mlflow_create_experiment_permission": Row("experiment", ADMIN, _experiment(username="zoe", permission="EDIT")),
    "mlflow_get_experiment_permission": Row("experiment", ADMIN, _experiment(username="wera")),
    "mlflow_update_experiment_permission": Row("experiment", ADMIN, _experiment(username="wera", permission="EDIT")),
    "mlflow_delete_experiment_permission": Row("experiment", ADMIN, _experiment(username="wera")),
    "mlflow_create_model_permission": Row("model", ADMIN, _model(username="zoe", permission="EDIT")),
    "mlflow_get_model_permission": Row("model", ADMIN, _model(username="wera")),
    "mlflow_update_model_permission": Row("model", ADMIN, _model(username="wera", permission="EDIT")),
    "mlflow_delete_model_permission": Row("model", ADMIN, _model(username="wera")),
    "mlflow_grant_user_permission": Row("model", ADMIN, _resource(permission="EDIT")),
    "mlflow_revoke_user_permission": Row("model", ADMIN, _resource()),
    "mlflow_get_user_permission": Row("open model", ADMIN, _resource()),
    "mlflow_list_current_user_permissions": Row("seen permissions", READ, _just()),
    "mlflow_list_user_permissions": Row("open platform", ADMIN, _just(username="wera")),
    "mlflow_create_role": Row("roles", ADMIN, lambda ids: {"workspace": ids["platform"], "name": "brand-new"}),
    "mlflow_list_roles": Row("roles", READ, lambda ids: {"workspace": ids["platform"]}),
    "mlflow_get_role": Row("role", READ, _role()),
    "mlflow_update_role": Row("role", ADMIN, _role(description="d")),
    "mlflow_delete_role": Row("role", ADMIN, _role()),
    "mlflow_add_role_permission": Row(
        "role",
        ADMIN,
        lambda ids: {
            "role_id": ids["role"],
            "resource_type": "registered_model",
            "resource_pattern": ids["model"],
            "permission": "EDIT",
        },
    ),
    "mlflow_remove_role_permission": Row("role", ADMIN, _role_permission()),
    "mlflow_update_role_permission": Row("role", ADMIN, _role_permission(permission="EDIT")),
    "mlflow_list_role_permissions": Row("role", READ, _role()),
    "mlflow_assign_role": Row("role", ADMIN, _role(username="zoe")),
    "mlflow_unassign_role": Row("role", ADMIN, _role(username="wera")),
    "mlflow_list_role_users": Row("role", READ, _role()),
    "mlflow_list_user_roles": Row("open roles", ADMIN, _just(username="wera")),
    "search_audit": Row("roles", ADMIN, lambda ids: {"workspace": ids["platform"]}),
    "get_registered_model_history": Row("model", READ, _model()),
    "create_user": Row("server", ADMIN, _just(name="brand-new")),
    "list_users": Row("server", ADMIN, _just()),
    "get_user": Row("own", READ, _user()),
    "update_user": Row("server", ADMIN, _user(display_name="d")),
    "delete_user": Row("server", ADMIN, _user()),
    "set_password": Row("own", READ, _user(password="a long enough one")),
    "create_group": Row("server", ADMIN, _just(name="brand-new")),
    "list_groups": Row("server", ADMIN, _just()),
    "get_group": Row("own", READ, _just(name="team")),
    "update_group": Row("server", ADMIN, _just(name="team", description="d")),
    "delete_group": Row("server", ADMIN, _just(name="team")),
    "add_group_member": Row("server", ADMIN, _just(name="team", **_MEMBER)),
    "remove_group_member": Row("server", ADMIN, _just(name="team", **_MEMBER)),
    "create_role": Row("server", ADMIN, _just(name="brand-new")),
    "list_roles": Row("server", ADMIN, _just()),
    "get_role": Row("own", READ, _just(name="stewards")),
    "update_role": Row("server", ADMIN, _just(name="stewards", description="d")),
    "delete_role": Row("server", ADMIN, _just(name="stewards")),
    "add_role_member": Row("server", ADMIN, _just(name="stewards", **_MEMBER)),
    "remove_role_member": Row("server", ADMIN, _just(name="stewards", **_MEMBER)),
    "create_token": Row("own", READ, _just(user="wera", name="another")),
    "list_tokens": Row("own", READ, _just(user="wera")),
    "delete_token": Row("own", READ, _just(user="wera", name="one")),
    "add_key": Row("own", READ, lambda ids: {"user": "wera", "public_key": ids["new_public_key"]}),
    "list_keys": Row("own", READ, _just(user="wera")),
    "delete_key": Row("own", READ, lambda ids: {"user": "wera", "fingerprint": ids["fingerprint"]}),
    "create_session_token": Row("own", READ, lambda ids: {"user": "wera", "public_key": ids["new_public_key"]}),
    "list_session_tokens": Row("own", READ, _just(user="wera")),
    "delete_session_token": Row("own", READ, lambda ids: {"user": "wera", "id": ids["session_token"]}),
    "mlflow_create_user": Row("server", ADMIN, _just(username="brand-new", password="a long enough one")),
    "mlflow_get_user": Row("own", READ, _just(username="wera")),
    "mlflow_current_user": Row("caller", READ, _just()),
    "mlflow_list_users": Row("server", ADMIN, _just()),
    "mlflow_update_user_password": Row("own", READ, _just(username="wera", password="a long enough one")),
    "mlflow_update_user_admin": Row("server", ADMIN, _just(username="wera", is_admin=True)),
    "mlflow_delete_user": Row("server", ADMIN, _just(username="wera")),
    "download_signed": Row("signed", READ, _just(grant="none")),
    "upload_signed": Row("signed", READ, _just(grant="none")),
}
