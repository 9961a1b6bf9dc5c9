"""Whether a caller may do what an operation does: decided here and nowhere else, refused by default.

What flows down from platform and workspace is known before; where that is enough, nothing is asked. Otherwise one
statement of the operation's own transaction asks the grants of the very resource.
"""

from typing import Any

from modelkeep.core.errors import ApiError, ErrorKind, not_authorized
from modelkeep.core.operation import Operation
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction


class Refused(ApiError):
    """A refusal of what is there: it may not be done, or may not be seen and is answered as what is not there."""

    __slots__ = ("subject_kind", "subject_name")

    def __init__(self, error: ApiError, kind: str = "", name: str = "") -> None:
        super().__init__(error.kind, error.message, error.headers)
        self.subject_kind, self.subject_name = kind, name


def is_refusal(error: Exception) -> bool:
    """Whether a caller was turned away: not known, not allowed, or not to see what is there."""
    return isinstance(error, Refused) or (
        isinstance(error, ApiError) and error.kind in (ErrorKind.NOT_AUTHENTICATED, ErrorKind.NOT_AUTHORIZED)
    )


def flows_down(operation: Operation, scope: Scope) -> bool:
    """Whether what the caller has on platform and workspace is enough."""
    return min(operation.on.flows(scope), scope.principal.ceiling) >= operation.needs


def authorize(tx: Transaction, operation: Operation, scope: Scope, request: Any) -> None:
    """Raise unless the caller has what the operation declares that it needs, on what it declares."""
    if flows_down(operation, scope):
        return
    held = operation.on.ask(tx, scope, request)
    if held.missing is not None:
        if not held.exists:
            raise held.missing
        if held.level <= 0:
            raise _refused(operation, scope, request, held.missing)
    if min(held.level, scope.principal.ceiling) < operation.needs:
        name = operation.on.named(scope, request)[:200]
        needed = f"{operation.needs.name} on the {operation.on.what}" + (f" '{name}'" if name else "")
        error = not_authorized(scope.principal.name, operation.name.replace("_", " "), needed)
        raise _refused(operation, scope, request, error)


def _refused(operation: Operation, scope: Scope, request: Any, error: ApiError) -> Refused:
    return Refused(error, operation.on.what.replace(" ", "_"), operation.on.named(scope, request))
