"""One request for a page: who asks, where, the way to the operations, and the way to HTML."""

import gzip
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modelkeep.core.errors import ApiError, not_authorized
from modelkeep.core.scope import Scope
from modelkeep.registry.platforms import DEFAULT_PLATFORM
from modelkeep.registry.workspaces import DEFAULT_WORKSPACE
from modelkeep.server.calls import Calls, Visit, operation_of
from modelkeep.storage.transaction import Transaction
from modelkeep.ui.caller import Caller
from modelkeep.ui.forms import COOKIE, Form, form_token, new_secret
from modelkeep.ui.links import platform_link, workspace_link
from modelkeep.ui.rendering import Templates

Asked = TypeVar("Asked", bound=msgspec.Struct)
Answered = TypeVar("Answered", bound=msgspec.Struct)

THEME_COOKIE = "modelkeep_theme"
NOTICE_COOKIE = "modelkeep_notice"
_COMPRESSED_FROM = 1_000
_YEAR_SECONDS = 31_536_000


class Page:
    """What a view is handed."""

    def __init__(self, request: Request, calls: Calls, scope: Scope, templates: Templates) -> None:
        self.request = request
        self.scope = scope
        self.caller = Caller(calls, scope)
        self.calls = calls
        self._templates = templates
        self.problem: ApiError | None = None
        """Why what was sent was refused, to be shown where it was sent from."""
        self.submitted = Form([])
        """What was sent then, for its fields to be filled with."""
        self.path: str = request.scope["path"]
        """Where the view is that is shown, decoded: of a form that was refused, not where that was sent to."""

    @property
    def platform(self) -> str:
        return self.scope.tenancy.platform_key if self.scope.tenancy else ""

    @property
    def workspace(self) -> str:
        """The workspace of the address, "" where it names none."""
        return (self.scope.tenancy.workspace_key or "") if self.scope.tenancy else ""

    @property
    def home_workspace(self) -> str:
        """Where to go for what belongs to a workspace, from a page that belongs to none."""
        return DEFAULT_WORKSPACE

    @property
    def theme(self) -> str:
        """`light` or `dark`, "" where the browser decides."""
        chosen = self.request.cookies.get(THEME_COOKIE, "")
        return chosen if chosen in ("light", "dark") else ""

    @property
    def origin(self) -> str:
        """Scheme and host by which clients reach this server."""
        url = self.request.url
        return self.calls.public_url or f"{url.scheme}://{self.request.headers.get('host') or url.netloc}"

    @property
    def tracking_uri(self) -> str:
        """What MLflow's clients are given for this platform, in the workspace of the page or the default one."""
        workspace = self.workspace or self.home_workspace
        if (self.platform, workspace) == (DEFAULT_PLATFORM, DEFAULT_WORKSPACE):
            return self.origin
        tenant = f"20260430/aiDataPlatforms/{quote(self.platform, safe='')}/workspaces/{quote(workspace, safe='')}"
        return f"{self.origin}/{tenant}/mlops"

    @property
    def platform_api(self) -> str:
        """Below which the registry's operations are, on the platform's own path."""
        return f"{self.origin}/20260430/aiDataPlatforms/{quote(self.platform, safe='')}/mlops/api/2.0/mlflow"

    def parameter(self, name: str) -> str:
        """A segment of the address, by the name that the view's path gives it."""
        value: str = self.request.path_params[name]
        return value

    def asked(self, name: str, otherwise: str = "") -> str:
        """A value of the address's query."""
        return self.request.query_params.get(name, otherwise)

    def at(self, *segments: Any, **query: Any) -> str:
        """The address of a page of this platform."""
        return platform_link(self.platform, *segments, **query)

    def in_workspace(self, *segments: Any, **query: Any) -> str:
        """The address of a page of this workspace."""
        return workspace_link(self.platform, self.workspace or self.home_workspace, *segments, **query)

    async def call(
        self,
        function: Callable[[Transaction, Scope, Asked], Answered],
        request: Asked,
        *,
        scope: Scope | None = None,
        retry_token: str | None = None,
    ) -> Answered:
        """The answer of an operation, as this caller and in this place. Raises `ApiError`."""
        return await self.calls.call(function, scope or self.scope, request, retry_token=retry_token or None)

    async def list_artifacts(
        self, function: Callable[[Transaction, Scope, Asked], Any], request: Asked, *, scope: Scope | None = None
    ) -> Any:
        """The answer of an operation that lists artifacts."""
        return await self.calls.list_artifacts(function, scope or self.scope, request, origin=self.origin)

    async def read_artifact(
        self,
        function: Callable[[Transaction, Scope, Asked], Any],
        request: Asked,
        *,
        most_bytes: int,
        scope: Scope | None = None,
    ) -> bytes:
        """The beginning of a file. Raises `ApiError` where there is none."""
        return await self.calls.read_artifact(
            function, scope or self.scope, request, origin=self.origin, most_bytes=most_bytes
        )

    async def scope_in(self, workspace: str) -> Scope:
        """The same caller in a workspace of this platform."""
        return await self.calls.scope(visit_of(self.request), self.platform, workspace)

    def may(self, function: Callable[..., Any]) -> bool:
        return self.caller.may(function)

    def demand(self, function: Callable[..., Any]) -> None:
        """Raise 403 where this operation would be refused: its form need not be filled in first."""
        if not self.may(function):
            operation = operation_of(function)
            deed = operation.name.replace("_", " ")
            raise not_authorized(self.caller.name, deed, operation.needs.name)

    def render(self, template: str, *, status: int = 200, place: str = "", **context: Any) -> Response:
        """The page of a template. `place` is the key of the entry of the side bar that it belongs to."""
        secret = self.request.cookies.get(COOKIE) or new_secret()
        notice = unquote(self.request.cookies.get(NOTICE_COOKIE, ""))
        html = self._templates.render(
            template,
            self,
            place=place,
            notice=notice,
            form_token=form_token(self.scope.page_key, secret),
            retry_token=secrets.token_hex(16),
            **context,
        )
        response = html_response(html, self.request, status)
        if COOKIE not in self.request.cookies:
            response.set_cookie(COOKIE, secret, httponly=True, samesite="lax", secure=self._secure)
        if notice:
            response.delete_cookie(NOTICE_COOKIE)
        return response

    def go_to(self, address: str, notice: str = "") -> Response:
        """Lead on after something was done; `notice` is shown there once."""
        response = RedirectResponse(address, 303)
        if notice:
            response.set_cookie(
                NOTICE_COOKIE, quote(notice[:500]), max_age=60, httponly=True, samesite="lax", secure=self._secure
            )
        return response

    @property
    def _secure(self) -> bool:
        return self.origin.startswith("https:")


def visit_of(request: Request) -> Visit:
    """The request as operations take it."""
    request_id: str = request.scope.get("modelkeep.request_id", "")
    return Visit(request.headers, request_id, request.client.host if request.client else "")


def html_response(html: str, request: Request, status: int) -> Response:
    """HTML, compressed where the browser takes that."""
    body = html.encode()
    headers = {"cache-control": "private, no-cache", "vary": "accept-encoding, cookie"}
    if len(body) >= _COMPRESSED_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 4, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(body, status, headers, media_type="text/html; charset=utf-8")
