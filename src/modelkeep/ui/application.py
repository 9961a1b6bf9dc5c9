"""Puts the pages together: the views' modules, static files, errors as pages, and the headers of them all."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.scope import Dialect, Scope
from modelkeep.server.asgi import AsgiApplication
from modelkeep.server.calls import Calls
from modelkeep.server.errors import as_api_error, status_of
from modelkeep.ui import home
from modelkeep.ui.assets import Assets
from modelkeep.ui.errors import error_page
from modelkeep.ui.forms import check_origin, read_form
from modelkeep.ui.log_in import LogInPages, log_in_address
from modelkeep.ui.page import Page, visit_of
from modelkeep.ui.people_pages import collections, credentials, user, users
from modelkeep.ui.platform_pages import audit, platforms, server, workspace, workspaces
from modelkeep.ui.platform_pages import permissions as platform_permissions
from modelkeep.ui.registry_pages import (
    activity,
    compare,
    model,
    models,
    permissions,
    prompts,
    register,
    version,
    writing,
)
from modelkeep.ui.rendering import Templates
from modelkeep.ui.tracking_pages import (
    artifacts,
    charts,
    compare_runs,
    experiment,
    experiment_details,
    experiments,
    logged_models,
    run,
)
from modelkeep.ui.view import Declared, path_of, views_of

MODULES = (
    *(home, models, prompts, writing, model, activity, permissions, version, compare, register),
    *(workspaces, platforms, audit),
    *(workspace, platform_permissions, server),
    *(users, user, credentials, collections),
    *(experiments, experiment, experiment_details, run, charts, artifacts, compare_runs, logged_models),
)
"""Which modules declare views and actions: the only list of them."""

_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"frame-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_OF_DOCUMENTS = ("/docs", "/openapi.json")
_log = logging.getLogger("modelkeep.ui")

Endpoint = Callable[[Request], Awaitable[Response]]


def make_pages(calls: Calls, documents: AsgiApplication) -> AsgiApplication:
    """The application of the pages. What is none of theirs, and not asked for by a browser, is for `documents`."""
    return _with_headers(_Pages(calls, documents).application())


class _Pages:
    def __init__(self, calls: Calls, documents: AsgiApplication) -> None:
        self._calls = calls
        self._documents = documents
        self._assets = Assets()
        self._templates = Templates(str(Path(__file__).with_name("templates")), self._assets)

    def application(self) -> AsgiApplication:
        routes = [Route("/static/{digest}/{name:path}", self._assets.serve)]
        routes += LogInPages(self._calls, self._templates, self._calls.log_ins).routes()
        for declared in views_of(MODULES):
            method = "POST" if declared.act else "GET"
            routes.append(Route(declared.path, self._endpoint(declared), methods=[method]))
        return Starlette(routes=[*routes, Mount("/", self._behind)], exception_handlers={405: self._not_allowed})

    def _endpoint(self, declared: Declared) -> Endpoint:
        async def answer(request: Request) -> Response:
            page = None
            try:
                page = await self._page(request)
                if declared.act is None:
                    return await _shown(declared, page)
                return await self._act(declared, page)
            except Exception as error:
                return await self._failed(request, error, page)

        return answer

    async def _page(self, request: Request) -> Page:
        platform, workspace = (request.path_params.get(name) for name in ("platform", "workspace"))
        scope = await self._calls.scope(visit_of(request), platform or "", workspace)
        return Page(request, self._calls, scope, self._templates)

    async def _act(self, declared: Declared, page: Page) -> Response:
        form = await read_form(page.request)
        check_origin(page.request, form, page.scope.page_key, self._calls.public_url)
        if declared.act is None:
            raise LookupError("a view is no action")
        try:
            return await declared.act(page, form)
        except Exception as error:
            problem = as_api_error(error, page.scope.request_id)
            if declared.show is None or problem.kind is ErrorKind.INTERNAL:
                raise problem from error
            page.problem, page.submitted = problem, form
            page.path = path_of(declared.show, page.request.path_params)
            response = await declared.show(page)
            response.status_code = status_of(problem.kind, Dialect.ORACLE)
            return response

    async def _failed(self, request: Request, error: Exception, page: Page | None = None) -> Response:
        problem = as_api_error(error, visit_of(request).request_id)
        if problem.kind is ErrorKind.NOT_AUTHENTICATED and request.method == "GET":
            return RedirectResponse(log_in_address(request), 303)
        try:
            if page is None:
                page = Page(request, self._calls, await self._scope_of_error(request), self._templates)
            page.problem = None
            return error_page(page, problem)
        except Exception:
            _log.exception("the page of an error could not be made")
            return Response(problem.message, status_of(problem.kind, Dialect.ORACLE), media_type="text/plain")

    async def _scope_of_error(self, request: Request) -> Scope:
        try:
            return await self._calls.scope(visit_of(request))
        except Exception:
            # Whoever is not known, or while the database is away.
            return self._calls.outside(visit_of(request))

    async def _not_allowed(self, request: Request, error: Exception) -> Response:
        if request.method == "HEAD":
            return Response(status_code=405)
        return await self._failed(
            request, ApiError(ErrorKind.METHOD_NOT_ALLOWED, f"{request.method} is not allowed here.")
        )

    async def _behind(self, scope: Any, receive: Any, send: Any) -> None:
        """The documents; a browser that asks for what is nowhere is told so by a page."""
        request = Request(scope)
        path = request.url.path
        if request.method == "GET" and "text/html" in request.headers.get("accept", "") and path not in _OF_DOCUMENTS:
            if path != "/" and path.endswith("/"):
                response: Response = RedirectResponse(path.rstrip("/") or "/", 308)
            else:
                problem = ApiError(ErrorKind.NO_SUCH_OPERATION, f"There is no page at {path[:200]!r}.")
                response = await self._failed(request, problem)
            await response(scope, receive, send)
            return
        await self._documents(scope, receive, send)


async def _shown(declared: Declared, page: Page) -> Response:
    if declared.show is None:
        raise LookupError("a view without a function to show it")
    return await declared.show(page)


def _with_headers(application: AsgiApplication) -> AsgiApplication:
    async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def send_with_headers(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and scope["path"] not in _OF_DOCUMENTS:
                present = {name for name, _ in message["headers"]}
                extra = [header for header in _HEADERS if header[0] not in present]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await application(scope, receive, send_with_headers)

    return serve
