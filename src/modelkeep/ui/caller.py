"""Who looks at a page, and what of it is offered."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.server.calls import Calls


class Caller:
    """The caller of one request. Templates ask `may` before they show what would be refused."""

    def __init__(self, calls: Calls, scope: Scope) -> None:
        self._calls = calls
        self._scope = scope
        self._known: dict[Callable[..., Any], bool] = {}

    @property
    def name(self) -> str:
        return self._scope.principal.name

    @property
    def administers(self) -> bool:
        """Whether the platform of the page is this caller's to administer."""
        return min(self._scope.access.platform, self._scope.principal.ceiling) >= Permission.ADMIN

    async def learn(self, functions: Iterable[Callable[..., Any]], request: msgspec.Struct) -> None:
        """Ask whether these operations would be allowed of what the request names, for `may` to answer."""
        for function in functions:
            self._known[function] = await self._calls.permitted(function, self._scope, request)

    def may(self, function: Callable[..., Any]) -> bool:
        """Whether this operation would be allowed: of what was learned of, otherwise in the place of the page."""
        known = self._known.get(function)
        return self._calls.allowed(function, self._scope) if known is None else known
