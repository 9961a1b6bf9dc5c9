"""One form of error: whatever the operation, the prefix and the verb, both vocabularies and the request's id."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from modelkeep.core.operation import Operation, Reach
from modelkeep.server.catalogue import all_operations
from tests.support.api import Answer, Api

_OPERATIONS = all_operations()
_BELOW_ALL = ("aiDataPlatforms", "mlflow/workspaces")


def _paths(operation: Operation, platform: str, workspace: str) -> list[str]:
    """Where the operation is served, for a platform and workspace of this name."""
    path = operation.path.replace("{workspaceKey}", workspace).replace("{workspace_name}", platform)
    path = re.sub(r"\{\w+\}", "absent-thing", path)
    tenant = f"/20260430/aiDataPlatforms/{platform}"
    if operation.reach is Reach.PLATFORM:
        return [f"{tenant}/{path}"]
    if operation.reach is Reach.SERVER:
        return [f"/20260430/{path}"] if path == "aiDataPlatforms" else [f"/api/3.0/{path}"]
    prefixes = [f"{tenant}/workspaces/{workspace}/mlops/api/2.0/", "/api/2.0/"]
    if operation.reach is Reach.REGISTRY:
        prefixes.append(f"{tenant}/mlops/api/2.0/")
    return [prefix + path for prefix in prefixes]


def _example(operation: Operation) -> dict[str, Any]:
    """A request in which each required field has a value of the right type and names what is not there."""
    values: dict[str, Any] = {"version": "1", "stage": "Staging", "source": "s3://b/k", "alias": "champion"}
    fields = msgspec.structs.fields(operation.request)
    return {
        field.encode_name: values.get(field.encode_name, "absent-thing")
        for field in fields
        if field.required and field.encode_name not in re.findall(r"\{(\w+)\}", operation.path)
    }


def _verbs(operation: Operation) -> set[str]:
    """The operation's own verb, and POST for a write of the registry whose path has no other use for it."""
    own_posts = {other.path for other in _OPERATIONS if other.verb == "POST"}
    posted = operation.writes and operation.reach is Reach.REGISTRY and operation.path not in own_posts
    return {operation.verb, *(["POST"] if posted else [])}


def _calls(platform: str, workspace: str) -> Iterator[tuple[Operation, str, str]]:
    for operation in _OPERATIONS:
        for path, verb in itertools.product(_paths(operation, platform, workspace), _verbs(operation)):
            yield operation, verb, path


def _hold(answer: Answer, verb: str, path: str) -> None:
    assert 400 <= answer.status < 500, (verb, path, answer)
    assert set(answer.body) == {"error_code", "code", "message"}, (verb, path, answer)
    assert all(isinstance(value, str) and value for value in answer.body.values()), (verb, path, answer)
    assert answer.headers["opc-request-id"] == "walk", (verb, path)
    assert answer.headers["content-type"] == "application/json", (verb, path)
    for word in ("Traceback", "sqlite", "SELECT", "INSERT", "modelkeep/"):
        assert word not in answer.body["message"], (verb, path, answer)


def test_every_operation_says_that_its_platform_is_not_there(root: Api) -> None:
    for operation, verb, path in _calls("absent-platform", "absent-workspace"):
        # Whoever has no valid signature is not told what there is.
        of_server = operation.reach is Reach.SERVER and "{workspace_name}" not in operation.path
        if operation.path in _BELOW_ALL or of_server or operation.signed:
            continue
        headers = {"opc-request-id": "walk"}
        if path.startswith("/api/2.0"):
            headers["X-MLFLOW-WORKSPACE"] = "absent-platform"
        body = _example(operation) | ({"description": "x"} if verb == "PATCH" else {})
        answer = root.call(verb, path, body, headers=headers)
        _hold(answer, verb, path)
        assert answer.error == (404, "RESOURCE_DOES_NOT_EXIST", "NotAuthorizedOrNotFound"), (verb, path, answer)


_NEED_NOTHING = (
    "create_registered_model",
    "create_mlflow_workspace",
    "create_experiment",
    "create_webhook",
    # The records of a name outlive what had it.
    "get_registered_model_history",
)


def test_every_operation_says_that_its_resource_is_not_there(root: Api, platform: str) -> None:
    for operation, verb, path in _calls(platform, "default"):
        body = _example(operation)
        if "name" not in body:
            continue
        headers = {"opc-request-id": "walk", **({"X-MLFLOW-WORKSPACE": platform} if path.startswith("/api") else {})}
        if operation.name in _NEED_NOTHING or (operation.reach is Reach.SERVER and operation.verb == "POST"):
            continue
        answer = root.call(verb, path, body, headers=headers)
        _hold(answer, verb, path)
        assert answer.status == 404, (verb, path, answer)


def test_every_operation_with_required_fields_asks_for_them(root: Api, platform: str) -> None:
    for operation, verb, path in _calls(platform, "default"):
        if not _example(operation):
            continue
        chosen = {"X-MLFLOW-WORKSPACE": platform} if path.startswith("/api") else {}
        answer = root.call(verb, path, {}, headers={"opc-request-id": "walk", **chosen})
        _hold(answer, verb, path)
        assert answer.error == (400, "INVALID_PARAMETER_VALUE", "MissingParameter"), (verb, path, answer)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"name": NaN}'])
def test_every_write_refuses_what_is_no_json(root: Api, platform: str, content: bytes) -> None:
    for operation, verb, path in _calls(platform, "default"):
        # What logs numbers takes NaN as Python's clients write it.
        if not operation.writes or (b"NaN" in content and operation.name in ("log_metric", "log_batch")):
            continue
        chosen = {"X-MLFLOW-WORKSPACE": platform} if path.startswith("/api/2.0") else {}
        answer = root.call(verb, path, headers={"opc-request-id": "walk", **chosen}, content=content)
        _hold(answer, verb, path)
        assert answer.error == (400, "BAD_REQUEST", "CannotParseRequest"), (verb, path, answer)


def test_the_walk_meets_every_operation() -> None:
    met = {operation.name for operation, _, _ in _calls("p", "w")}
    assert met == {operation.name for operation in _OPERATIONS}
    assert len(met) >= 34
