"""Who looks at a page, and what of it is offered."""

from collections.abc import Callable
from typing import Any

from modelkeep.core.scope import Scope
from modelkeep.server.calls import Calls


class Caller:
    """The caller of one request. Templates ask `may` before they show what would be refused."""

    def __init__(self, calls: Calls, scope: Scope) -> None:
        self._calls = calls
        self._scope = scope

    @property
    def name(self) -> str:
        return self._scope.principal.name

    def may(self, function: Callable[..., Any], resource: str = "") -> bool:
        """Whether this operation would be allowed, of the resource of this name or id."""
        return self._calls.allowed(function, self._scope, resource)
