"""Where an operation's permission is asked: the other half of its declaration, beside which permission it needs.

A guard knows one kind of resource. Those of the request's path are here; the others stand beside what they guard.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from modelkeep.core.errors import ApiError
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope


class Held(NamedTuple):
    """What a caller has on a resource.

    `level` is 0 for nothing. `missing` is the answer where the resource is not there or may not be seen, which must not
    differ; None where its being there is no secret.
    """

    level: int
    exists: bool = True
    missing: ApiError | None = None


class Guard(Protocol):
    """One kind of resource on which operations need a permission."""

    @property
    def what(self) -> str:
        """The kind in words, such as `registered model`."""

    @property
    def personal(self) -> bool:
        """Whether what is answered differs by caller beyond what each may see."""

    def flows(self, scope: Scope) -> int:
        """What the caller has on it by what flows down the request's path: known without a look at any row."""

    def ask(self, tx: Any, scope: Scope, request: Any) -> Held:
        """What the caller has on the very resource that the request names, by one statement of the transaction `tx`."""

    def named(self, scope: Scope, request: Any) -> str:
        """The resource as a person would name it, for refusals and records; "" where there is but one."""


@dataclass(frozen=True, slots=True)
class PathGuard:
    """What the request's path says alone."""

    what: str
    level: Callable[[Scope], int]
    called: Callable[[Scope, Any], str] = lambda scope, request: ""
    personal: bool = False

    def flows(self, scope: Scope) -> int:
        return self.level(scope)

    def ask(self, tx: Any, scope: Scope, request: Any) -> Held:
        return Held(self.level(scope))

    def named(self, scope: Scope, request: Any) -> str:
        return self.called(scope, request)


def _on_server(scope: Scope) -> int:
    principal = scope.principal
    return Permission.ADMIN if principal.administrator and principal.only_platform is None else 0


def _on_platform(scope: Scope) -> int:
    return scope.access.platform


def _on_workspace(scope: Scope) -> int:
    return scope.access.on_workspace(scope.workspace)


def _everyone(scope: Scope) -> int:
    return Permission.ADMIN


def _platform_key(scope: Scope, request: Any) -> str:
    return scope.tenancy.platform_key if scope.tenancy else ""


def _workspace_key(scope: Scope, request: Any) -> str:
    tenancy = scope.tenancy
    return f"{tenancy.platform_key}/{tenancy.workspace_key}" if tenancy else ""


def _new_name(scope: Scope, request: Any) -> str:
    return str(getattr(request, "name", ""))


SERVER = PathGuard("server", _on_server)
"""The server itself, which is the administrators'."""
PLATFORM = PathGuard("platform", _on_platform, _platform_key)
"""The platform of the path."""
WORKSPACE = PathGuard("workspace", _on_workspace, _workspace_key)
"""The workspace of the path."""
NEW_MODEL = PathGuard("registered models", _on_workspace, _new_name)
"""Where registered models are created: the workspace of the path, or the platform where it names none."""
VISIBLE = PathGuard("what is seen", _everyone)
"""What the caller may see: the operation's own query leaves out the rest."""
CALLER = PathGuard("caller", _everyone, personal=True)
"""What is the caller's own: whoever is known may ask, and the operation itself sees to whose it is."""
SIGNED = PathGuard("signed URL", _everyone)
"""The file that a signed URL names: the signature is the permission."""
