"""From method and path to an operation: tenant prefix split off, then one look-up.

The tables are made from the declarations; no other list of paths exists.
"""

from collections.abc import Iterable
from typing import NamedTuple

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.operation import Operation, Reach, by_path
from modelkeep.core.scope import Dialect

ORACLE_ROOT = "/20260430/"
PLATFORMS = "aiDataPlatforms"
MLFLOW_ROOTS = ("/api/", "/ajax-api/")
API_VERSIONS = ("2.0", "2.11", "3.0")
KEY_LENGTH = 500
PAGE_PATHS = {
    "get-artifact": "mlflow/get-artifact",
    "model-versions/get-artifact": "mlflow/model-versions/get-artifact",
}
"""What MLflow's pages ask for at the root, above the API's prefixes, and the operations that these are."""
SERVER_INFO = "mlflow/server-info"
"""What MLflow's clients ask of a server itself: below the API's prefixes, but no operation."""

_MLOPS = "/mlops/"
_ORACLE_PLATFORMS = f"{ORACLE_ROOT}{PLATFORMS}/"

# A team's clients ask for the same few paths all day: tenants times operations.
_MOST_REMEMBERED = 10_000
_LONGEST_REMEMBERED = 300

Verbs = dict[str, Operation]


class Place(NamedTuple):
    """What a path says before it comes to the operation."""

    dialect: Dialect
    platform: str | None
    workspace: str | None
    tail: str
    reaches: tuple[Reach, ...]


class Match(NamedTuple):
    """The operation that a request names, where, and what its path says of it."""

    operation: Operation
    place: Place
    parameters: dict[str, str] | None


class Routes:
    """The look-up tables of a set of operations."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._exact: dict[str, Verbs] = {}
        self._patterns: dict[tuple[str, ...], Verbs] = {}
        self._matched: dict[tuple[str, str], Match] = {}
        for path, verbs in by_path(operations).items():
            if "{" in path:
                self._patterns[tuple(path.split("/"))] = verbs
            else:
                self._exact[path] = verbs

    def match(self, method: str, path: str) -> Match | None:
        """The operation at this path; None where it is no API's or a probe's. Raises 404 or 405 otherwise."""
        known = self._matched.get((method, path))
        if known is None:
            known = self._match(method, path)
            if known is not None and len(path) <= _LONGEST_REMEMBERED and not known.operation.takes_rest:
                if len(self._matched) >= _MOST_REMEMBERED:
                    self._matched.clear()
                self._matched[method, path] = known
        return known

    def _match(self, method: str, path: str) -> Match | None:
        place = locate(path)
        if place is None or place.tail == SERVER_INFO:
            return None
        verbs = self._exact.get(place.tail)
        parameters = None
        if verbs is None:
            verbs, parameters = self._by_pattern(place.tail)
        operation = verbs.get(method)
        if operation is None:
            if not verbs or not any(known.reach in place.reaches for known in verbs.values()):
                raise ApiError(ErrorKind.NO_SUCH_OPERATION, f"There is no operation at {path[:200]!r}.")
            allowed = ", ".join(sorted(verbs))
            raise ApiError(
                ErrorKind.METHOD_NOT_ALLOWED,
                f"{method[:20]} is not allowed at {path[:200]!r}; {allowed} can be used.",
                (("allow", allowed),),
            )
        if operation.reach not in place.reaches:
            raise ApiError(ErrorKind.NO_SUCH_OPERATION, f"There is no operation at {path[:200]!r}.")
        return Match(operation, place, parameters)

    def _by_pattern(self, tail: str) -> tuple[Verbs, dict[str, str] | None]:
        given_segments = tail.split("/")
        for pattern, verbs in self._patterns.items():
            segments = given_segments
            takes_rest = any(operation.takes_rest for operation in verbs.values())
            if takes_rest and len(pattern) < len(segments):
                segments = tail.split("/", len(pattern) - 1)
            if len(pattern) == len(segments) and all(
                known == given or known.startswith("{") for known, given in zip(pattern, segments, strict=True)
            ):
                named = [
                    (known[1:-1], given)
                    for known, given in zip(pattern, segments, strict=True)
                    if known.startswith("{")
                ]
                # What takes the rest of a path is no key, and has a rule of its own.
                checked = named[:-1] if takes_rest else named
                return verbs, dict(named) | {name: check_key(name, given) for name, given in checked}
        return {}, None


_WORKSPACE_REACH = (Reach.REGISTRY, Reach.WORKSPACE)
_PLATFORM_REACH = (Reach.REGISTRY,)
_MLFLOW_REACH = (Reach.REGISTRY, Reach.WORKSPACE, Reach.SERVER)


def locate(path: str) -> Place | None:
    """Split the tenant prefix off a path; None where the path belongs to no API."""
    if path.startswith(_ORACLE_PLATFORMS):
        return _locate_tenant(path)
    for root in MLFLOW_ROOTS:
        if path.startswith(root):
            version, _, tail = path[len(root) :].partition("/")
            if version in API_VERSIONS:
                return Place(Dialect.MLFLOW, None, None, tail, _MLFLOW_REACH)
            return None
    if path[1:] in PAGE_PATHS:
        return Place(Dialect.MLFLOW, None, None, PAGE_PATHS[path[1:]], _MLFLOW_REACH)
    if path == f"{ORACLE_ROOT}{PLATFORMS}":
        return Place(Dialect.ORACLE, None, None, PLATFORMS, (Reach.SERVER,))
    return None


def split_tenant(path: str) -> tuple[str, str, str]:
    """What stands before `/mlops/`, that, and what stands behind it. A workspace may be called `mlops` itself."""
    tenant, mlops, tail = path.partition(_MLOPS)
    if tenant.endswith("/workspaces") and f"/{tail}".startswith(_MLOPS):
        return tenant + _MLOPS.rstrip("/"), mlops, tail.removeprefix(_MLOPS[1:])
    return tenant, mlops, tail


def _locate_tenant(path: str) -> Place | None:
    rest = path[len(_ORACLE_PLATFORMS) :]
    tenant, mlops, tail = split_tenant(rest)
    if not mlops:
        platform, _, tail = rest.partition("/")
        check_key("aiDataPlatformId", platform)
        return Place(Dialect.ORACLE, platform, None, tail, (Reach.PLATFORM,))
    root, _, versioned = tail.partition("/")
    version, _, operation = versioned.partition("/")
    if tail in PAGE_PATHS:
        operation = PAGE_PATHS[tail]
    elif f"/{root}/" not in MLFLOW_ROOTS or version not in API_VERSIONS:
        return None
    platform, *below = tenant.split("/")
    check_key("aiDataPlatformId", platform)
    if not below:
        return Place(Dialect.ORACLE, platform, None, operation, _PLATFORM_REACH)
    if len(below) == 2 and below[0] == "workspaces":
        check_key("workspaceKey", below[1])
        return Place(Dialect.ORACLE, platform, below[1], operation, _WORKSPACE_REACH)
    raise invalid_parameter(
        "aiDataPlatformId",
        f"{tenant[:200]!r} does not read as one segment of the path, or as three with 'workspaces' in the "
        "middle; a key cannot contain '/', not even encoded.",
    )


def check_key(field: str, value: str) -> str:
    """A key in a path: 1 to 500 characters of UTF-8, none of them a control character."""
    if not value.strip():
        raise ApiError(ErrorKind.MISSING_PARAMETER, f"Missing value for required parameter '{field}'.")
    if len(value) > KEY_LENGTH:
        raise invalid_parameter(field, f"it has {len(value)} characters, at most {KEY_LENGTH} are allowed.")
    # The HTTP server puts U+FFFD where a path's bytes are no UTF-8.
    if not value.isprintable() or "\ufffd" in value:
        raise invalid_parameter(field, "it has control characters or is no valid UTF-8.")
    return value
