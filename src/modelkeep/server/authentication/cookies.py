"""The cookie of a browser that has logged in."""

from urllib.parse import urlsplit

from modelkeep.server.authentication import Call
from modelkeep.server.http import RequestHeaders

PLAIN_NAME = "modelkeep_session"
SECURE_NAME = "__Host-modelkeep_session"
"""Over https. Browsers take a cookie of such a name from the very host alone, not from a neighbour in its domain."""
_SAFE_METHODS = ("", "GET", "HEAD")


def session_of(call: Call) -> str | None:
    """What the cookie says; None where there is none, or where another site may have sent the request.

    Pages check their forms by themselves, so for them a call has no method.
    """
    session = read_cookie(call.headers, SECURE_NAME) or read_cookie(call.headers, PLAIN_NAME)
    if not session or (call.method not in _SAFE_METHODS and not _from_this_site(call)):
        return None
    return session


def read_cookie(headers: RequestHeaders, name: str) -> str:
    """A cookie's value, "" where it is absent."""
    for pair in (headers.get("cookie") or "").split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value
    return ""


def _from_this_site(call: Call) -> bool:
    """Whether a page of this server sent it: browsers say so of whatever may change something."""
    site = call.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = call.headers.get("origin")
    host = call.authority or call.headers.get("host")
    return origin is not None and urlsplit(origin).netloc == host
