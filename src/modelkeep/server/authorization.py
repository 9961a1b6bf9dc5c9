"""Whether a caller may do what an operation does: decided here and nowhere else, refused by default."""

from modelkeep.core.errors import not_authorized
from modelkeep.core.operation import Operation
from modelkeep.core.scope import Scope


def allowed(operation: Operation, scope: Scope) -> bool:
    """Whether the caller has what the operation declares that it needs.

    There are no grants yet, so only administrators do, and in open mode everyone is one.
    """
    return scope.principal.administrator


def authorize(operation: Operation, scope: Scope) -> None:
    """Raise unless the caller is allowed to."""
    if not allowed(operation, scope):
        deed = operation.name.replace("_", " ")
        raise not_authorized(scope.principal.name, deed, operation.needs.name)
