"""What is not the API: its documents. Made by Starlette when first asked for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from modelkeep.core.operation import Operation

if TYPE_CHECKING:
    from starlette.applications import Starlette


def pages(operations: Sequence[Operation]) -> "Starlette":
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

    return Starlette(routes=[Route("/openapi.json", openapi), Route("/docs", docs), Route("/", root)])
