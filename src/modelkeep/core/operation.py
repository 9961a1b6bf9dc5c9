"""An operation is declared once; routing, decoding, permission, retry tokens and documents derive from it."""

import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any, TypeVar, get_type_hints

import msgspec

from modelkeep.core.exchange import Content
from modelkeep.core.guard import Guard
from modelkeep.core.permission import Permission

F = TypeVar("F", bound=Callable[..., Any])
After = Callable[..., Awaitable[Any]]
Before = Callable[..., Awaitable[Any]]
LookUp = Callable[[Callable[[Any], Any]], Awaitable[Any]]
"""Runs a function of a transaction, and gives what it gives."""


class Reach(Enum):
    """Under which URL prefixes an operation is served, and so which tenancy it is handed."""

    REGISTRY = "registry"
    """Platform path, workspace path and MLflow's prefix: what a platform's workspaces share."""
    WORKSPACE = "workspace"
    """Workspace path and MLflow's prefix: what belongs to one workspace."""
    PLATFORM = "platform"
    """Oracle's prefix, directly below the platform: its workspaces."""
    SERVER = "server"
    """Above all platforms: Oracle's or MLflow's prefix as the path says, and no tenancy."""


class Empty(msgspec.Struct):
    """A request or an answer without fields: `{}`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A declaration, as read from `@operation` and the function's own annotations."""

    path: str
    verb: str
    name: str
    function: Callable[..., Any]
    request: type[msgspec.Struct]
    response: type[msgspec.Struct] | type[Content]
    reach: Reach
    needs: Permission
    on: Guard
    """The resource on which it needs that."""
    writes: bool
    status: int
    summary: str
    description: str
    resource: str
    """The tag under which documents list it: the file it stands in."""
    scans: bool
    """It may read many rows, so it is not run where it would hold up others."""
    lists: bool
    """Its answer may have a further page, named by the header `opc-next-page`."""
    takes_rest: bool
    """The last parameter of its path takes all that is left of the path, slashes too."""
    after: After | None
    """What it does with bytes once its transaction has ended; `function` then returns a plan, not the answer."""
    before: Before | None
    """What takes long and needs no transaction, such as hashing: it gives the request that `function` is handed."""
    secret: bool
    """Its request or its answer has a secret: nothing of either is kept, so it takes no retry token."""
    takes_bytes: bool
    """The request's body is bytes and no struct; the struct is read from path and query alone."""
    signed: bool
    """Its URL carries a signature that is the permission, so the caller need not be known."""

    @property
    def gives_bytes(self) -> bool:
        return self.response is Content


def operation(
    path: str,
    *,
    needs: Permission,
    on: Guard,
    verb: str = "GET",
    writes: bool = False,
    reach: Reach = Reach.REGISTRY,
    status: int = 200,
    scans: bool = False,
    lists: bool = False,
    takes_rest: bool = False,
    before: Before | None = None,
    secret: bool = False,
    after: After | None = None,
    takes_bytes: bool = False,
    signed: bool = False,
) -> Callable[[F], F]:
    """Declare `function(tx, scope, request) -> response` as the operation at `path`.

    `verb` is MLflow's. `needs` and `on`, which permission and on what, have no defaults: an operation that forgets them
    cannot be declared.

    With `before`, `await before(look_up, scope, request) -> request` comes first.

    With `after`, the function returns a plan instead, and `await after(stores, plan, exchange) -> response` follows
    when the transaction has ended: no byte is moved while one is open.
    """

    def declare(function: F) -> F:
        hints = get_type_hints(function)
        summary, _, description = inspect.cleandoc(function.__doc__ or function.__name__).partition("\n")
        declaration = Operation(
            path=path,
            verb=verb,
            name=function.__name__,
            function=function,
            request=hints["request"],
            response=get_type_hints(after)["return"] if after else hints["return"],
            reach=reach,
            needs=needs,
            on=on,
            writes=writes,
            status=status,
            summary=summary,
            description=description.strip(),
            resource=function.__module__.rpartition(".")[2],
            scans=scans,
            lists=lists,
            takes_rest=takes_rest,
            before=before,
            secret=secret,
            after=after,
            takes_bytes=takes_bytes,
            signed=signed,
        )
        declared: tuple[Operation, ...] = getattr(function, "declared_operations", ())
        function.declared_operations = (*declared, declaration)  # type: ignore[attr-defined]
        return function

    return declare


def operations_of(modules: Iterable[ModuleType]) -> list[Operation]:
    """All operations declared in these modules, in the order in which they stand there."""
    return [
        declaration
        for module in modules
        for function in vars(module).values()
        if getattr(function, "__module__", None) == module.__name__
        for declaration in getattr(function, "declared_operations", ())
    ]


def by_path(operations: Iterable[Operation]) -> dict[str, dict[str, Operation]]:
    """From path to verb to operation.

    Oracle's clients POST every write of the registry, so POST reaches one beside MLflow's verb, unless the path has
    a POST of its own. What answers GET with bytes answers HEAD as well.
    """
    declared = list(operations)
    paths: dict[str, dict[str, Operation]] = {}
    for operation in declared:
        paths.setdefault(operation.path, {})[operation.verb] = operation
    for operation in declared:
        if operation.writes and operation.reach in (Reach.REGISTRY, Reach.WORKSPACE):
            paths[operation.path].setdefault("POST", operation)
        if operation.gives_bytes and operation.verb == "GET":
            paths[operation.path].setdefault("HEAD", operation)
    return paths
