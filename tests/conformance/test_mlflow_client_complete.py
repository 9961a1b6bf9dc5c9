"""No method of MLflow's client is forgotten: each is called, or has its reason not to be."""

import inspect

from mlflow import MlflowClient

from tests.conformance.calls import methods_called_in

_NOT_SERVED = {
    "traces are not served": """
        start_trace end_trace start_span end_span get_trace search_traces delete_traces set_trace_tag delete_trace_tag
        link_traces_to_run unlink_traces_from_run link_prompt_versions_to_trace
    """,
    "evaluation datasets, which hold questions and answers for language models, are not served": """
        create_dataset get_dataset delete_dataset search_datasets set_dataset_tags delete_dataset_tag
        add_dataset_to_experiments remove_dataset_from_experiments
    """,
    "servers of tools for language models are not registered here": """
        create_mcp_server get_mcp_server update_mcp_server delete_mcp_server search_mcp_servers
        set_mcp_server_tag delete_mcp_server_tag set_mcp_server_alias delete_mcp_server_alias
        create_mcp_server_version get_mcp_server_version get_mcp_server_version_by_alias get_latest_mcp_server_version
        update_mcp_server_version delete_mcp_server_version search_mcp_server_versions
        set_mcp_server_version_tag delete_mcp_server_version_tag refresh_mcp_server_version_tools
        create_mcp_access_endpoint get_mcp_access_endpoint update_mcp_access_endpoint delete_mcp_access_endpoint
        search_mcp_access_endpoints
    """,
}
NOT_SERVED = {method: reason for reason, methods in _NOT_SERVED.items() for method in methods.split()}


def test_every_method_is_called_or_has_its_reason_not_to_be() -> None:
    methods = {name for name, _ in inspect.getmembers(MlflowClient, inspect.isfunction) if not name.startswith("_")}
    assert methods - methods_called_in("test_mlflow_client_*.py") == NOT_SERVED.keys()
