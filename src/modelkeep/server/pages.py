"""What is not the API: its documents, and the web pages of whoever hands them over. Made when first asked for."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.operation import Operation
from modelkeep.core.scope import Dialect
from modelkeep.server.asgi import AsgiApplication
from modelkeep.server.calls import Calls
from modelkeep.server.errors import error_answer

if TYPE_CHECKING:
    from starlette.applications import Starlette

Pages = Callable[[Calls, AsgiApplication], AsgiApplication]
"""Makes the application of the web pages. What is no page of theirs they leave to the second application."""


def documents(operations: Sequence[Operation]) -> "Starlette":
    """The application behind the API's own dispatch."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, RedirectResponse, Response
    from starlette.routing import Route

    from modelkeep.server.documents import api_page
    from modelkeep.server.openapi import openapi_document

    document = openapi_document(operations)
    page = api_page(operations)

    async def openapi(request: Request) -> Response:
        return Response(document, media_type="application/json")

    async def docs(request: Request) -> Response:
        return HTMLResponse(page)

    async def root(request: Request) -> Response:
        return RedirectResponse("/docs")

    async def not_found(request: Request, error: Exception) -> Response:
        return _refusal(request, ErrorKind.NO_SUCH_OPERATION, "There is no operation or page at")

    async def not_allowed(request: Request, error: Exception) -> Response:
        refusal = _refusal(request, ErrorKind.METHOD_NOT_ALLOWED, f"{request.method} is not allowed at")
        refusal.headers.update(getattr(error, "headers", None) or {})
        return refusal

    def _refusal(request: Request, kind: ErrorKind, problem: str) -> Response:
        answer = error_answer(ApiError(kind, f"{problem} {request.url.path[:200]!r}."), Dialect.MLFLOW)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return Starlette(
        routes=[Route("/openapi.json", openapi), Route("/docs", docs), Route("/", root)],
        exception_handlers={404: not_found, 405: not_allowed},
    )
