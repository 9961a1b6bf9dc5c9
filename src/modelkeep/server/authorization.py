"""Whether a caller may do what an operation does: decided here and nowhere else, refused by default.

What flows down from platform and workspace is known before; where that is enough, nothing is asked. Otherwise one
statement of the operation's own transaction asks the grants of the very resource.
"""

from typing import Any

from modelkeep.core.errors import ApiError, ErrorKind, not_authorized
from modelkeep.core.operation import Operation
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction


class Hidden(ApiError):
    """The answer to who asks for what is there but may not be seen: the same as for what is not there."""


def is_refusal(error: Exception) -> bool:
    """Whether a caller was turned away: not known, not allowed, or not to see what is there."""
    return isinstance(error, Hidden) or (
        isinstance(error, ApiError) and error.kind in (ErrorKind.NOT_AUTHENTICATED, ErrorKind.NOT_AUTHORIZED)
    )


def hidden(error: ApiError) -> Hidden:
    """An error that says of something hidden what it would say of something absent."""
    return Hidden(error.kind, error.message, error.headers)


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
            raise hidden(held.missing)
    if min(held.level, scope.principal.ceiling) < operation.needs:
        raise _refused(operation, scope, request)


def _refused(operation: Operation, scope: Scope, request: Any) -> ApiError:
    name = operation.on.named(scope, request)[:200]
    on = f"the {operation.on.what}" + (f" '{name}'" if name else "")
    return not_authorized(scope.principal.name, operation.name.replace("_", " "), f"{operation.needs.name} on {on}")
