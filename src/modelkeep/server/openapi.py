"""The OpenAPI 3.1 document, derived from the declarations: every prefix, every verb, every status."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from modelkeep import __version__
from modelkeep.core.errors import ErrorKind
from modelkeep.core.operation import Operation, Reach, by_path
from modelkeep.core.scope import Dialect
from modelkeep.server.errors import Error, status_of
from modelkeep.server.probes import PROBES, ServerInfo
from modelkeep.server.routes import KEY_LENGTH, ORACLE_ROOT, PLATFORMS

_SCHEMAS = "#/components/schemas/{name}"
_TENANT = f"{ORACLE_ROOT}{PLATFORMS}/{{aiDataPlatformId}}"
_WORKSPACE = f"{_TENANT}/workspaces/{{workspaceKey}}"
_MLOPS = "/mlops/api/2.0/"

Json = dict[str, Any]

_RESPONSES = "#/components/responses/{name}"
_REQUEST_HEADERS: dict[str, tuple[str, Json]] = {
    "opc-request-id": ("Echoed in the answer and in the log.", {"pattern": "^[A-Za-z0-9_-]{1,255}$"}),
    "dh-user-principal": ("On whose behalf a trusted gateway calls.", {"minLength": 1, "maxLength": 255}),
    "X-MLFLOW-WORKSPACE": ("The platform to use instead of the default.", {}),
    "opc-retry-token": (
        "The same write sent again within 24 hours with the same token is answered as the first was, and not done "
        "again.",
        {"minLength": 1, "maxLength": 64},
    ),
    "if-match": ("Do it only while the resource has this etag.", {}),
}
_RESPONSE_HEADERS = {
    "opc-request-id": "The request's id.",
    "etag": "Changes with each change of the resource.",
    "opc-next-page": "The next page, where there is one.",
}

_ERRORS_OF_ALL = (
    ErrorKind.INVALID_PARAMETER,
    ErrorKind.NOT_AUTHENTICATED,
    ErrorKind.NOT_AUTHORIZED,
    ErrorKind.NOT_FOUND,
    ErrorKind.PAYLOAD_TOO_LARGE,
    ErrorKind.TOO_MANY_REQUESTS,
    ErrorKind.INTERNAL,
    ErrorKind.UNAVAILABLE,
)
_ERRORS_OF_WRITES = (
    ErrorKind.INCORRECT_STATE,
    ErrorKind.INVALIDATED_RETRY_TOKEN,
    ErrorKind.NO_ETAG_MATCH,
)


def openapi_document(operations: Sequence[Operation]) -> bytes:
    """The document, as JSON."""
    structs: list[type[msgspec.Struct]] = [Error, ServerInfo]
    for operation in operations:
        structs += [operation.request, operation.response]
    unique = list(dict.fromkeys(structs))
    references, components = msgspec.json.schema_components(unique, ref_template=_SCHEMAS)
    schemas = dict(zip(unique, references, strict=True))
    paths: dict[str, Json] = {}
    for path, verbs in by_path(operations).items():
        for verb, operation in verbs.items():
            for prefix, dialect in _prefixes(operation):
                item = paths.setdefault(prefix + path, {})
                item[verb.lower()] = _operation(operation, verb, prefix, dialect, schemas)
    _add_probes(paths)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "modelkeep",
            "version": __version__,
            "description": "A model registry that speaks MLflow's REST API and the MLOps API of Oracle AI Data "
            "Platform.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.resource for operation in operations)]
        + [{"name": "probes"}],
        "paths": paths,
        "components": {"schemas": components, **_shared()},
    }
    return msgspec.json.encode(document)


def _prefixes(operation: Operation) -> list[tuple[str, Dialect]]:
    if operation.reach is Reach.PLATFORM:
        return [(f"{_TENANT}/", Dialect.ORACLE)]
    if operation.path == PLATFORMS:
        return [(ORACLE_ROOT, Dialect.ORACLE)]
    mlflow = [(_mlflow_prefix(operation), Dialect.MLFLOW)]
    if operation.reach is Reach.SERVER:
        return mlflow
    workspace = [(f"{_WORKSPACE}{_MLOPS}", Dialect.ORACLE), *mlflow]
    return workspace if operation.reach is Reach.WORKSPACE else [(f"{_TENANT}{_MLOPS}", Dialect.ORACLE), *workspace]


def _mlflow_prefix(operation: Operation) -> str:
    return "/api/3.0/" if operation.path.startswith("mlflow/workspaces") else "/api/2.0/"


def _operation(
    operation: Operation, verb: str, prefix: str, dialect: Dialect, schemas: dict[type[msgspec.Struct], Json]
) -> Json:
    where = "platform" if prefix == f"{_TENANT}{_MLOPS}" else "workspace" if "/workspaces/" in prefix else dialect.value
    described: Json = {
        "operationId": f"{operation.name}_{where}_{verb.lower()}",
        "tags": [operation.resource],
        "summary": operation.summary,
        "parameters": [*_path_parameters(prefix + operation.path), *_headers(operation, dialect)],
        "responses": _responses(operation, dialect, schemas[operation.response]),
    }
    if operation.description:
        described["description"] = operation.description
    if verb in ("GET", "DELETE"):
        described["parameters"] += list(_query_parameters(operation))
    if verb != "GET" and msgspec.structs.fields(operation.request):
        described["requestBody"] = {
            "required": verb != "DELETE",
            "content": {"application/json": {"schema": schemas[operation.request]}},
        }
    return described


def _path_parameters(path: str) -> list[Json]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH},
        }
        for name in names
    ]


def _query_parameters(operation: Operation) -> Iterable[Json]:
    """Fields of the request as a query. Where a body can have them too, none is required of the query."""
    in_path = {part[1:-1] for part in operation.path.split("/") if part.startswith("{")}
    _, components = msgspec.json.schema_components([operation.request], ref_template=_SCHEMAS)
    own = components.get(operation.request.__name__, {})
    for name, schema in own.get("properties", {}).items():
        if name not in in_path and not _is_nested(schema):
            required = name in own.get("required", ()) and operation.verb == "GET"
            yield {"name": name, "in": "query", "required": required, "schema": schema}


def _is_nested(schema: Json) -> bool:
    options = schema.get("anyOf", [schema])
    return any("$ref" in option.get("items", {}) or option.get("type") == "object" for option in options)


def _headers(operation: Operation, dialect: Dialect) -> list[Json]:
    names = ["opc-request-id", "dh-user-principal"]
    if dialect is Dialect.MLFLOW and operation.reach is not Reach.SERVER:
        names.append("X-MLFLOW-WORKSPACE")
    if operation.writes:
        names += ["opc-retry-token", "if-match"]
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _header(name: str) -> Json:
    return {"$ref": f"#/components/headers/{name}"}


def _shared() -> Json:
    """What most operations have in common, written once."""
    string = {"type": "string"}
    error = {
        "description": "An error; `code` is Oracle's name for it and `error_code` MLflow's.",
        "headers": {"opc-request-id": _header("opc-request-id")},
        "content": {"application/json": {"schema": {"$ref": _SCHEMAS.format(name="Error")}}},
    }
    return {
        "parameters": {
            name: {
                "name": name,
                "in": "header",
                "required": False,
                "description": text,
                "schema": {**string, **rules},
            }
            for name, (text, rules) in _REQUEST_HEADERS.items()
        },
        "headers": {name: {"description": text, "schema": string} for name, text in _RESPONSE_HEADERS.items()},
        "responses": {"Error": error},
    }


def _responses(operation: Operation, dialect: Dialect, schema: Json) -> Json:
    success: Json = {"description": "Done.", "headers": {"opc-request-id": _header("opc-request-id")}}
    if operation.status != 204:
        success["content"] = {"application/json": {"schema": schema}}
    if not operation.scans:
        success["headers"]["etag"] = _header("etag")
    if operation.lists:
        success["headers"]["opc-next-page"] = _header("opc-next-page")
    responses: Json = {str(operation.status): success}
    kinds = (*_ERRORS_OF_ALL, *(_ERRORS_OF_WRITES if operation.writes else ()))
    for status in (*sorted({str(status_of(kind, dialect)) for kind in kinds}), "default"):
        responses[status] = {"$ref": _RESPONSES.format(name="Error")}
    return responses


def _add_probes(paths: dict[str, Json]) -> None:
    text = {"text/plain": {"schema": {"type": "string"}}}
    for name, probe in PROBES.items():
        responses: Json = {"200": {"description": probe.summary, "content": text}}
        if name == "ready":
            responses["503"] = {"description": "The database does not answer.", "content": text}
        paths[f"/{name}"] = {
            "get": {
                "operationId": name,
                "tags": ["probes"],
                "summary": probe.summary,
                "responses": responses,
            }
        }
    paths["/api/3.0/mlflow/server-info"] = {
        "get": {
            "operationId": "server_info",
            "tags": ["probes"],
            "summary": "What this server can do, as MLflow's clients ask.",
            "responses": {
                "200": {
                    "description": "Its abilities.",
                    "content": {"application/json": {"schema": {"$ref": _SCHEMAS.format(name="ServerInfo")}}},
                }
            },
        }
    }
