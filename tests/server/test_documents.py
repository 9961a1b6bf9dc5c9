"""What the server says of itself: OpenAPI, the page for people, the probes."""

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from modelkeep import __version__
from modelkeep.core.operation import Operation, Reach
from modelkeep.server.catalogue import all_operations
from tests.support.api import Api

_TENANT = "/20260430/aiDataPlatforms/{aiDataPlatformId}"
_REGISTRY = (f"{_TENANT}/mlops/api/2.0/", f"{_TENANT}/workspaces/{{workspaceKey}}/mlops/api/2.0/", "/api/2.0/")


@pytest.fixture(scope="module")
def document(server: Any) -> Any:
    return Api(server.url).ok("GET", "/openapi.json")


def _resolved(document: Any, part: Any) -> Any:
    """What a part of the document says, here or where its `$ref` points."""
    while "$ref" in part:
        where = part["$ref"].removeprefix("#/").split("/")
        part = document
        for name in where:
            part = part[name]
    return part


def _mlflow_prefix(path: str) -> str:
    if path == "aiDataPlatforms":
        return "/20260430/"
    return "/api/3.0/" if path.startswith(("mlflow/workspaces", "modelkeep/")) else "/api/2.0/"


def _served(operation: Operation) -> set[tuple[str, str]]:
    prefixes = {
        Reach.REGISTRY: _REGISTRY,
        Reach.WORKSPACE: (_REGISTRY[1], _mlflow_prefix(operation.path)),
        Reach.PLATFORM: (f"{_TENANT}/",),
        Reach.SERVER: (_mlflow_prefix(operation.path),),
    }[operation.reach]
    verbs = {
        operation.verb,
        *(["POST"] if operation.writes and operation.reach in (Reach.REGISTRY, Reach.WORKSPACE) else []),
    }
    if operation.gives_bytes:
        verbs.add("HEAD")
    return {(prefix + operation.path, verb.lower()) for prefix in prefixes for verb in verbs}


def test_the_openapi_document_is_valid(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_operation_is_in_the_document_under_every_prefix_and_verb(document: Any) -> None:
    described = {(path, verb) for path, item in document["paths"].items() for verb in item}
    declared = set().union(*(_served(operation) for operation in all_operations()))
    assert declared <= described
    others = {path for path, _ in described - declared}
    assert others == {"/health", "/ready", "/version", "/api/3.0/mlflow/server-info"}


def test_every_described_path_is_served(document: Any, root: Api) -> None:
    for path, item in document["paths"].items():
        real = path.replace("{aiDataPlatformId}", "default").replace("{workspaceKey}", "default")
        for verb in item:
            answer = root.call(verb.upper(), real.replace("{workspace_name}", "absent-1"))
            assert answer.status != 405, (verb, path)
            assert answer.status < 500, (verb, path)
            assert "ENDPOINT_NOT_FOUND" not in str(answer.body), (verb, path)


def test_every_described_operation_has_an_id_of_its_own_and_an_error_schema(document: Any) -> None:
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    for operation in operations:
        if operation["tags"] != ["probes"]:
            response = _resolved(document, operation["responses"]["default"])
            assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
    assert set(document["components"]["schemas"]["Error"]["required"]) == {"error_code", "code", "message"}


def test_writes_describe_the_headers_of_retries_and_etags(document: Any) -> None:
    create = document["paths"][f"{_REGISTRY[1]}mlflow/model-versions/create"]["post"]
    parameters = [_resolved(document, parameter) for parameter in create["parameters"]]
    headers = {parameter["name"] for parameter in parameters if parameter["in"] == "header"}
    assert {"opc-request-id", "opc-retry-token", "if-match", "dh-user-principal"} <= headers
    assert {"400", "401", "404", "409", "412", "413", "429", "500", "default"} <= set(create["responses"])


def test_the_page_for_people_names_every_operation_and_loads_nothing(root: Api) -> None:
    answer = root.call("GET", "/docs")
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.content.decode()
    for operation in all_operations():
        assert operation.path in page
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert not re.search(r"@import|url\(\s*[\"']?(https?:)?//", page)
    assert "<script" not in page


def test_the_root_leads_to_the_pages(root: Api) -> None:
    answer = root.call("GET", "/")
    assert (answer.status, answer.headers["location"]) == (303, "/p/default/models")


@pytest.mark.parametrize("prefix", ["", "/20260430/aiDataPlatforms/default/workspaces/default/mlops"])
@pytest.mark.parametrize(("path", "text"), [("/health", "OK"), ("/ready", "OK"), ("/version", __version__)])
def test_probes_answer_at_the_root_and_below_a_tenant(root: Api, prefix: str, path: str, text: str) -> None:
    answer = root.call("GET", prefix + path)
    assert (answer.status, answer.body) == (200, text)
    assert answer.headers["content-type"].startswith("text/plain")


def test_the_document_is_the_same_each_time(root: Api, document: Any) -> None:
    assert json.dumps(root.ok("GET", "/openapi.json")) == json.dumps(document)
