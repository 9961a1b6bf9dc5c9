"""What is refused before anybody asks who it is: too many requests, foreign hosts, other sites' pages."""

import math
from collections.abc import Callable
from urllib.parse import urlsplit

from modelkeep.core.errors import ApiError, ErrorKind, rate_exceeded, unavailable
from modelkeep.core.settings import Settings, listed
from modelkeep.server.authentication.buckets import Buckets
from modelkeep.server.authentication.entrance import is_loopback
from modelkeep.server.http import Answer, Headers, HttpRequest

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_PROBES = ("/health", "/ready", "/version")
_MOST_REMEMBERED = 1_000
_BURST_SECONDS = 2
_ALLOWED_HEADERS = (
    "authorization, content-type, if-match, if-none-match, opc-request-id, opc-retry-token, range, x-mlflow-workspace"
)
_EXPOSED_HEADERS = "etag, opc-next-page, opc-request-id, retry-after"


class Protection:
    """Looks at each request first."""

    def __init__(self, settings: Settings, in_flight: Callable[[], int]) -> None:
        self._in_flight = in_flight
        self._hosts = _known_hosts(settings)
        self._known: set[str] = set()
        self._origins = frozenset(listed(settings.cors_origins))
        self._own_names = {*listed(settings.allowed_hosts), urlsplit(settings.public_url).netloc}
        self._most_in_flight = settings.max_requests_in_flight
        self._of_address = _buckets(settings.address_requests_per_second)
        self._of_user = _buckets(settings.user_requests_per_second)
        limits = {"address": self._of_address, "user": self._of_user}
        self.limits = {kind: buckets for kind, buckets in limits.items() if buckets is not None}
        """The buckets that are set, by what they are of."""
        self._proxies = frozenset(listed(settings.trusted_proxies))

    def check(self, request: HttpRequest) -> None:
        """Raise where a request is refused, whoever sent it."""
        if self._in_flight() > self._most_in_flight:
            raise unavailable("The server has too many requests in flight; try again in a moment.")
        headers = request.headers
        if self._hosts is not None:
            self._check_host(request)
        if "origin" in headers and request.method not in _SAFE_METHODS:
            self._check_origin(request)
        if self._of_address is not None and (wait := self._of_address.take(request.client.rpartition(":")[0])):
            raise rate_exceeded(math.ceil(wait))

    def check_user(self, name: str) -> None:
        """Raise where this caller has sent too many."""
        if self._of_user is not None and (wait := self._of_user.take(name)):
            raise rate_exceeded(math.ceil(wait))

    def seen(self, request: HttpRequest) -> HttpRequest:
        """The request with the address of its client, where a proxy that is trusted passed it on."""
        if not self._proxies or request.client.rpartition(":")[0] not in self._proxies:
            return request
        for address in reversed((request.headers.get("x-forwarded-for") or "").split(",")):
            # Whoever is not trusted may have written what stands before it.
            if address.strip() and address.strip() not in self._proxies:
                return request._replace(client=f"{address.strip()}:0")
        return request

    def preflight(self, request: HttpRequest) -> Answer | None:
        """The answer to a browser that asks whether a page of another site may send a request."""
        if request.method != "OPTIONS" or request.headers.get("access-control-request-method") is None:
            return None
        if request.headers.get("origin") not in self._origins:
            return None
        allowed = (
            ("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
            ("access-control-allow-headers", _ALLOWED_HEADERS),
            ("access-control-max-age", "600"),
        )
        return Answer(204, b"", allowed)

    def cross_origin_headers(self, request: HttpRequest) -> Headers:
        """What lets a page of another site read an answer, none where no such site is set."""
        if not self._origins:
            return []
        origin = request.headers.get("origin")
        if origin not in self._origins:
            return [("vary", "origin")]
        return [
            ("access-control-allow-origin", origin or ""),
            ("access-control-expose-headers", _EXPOSED_HEADERS),
            ("vary", "origin"),
        ]

    def _check_host(self, request: HttpRequest) -> None:
        """A name that leads here by somebody else's DNS would make their pages this server's own."""
        host = _host_of(request)
        if host in self._known or request.path in _PROBES:
            return
        if self._hosts is None or _without_port(host).lower() in self._hosts:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known.add(host)
            return
        raise ApiError(
            ErrorKind.NOT_AUTHORIZED,
            f"This server does not go by the name {host[:200]!r}; its names are set by --allowed-hosts.",
        )

    def _check_origin(self, request: HttpRequest) -> None:
        """No page of another site sends what changes something, whatever a browser would let it send."""
        origin = request.headers.get("origin") or ""
        host = urlsplit(origin).netloc
        if not host or (origin not in self._origins and host != _host_of(request) and host not in self._own_names):
            raise ApiError(
                ErrorKind.NOT_AUTHORIZED,
                f"Pages of {origin[:200]!r} may not write here; sites that may are set by --cors-origins.",
            )


def _known_hosts(settings: Settings) -> frozenset[str] | None:
    """The names that this server goes by, None where it takes any."""
    given = listed(settings.allowed_hosts)
    if "*" in given or (not given and not is_loopback(settings.host)):
        return None
    public = _without_port(urlsplit(settings.public_url).netloc)
    own = f"[{settings.host}]" if ":" in settings.host else settings.host
    names = (*_LOOPBACK_NAMES, own, public, *(_without_port(name) for name in given))
    return frozenset(name.lower() for name in names if name)


def _host_of(request: HttpRequest) -> str:
    authority = request.connection.authority if request.connection is not None else None
    return authority or request.headers.get("host") or ""


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _buckets(per_second: int) -> Buckets | None:
    return Buckets(per_second, per_second * _BURST_SECONDS) if per_second else None
