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

_BYTES: Json = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}

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
    "if-match": ("Do it only while the resource has this etag; 412 otherwise, and where it has none.", {}),
}
_RESPONSE_HEADERS = {
    "opc-request-id": "The request's id.",
    "etag": "Changes with each change of the resource.",
    "opc-next-page": "The next page, where there is one.",
}

_NEWER = ("mlflow/workspaces", "modelkeep/")
"""Paths that are documented at the newer version of MLflow's prefix; all are served at each."""

_SECURITY = {
    "password": {
        "type": "http",
        "scheme": "basic",
        "description": "User name and password, or a user name and one of its access tokens.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token of this server, or one of its identity provider.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "authorization",
        "description": "A request signature, as Oracle Cloud's clients make them.",
    },
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
        structs += [kind for kind in (operation.request, operation.response) if issubclass(kind, msgspec.Struct)]
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
        # The empty one stands for servers where nobody has to log in.
        "security": [{name: []} for name in _SECURITY] + [{}],
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
    return "/api/3.0/" if operation.path.startswith(_NEWER) else "/api/2.0/"


def _operation(
    operation: Operation, verb: str, prefix: str, dialect: Dialect, schemas: dict[type[msgspec.Struct], Json]
) -> Json:
    where = "platform" if prefix == f"{_TENANT}{_MLOPS}" else "workspace" if "/workspaces/" in prefix else dialect.value
    described: Json = {
        "operationId": f"{operation.name}_{where}_{verb.lower()}",
        "tags": [operation.resource],
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation, prefix), *_headers(operation, dialect)],
        "responses": _responses(operation, dialect, _answered(operation, verb, schemas)),
    }
    if operation.description:
        described["description"] = operation.description
    if verb in ("GET", "HEAD", "DELETE") or operation.takes_bytes:
        described["parameters"] += list(_query_parameters(operation))
    if operation.takes_bytes:
        described["requestBody"] = {"required": True, "content": _BYTES}
    elif verb not in ("GET", "HEAD") and (body := _body(operation, schemas)) is not None:
        described["requestBody"] = {"required": verb != "DELETE", "content": {"application/json": {"schema": body}}}
    return described


def _body(operation: Operation, schemas: dict[type[msgspec.Struct], Json]) -> Json | None:
    """The request, without what the path names; None where nothing is left."""
    if not msgspec.structs.fields(operation.request):
        return None
    in_path = set(_names_in(operation.path))
    if not in_path:
        return schemas[operation.request]
    own = dict(_own_schema(operation))
    own["properties"] = {name: schema for name, schema in own["properties"].items() if name not in in_path}
    required = [name for name in own.pop("required", ()) if name not in in_path]
    return {**own, **({"required": required} if required else {})} if own["properties"] else None


def _own_schema(operation: Operation) -> Json:
    _, components = msgspec.json.schema_components([operation.request], ref_template=_SCHEMAS)
    own: Json = components.get(operation.request.__name__, {})
    return own


def _answered(operation: Operation, verb: str, schemas: dict[type[msgspec.Struct], Json]) -> Json | None:
    """The content of a success; None where it has none."""
    if issubclass(operation.response, msgspec.Struct):
        return None if operation.status == 204 else {"application/json": {"schema": schemas[operation.response]}}
    return None if verb == "HEAD" else _BYTES


def _names_in(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _path_parameters(operation: Operation, prefix: str) -> list[Json]:
    """The segments in braces. One that takes the rest of the path may have slashes, which OpenAPI cannot say."""
    names = _names_in(prefix + operation.path)
    limits = [{"maxLength": KEY_LENGTH}] * len(names)
    if operation.takes_rest:
        limits[-1] = {}
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, **limit}}
        for name, limit in zip(names, limits, strict=True)
    ]


def _query_parameters(operation: Operation) -> Iterable[Json]:
    """Fields of the request as a query. Where a body can have them too, none is required of the query."""
    in_path = set(_names_in(operation.path))
    own = _own_schema(operation)
    for name, schema in own.get("properties", {}).items():
        if name not in in_path and not _is_nested(schema):
            required = name in own.get("required", ()) and (operation.verb == "GET" or operation.takes_bytes)
            yield {"name": name, "in": "query", "required": required, "schema": schema}


def _is_nested(schema: Json) -> bool:
    options = schema.get("anyOf", [schema])
    return any("$ref" in option.get("items", {}) or option.get("type") == "object" for option in options)


def _headers(operation: Operation, dialect: Dialect) -> list[Json]:
    names = ["opc-request-id", "dh-user-principal"]
    if dialect is Dialect.MLFLOW and operation.reach is not Reach.SERVER:
        names.append("X-MLFLOW-WORKSPACE")
    if operation.writes:
        names += ["if-match"] if operation.secret else ["opc-retry-token", "if-match"]
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
        "securitySchemes": _SECURITY,
    }


def _responses(operation: Operation, dialect: Dialect, content: Json | None) -> Json:
    success: Json = {"description": "Done.", "headers": {"opc-request-id": _header("opc-request-id")}}
    if content is not None:
        success["content"] = content
    if not operation.scans:
        success["headers"]["etag"] = _header("etag")
    if operation.lists:
        success["headers"]["opc-next-page"] = _header("opc-next-page")
    responses: Json = {str(operation.status): success}
    if operation.gives_bytes:
        responses |= {"206": {**success, "description": "The range asked for."}, "304": {"description": "Not changed."}}
    kinds = (
        *_ERRORS_OF_ALL,
        *(_ERRORS_OF_WRITES if operation.writes else ()),
        *((ErrorKind.RANGE_NOT_SATISFIABLE,) if operation.gives_bytes else ()),
        *((ErrorKind.LENGTH_REQUIRED,) if operation.takes_bytes else ()),
    )
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
