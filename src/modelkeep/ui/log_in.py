"""The pages by which a browser logs in and out."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.scope import Dialect
from modelkeep.server.authentication.cookies import PLAIN_NAME, SECURE_NAME
from modelkeep.server.authentication.log_ins import LogIns, Session
from modelkeep.server.calls import Calls
from modelkeep.server.errors import as_api_error, status_of
from modelkeep.ui.forms import check_origin, read_form
from modelkeep.ui.page import Page, visit_of
from modelkeep.ui.rendering import Templates

LOG_IN = "/login"
_BEGUN = "modelkeep_login"
_BEGUN_SECONDS = 600


def log_in_address(request: Request) -> str:
    """Where to log in, and to come back to this page from."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{LOG_IN}?{urlencode({'next': here})}"


class LogInPages:
    """The form, the way over the identity provider, and the way out."""

    def __init__(self, calls: Calls, templates: Templates, log_ins: LogIns) -> None:
        self._calls = calls
        self._templates = templates
        self._log_ins = log_ins

    def routes(self) -> list[Route]:
        return [
            Route(LOG_IN, self._guarded(self._form), methods=["GET"]),
            Route(LOG_IN, self._guarded(self._by_password), methods=["POST"]),
            Route("/login/oidc", self._guarded(self._begin), methods=["GET"]),
            Route("/callback", self._guarded(self._end), methods=["GET"]),
            Route("/logout", self._guarded(self._log_out), methods=["POST"]),
        ]

    def _guarded(self, answer: Callable[[Page], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            page = Page(request, self._calls, self._calls.outside(visit_of(request)), self._templates)
            try:
                return await answer(page)
            except Exception as error:
                return self._show(page, as_api_error(error, page.scope.request_id))

        return guarded

    def _show(self, page: Page, problem: ApiError | None = None) -> Response:
        status = status_of(problem.kind, Dialect.ORACLE) if problem is not None else 200
        message = problem.message if problem is not None else ""
        if problem is not None and problem.kind is ErrorKind.NOT_AUTHENTICATED:
            message = "That was not right: name, password or log-in."
        onward = _onward(page.submitted.raw("next") or page.request.query_params.get("next", ""))
        response = page.render(
            "log_in.html",
            status=status,
            message=message,
            onward=onward,
            at_provider=self._log_ins.at_provider,
            provider_address=f"/login/oidc?{urlencode({'next': onward})}",
        )
        for name, value in problem.headers if problem is not None else ():
            if name == "retry-after":
                response.headers[name] = value
        return response

    async def _form(self, page: Page) -> Response:
        return self._show(page)

    async def _by_password(self, page: Page) -> Response:
        form = page.submitted = await read_form(page.request)
        check_origin(page.request, form, page.scope.page_key, self._calls.public_url)
        session = await self._log_ins.by_password(page.scope, form.text("name"), form.raw("password"))
        return self._logged_in(page, session._replace(onward=form.raw("next")))

    async def _begin(self, page: Page) -> Response:
        onward = _onward(page.request.query_params.get("next", ""))
        url, begun = await self._log_ins.begin(f"{page.origin}/callback", onward)
        response = RedirectResponse(url, 303)
        secure = page.origin.startswith("https:")
        response.set_cookie(_BEGUN, begun, max_age=_BEGUN_SECONDS, httponly=True, samesite="lax", secure=secure)
        return response

    async def _end(self, page: Page) -> Response:
        query = page.request.query_params
        cookie = page.request.cookies.get(_BEGUN, "")
        session = await self._log_ins.end(cookie, query.get("state", ""), query.get("code", ""), page.scope)
        response = self._logged_in(page, session)
        response.delete_cookie(_BEGUN)
        return response

    async def _log_out(self, page: Page) -> Response:
        form = await read_form(page.request)
        check_origin(page.request, form, page.scope.page_key, self._calls.public_url)
        response = RedirectResponse(LOG_IN, 303)
        for name in (SECURE_NAME, PLAIN_NAME):
            if secret := page.request.cookies.get(name):
                await self._log_ins.log_out(secret, page.scope)
                response.delete_cookie(name, path="/", secure=name == SECURE_NAME, httponly=True, samesite="lax")
        return response

    def _logged_in(self, page: Page, session: Session) -> Response:
        secure = page.origin.startswith("https:")
        response = RedirectResponse(_onward(session.onward), 303)
        response.set_cookie(
            SECURE_NAME if secure else PLAIN_NAME,
            session.secret,
            max_age=session.seconds,
            httponly=True,
            samesite="lax",
            secure=secure,
            path="/",
        )
        return response


def _onward(address: str) -> str:
    """A page of this server, whatever was asked for: a log-in leads to no other site."""
    parts = urlsplit(address)
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc
    return address if inside and address.isprintable() and "\\" not in address else "/"
