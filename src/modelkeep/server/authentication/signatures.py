"""Request signatures as Oracle Cloud's clients make them: HTTP Signatures with RSA and SHA-256.

What is signed is the request as it was sent. Granian hands the path over decoded, so it is encoded again in each of
the ways that clients have. All of these decode to the very path that is answered: whichever was signed, no other
operation was.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from modelkeep.core.errors import not_authenticated
from modelkeep.server.authentication import Call

SCHEME = "signature"
DIGEST = "x-content-sha256"
_LONGEST = 16_384
_MOST_HEADERS = 30
_FIELD = re.compile(r'\s*(?P<name>[A-Za-z]+)\s*=\s*"(?P<value>[^"\\]*)"\s*(?:,|$)')
_SIGNED_ALWAYS = frozenset(("(request-target)", "host"))
_SIGNED_WITH_BODY = frozenset((DIGEST, "content-type", "content-length"))
_DATES = ("x-date", "date")
_WITH_BODY = ("POST", "PUT", "PATCH")
_ALLOWED_IN_PATHS = "/:@!$&'()*+,;=~"


class Signature(NamedTuple):
    """What an authorization header says. `headers` are what is signed, in that order and in lower case."""

    key_id: str
    headers: tuple[str, ...]
    signature: str


def read_signature(parameters: str) -> Signature:
    """The parts of what follows `Signature`; raises `not_authenticated` for what is not well formed."""
    if len(parameters) > _LONGEST:
        raise not_authenticated()
    found: dict[str, str] = {}
    at = 0
    while at < len(parameters):
        match = _FIELD.match(parameters, at)
        if match is None or match["name"] in found:
            raise not_authenticated()
        found[match["name"]] = match["value"]
        at = match.end()
    headers = tuple(found.get("headers", "").lower().split())
    well_formed = (
        found.get("algorithm") == "rsa-sha256"
        and found.get("version", "1") == "1"
        and found.get("keyId")
        and found.get("signature")
        and 0 < len(headers) <= _MOST_HEADERS
        and len(set(headers)) == len(headers)
    )
    if not well_formed:
        raise not_authenticated()
    return Signature(found["keyId"], headers, found["signature"])


def check_coverage(call: Call, headers: tuple[str, ...]) -> str | None:
    """Raise unless all is signed that has to be. Gives the digest that the body must have, None where there is none."""
    signed = set(headers)
    if not signed >= _SIGNED_ALWAYS:
        raise not_authenticated()
    length = call.headers.get("content-length")
    has_body = (length is not None and length != "0") or "transfer-encoding" in call.headers
    if not has_body and call.method not in _WITH_BODY:
        return None
    if not signed >= _SIGNED_WITH_BODY:
        raise not_authenticated()
    return _value(call, DIGEST)


def check_date(call: Call, headers: tuple[str, ...], now: int, skew_ms: int) -> None:
    """Raise unless the request was signed about now: an old one may have been overheard."""
    name = next((name for name in _DATES if name in headers), None)
    at = _milliseconds(_value(call, name)) if name is not None else None
    if at is None or abs(at - now) > skew_ms:
        raise not_authenticated()


def signed_texts(call: Call, headers: tuple[str, ...], hosts: Sequence[str]) -> Iterator[bytes]:
    """What may have been signed, the likeliest first: by the encodings of the path, and by the names of this server
    that a proxy may have replaced.
    """
    for host in (_host(call), *hosts):
        for target in _targets(call):
            lines = []
            for name in headers:
                if name == "(request-target)":
                    lines.append(f"(request-target): {call.method.lower()} {target}")
                elif name == "host":
                    lines.append(f"host: {host}")
                else:
                    lines.append(f"{name}: {_value(call, name)}")
            yield "\n".join(lines).encode("latin-1", "replace")


def _targets(call: Call) -> list[str]:
    query = f"?{call.query}" if call.query else ""
    path = quote(call.path, safe="/~")
    targets = [path] if path == call.path else [path, quote(call.path, safe=_ALLOWED_IN_PATHS)]
    if "/" in call.rest and call.path.endswith(call.rest):
        head = call.path[: -len(call.rest)]
        targets.append(quote(head, safe="/~") + quote(call.rest, safe=""))
    return [target + query for target in dict.fromkeys(targets)]


def _host(call: Call) -> str:
    return call.authority or _value(call, "host")


def _value(call: Call, name: str) -> str:
    value = call.headers.get(name)
    if value is None:
        raise not_authenticated()
    return value


@lru_cache(256)
def _milliseconds(date: str) -> int | None:
    """The moment of an HTTP date. Requests of one second have the same."""
    try:
        moment = parsedate_to_datetime(date)
        return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
