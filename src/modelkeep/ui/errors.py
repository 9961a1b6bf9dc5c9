"""Errors as pages that say what to do."""

from starlette.responses import Response

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.scope import Dialect
from modelkeep.server.errors import status_of
from modelkeep.ui.page import Page

_TITLES = {
    ErrorKind.NOT_FOUND: "Not found",
    ErrorKind.ALIAS_NOT_FOUND: "Not found",
    ErrorKind.NO_SUCH_OPERATION: "No such page",
    ErrorKind.NOT_AUTHORIZED: "Not allowed",
    ErrorKind.NOT_AUTHENTICATED: "Not signed in",
    ErrorKind.UNAVAILABLE: "Not available now",
    ErrorKind.TOO_MANY_REQUESTS: "Too busy",
    ErrorKind.INTERNAL: "Something went wrong here",
    ErrorKind.METHOD_NOT_ALLOWED: "No such page",
}
_ADVICE = {
    ErrorKind.NOT_FOUND: "It may have been renamed or deleted, or you may not be allowed to see it. Check the address, "
    "or look for it in the list.",
    ErrorKind.NO_SUCH_OPERATION: "Check the address, or start from the list of models.",
    ErrorKind.NOT_AUTHORIZED: "Ask somebody who administers this to let you, or go back.",
    ErrorKind.NOT_AUTHENTICATED: "Load the page again and give your name and password, or an access token as the "
    "password.",
    ErrorKind.UNAVAILABLE: "Wait a moment and load the page again. If it lasts, ask whoever runs the server to look at "
    "/ready and at its log.",
    ErrorKind.TOO_MANY_REQUESTS: "Wait a moment and send it again.",
    ErrorKind.INTERNAL: "Load the page again. If it lasts, give the request's id below to whoever runs the server: its "
    "log has the cause under it.",
}
_PASSED_ON = ("retry-after", "www-authenticate")
_OTHERWISE = "Go back, change what was sent, and try again."


def error_page(page: Page, problem: ApiError) -> Response:
    """A whole page for an error."""
    kind = problem.kind
    response = page.render(
        "error.html",
        status=status_of(kind, Dialect.ORACLE),
        title=_TITLES.get(kind, "That cannot be done"),
        message=problem.message,
        advice=_ADVICE.get(kind, _OTHERWISE),
        request_id=page.scope.request_id,
    )
    response.headers.update({name: value for name, value in problem.headers if name in _PASSED_ON})
    return response
