"""No method of Oracle's SDK is forgotten, and no field of an answer."""

import inspect
from typing import Any

import pytest
from aidp_python_client.aidataplatform_dp import MLOpsClient, WorkspaceClient, models

from tests.conformance.calls import methods_called_in
from tests.conformance.schema import assert_complete

OF_WORKSPACES = ("create_workspace", "get_workspace", "list_workspaces", "update_workspace", "delete_workspace")


def methods_of(client: Any) -> set[str]:
    return {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}


def test_every_method_is_called_but_those_for_deployments() -> None:
    called = methods_called_in("test_oracle_sdk_*.py")
    assert {name for name in methods_of(MLOpsClient) - called if "deployment" not in name} == set()


def test_every_method_for_workspaces_themselves_is_called() -> None:
    assert methods_of(WorkspaceClient) >= set(OF_WORKSPACES)
    assert set(OF_WORKSPACES) <= methods_called_in("test_oracle_sdk_workspaces.py")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"name": None}, ".name: no value"),
        ({"creation_timestamp": "5"}, ".creation_timestamp: '5' is no int"),
        ({"status": "SOMETHING"}, ".status: 'UNKNOWN_ENUM_VALUE' is no str"),
        ({"aliases": "champion"}, ".aliases: 'champion' is no list"),
        ({"tags": [models.ModelVersionTag(key="a")]}, ".tags[0].value: no value"),
    ],
)
def test_a_field_without_a_value_of_its_type_is_noticed(wrong: dict[str, Any], problem: str) -> None:
    whole = {
        "name": "a",
        "version": "1",
        "creation_timestamp": 1,
        "last_updated_timestamp": 1,
        "status": "READY",
        "aliases": [],
        "tags": [],
    }
    others = frozenset(models.ModelVersion().swagger_types.keys() - whole.keys())
    assert_complete(models.ModelVersion(**whole), absent=others)
    with pytest.raises(AssertionError) as caught:
        assert_complete(models.ModelVersion(**{**whole, **wrong}), absent=others)
    assert problem in str(caught.value)
