"""Whole numbers beyond what a database keeps: refused wherever a request has one, and no 500."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from modelkeep.core.operation import Operation
from modelkeep.server.catalogue import all_operations
from modelkeep.server.openapi import openapi_document
from tests.support.api import Api
from tests.support.server import RunningServer

_TOO_LARGE = (2**63, 2**70, -(2**63) - 1)
_PATHS: dict[str, dict[str, Any]] = msgspec.json.decode(openapi_document(all_operations()))["paths"]


def _numbers(operation: Operation) -> Iterator[str]:
    """The request's fields that are whole numbers."""
    for field in msgspec.inspect.multi_type_info([operation.request])[0].fields:  # type: ignore[attr-defined]
        options = getattr(field.type, "types", (field.type,))
        if any(isinstance(option, msgspec.inspect.IntType) for option in options):
            yield field.encode_name


_CASES = [(operation, field) for operation in all_operations() for field in _numbers(operation)]


@pytest.fixture(scope="module")
def known(server: RunningServer) -> dict[str, Any]:
    """Fields that name what is there, so that a request comes to its number."""
    api = Api(server.url, "/api/2.0/mlflow")
    api.post("registered-models/create", name="numbers")
    api.post("model-versions/create", name="numbers", source="s3://b/k")
    run = api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
    return {
        "name": "numbers",
        "version": "1",
        "run_id": run,
        "experiment_id": "0",
        "experiment_ids": ["0"],
        "registeredModelKey": "numbers",
        "metric_key": "k",
        "key": "k",
        "aiDataPlatformId": "default",
        "workspaceKey": "default",
        "resource_type": "workspace",
        "resource_pattern": "*",
        "permission": "READ",
        "username": "nobody",
    }


@pytest.mark.parametrize(("operation", "field"), _CASES, ids=[f"{one.name}-{field}" for one, field in _CASES])
def test_a_whole_number_that_no_database_keeps_is_refused(
    server: RunningServer, known: dict[str, Any], operation: Operation, field: str
) -> None:
    path = next(path for path in _PATHS if path.endswith(f"/{operation.path}"))
    names = {one.encode_name for one in msgspec.structs.fields(operation.request)}
    for number in _TOO_LARGE:
        fields = {name: value for name, value in known.items() if name in names} | {field: number}
        for name in known:
            path = path.replace(f"{{{name}}}", str(known[name]))
        reads = operation.verb == "GET"
        answer = Api(server.url).call(operation.verb, path, None if reads else fields, query=fields if reads else None)
        assert answer.status in (400, 404), (number, answer)
