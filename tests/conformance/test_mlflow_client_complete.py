"""No method of MLflow's client for the registry is forgotten."""

import inspect

from mlflow import MlflowClient

from tests.conformance.calls import methods_called_in

NOT_APPLICABLE = {
    **dict.fromkeys(
        ("create_webhook", "get_webhook", "list_webhooks", "update_webhook", "delete_webhook", "test_webhook"),
        "webhooks are not served yet",
    ),
    **dict.fromkeys(
        ("link_prompt_version_to_run", "list_logged_prompts", "detach_prompt_from_run"),
        "they write to and read from a run, and runs are not served yet",
    ),
    "link_prompt_versions_to_trace": "it writes to a trace, and traces are not served",
}
OF_THE_REGISTRY = ("registered_model", "model_version", "latest_versions", "prompt", "webhook", "workspace")
ITS_CLIENTS = ("_get_registry_client()", "_get_workspace_client()")


def test_every_method_for_the_registry_is_called() -> None:
    methods = {
        name: method
        for name, method in inspect.getmembers(MlflowClient, inspect.isfunction)
        if not name.startswith("_")
    }
    wanted = {
        name
        for name, method in methods.items()
        if any(word in name for word in OF_THE_REGISTRY)
        or any(client in inspect.getsource(method) for client in ITS_CLIENTS)
    }
    assert wanted - methods_called_in("test_mlflow_client_*.py") == NOT_APPLICABLE.keys()
