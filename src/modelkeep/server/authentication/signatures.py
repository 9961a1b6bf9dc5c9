"""Request signatures as Oracle Cloud's clients make them: HTTP Signatures with RSA and SHA-256.

What is signed is the request as it was sent. Granian hands the path over decoded, so it is encoded again in each of
the ways that clients have. All of these decode to the very path that is answered: whichever was signed, no other
operation was.
"""

import binascii
import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from modelkeep.core.errors import not_authenticated
from modelkeep.server.authentication import Call

DIGEST = "x-content-sha256"
_LONGEST = 16_384
_MOST_HEADERS = 30
_BEFORE_VALUE = re.compile(r"\s*([A-Za-z]+)\s*=")
_SIGNED_ALWAYS = frozenset(("(request-target)", "host"))
_SIGNED_WITH_BODY = frozenset((DIGEST, "content-type", "content-length"))
_DATES = ("x-date", "date")
_WITH_BODY = ("POST", "PUT", "PATCH")
_ALLOWED_IN_PATHS = "/:@!$&'()*+,;=~"
_NAMED = 'signature="'
_PADDING = PKCS1v15()
# How PKCS #1 writes that 32 bytes of SHA-256 follow.
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_INFO_BYTES = len(_DIGEST_INFO) + 32


class SignedHeaders(NamedTuple):
    """What an authorization header says is signed. `names` are in that order and in lower case."""

    names: tuple[str, ...]
    form: str
    """The signed text, with a place for the value of each name."""
    enough: bool
    """Whether that is enough for a request without a body,"""
    enough_with_body: bool
    """and for one with a body."""
    date: str | None
    """The header that says when it was signed."""


class Signature(NamedTuple):
    """What an authorization header says."""

    key_id: str
    headers: SignedHeaders
    signature: bytes


def read_signature(parameters: str) -> Signature:
    """The parts of what follows `Signature`; raises `not_authenticated` for what is not well formed."""
    before, named, after = parameters.partition(_NAMED)
    in_base64, quote_mark, rest = after.partition('"')
    if len(parameters) > _LONGEST or not named or not quote_mark:
        raise not_authenticated()
    signer = _signer(f'{before}{_NAMED}"{rest}')
    signature = _bytes(in_base64)
    if signer is None or not signature:
        raise not_authenticated()
    return Signature(*signer, signature)


@lru_cache(512)
def _signer(parameters: str) -> tuple[str, SignedHeaders] | None:
    """The key's id and the signed headers, from a header whose signature is taken out; None where it is not well
    formed. But for the signature a client sends the same each time.
    """
    # No value can have a quote within, so every second part is one.
    parts = parameters.split('"')
    names = _names(parts[::2])
    if "\\" in parameters or names is None or len(parts) % 2 == 0:
        return None
    found = dict(zip(names, parts[1::2], strict=True))
    headers = signed_headers(found.get("headers", ""))
    key_id = found.get("keyId")
    if headers is None or not key_id or found.get("signature") != "":
        return None
    if found.get("algorithm") != "rsa-sha256" or found.get("version", "1") != "1":
        return None
    return key_id, headers


def _bytes(in_base64: str) -> bytes:
    """What is encoded, b"" where that is nothing or not well formed."""
    try:
        return binascii.a2b_base64(in_base64, strict_mode=True)
    except ValueError:
        return b""


def _names(around: Sequence[str]) -> tuple[str, ...] | None:
    """The names of the values, from what stands around these; None where it is not well formed."""
    *before, last = around
    if not before or last.strip() not in ("", ","):
        return None
    names = []
    for number, text in enumerate(before):
        if number:
            comma = text.lstrip()
            if not comma.startswith(","):
                return None
            text = comma[1:]
        match = _BEFORE_VALUE.fullmatch(text.rstrip())
        if match is None or match[1] in names:
            return None
        names.append(match[1])
    return tuple(names)


@lru_cache(256)
def signed_headers(named: str) -> SignedHeaders | None:
    """The names of headers with blanks between; None where there are none, too many, or some are named twice."""
    names = tuple(named.lower().split())
    signed = frozenset(names)
    if not 0 < len(names) <= _MOST_HEADERS or len(signed) != len(names):
        return None
    form = "\n".join(f"{name.replace('%', '%%')}: %s" for name in names)
    enough = signed >= _SIGNED_ALWAYS
    date = next((name for name in _DATES if name in signed), None)
    return SignedHeaders(names, form, enough, enough and signed >= _SIGNED_WITH_BODY, date)


def check_coverage(call: Call, headers: SignedHeaders) -> str | None:
    """Raise unless all is signed that has to be. Gives the digest that the body must have, None where there is none."""
    if not headers.enough:
        raise not_authenticated()
    if call.method not in _WITH_BODY:
        length = call.headers.get("content-length")
        if (length is None or length == "0") and "transfer-encoding" not in call.headers:
            return None
    if not headers.enough_with_body:
        raise not_authenticated()
    return _value(call, DIGEST)


def check_date(call: Call, headers: SignedHeaders, now: int, skew_ms: int) -> None:
    """Raise unless the request was signed about now: an old one may have been overheard."""
    at = _milliseconds(_value(call, headers.date)) if headers.date is not None else None
    if at is None or abs(at - now) > skew_ms:
        raise not_authenticated()


def signed_digest(key: RSAPublicKey, signature: bytes) -> bytes | None:
    """The SHA-256 of what was signed by this key (PKCS #1 v1.5), None where that is not well formed in every bit.

    `key.verify` would be the same, but lets go of Python's lock for its 20 µs: then the thread that commits takes it,
    and the loop waits until that gives it back.
    """
    try:
        # Without a hash named, what comes back is all that was padded, for a sixth less of the time.
        info = key.recover_data_from_signature(signature, _PADDING, None)
    except InvalidSignature:
        return None
    return info[len(_DIGEST_INFO) :] if info.startswith(_DIGEST_INFO) and len(info) == _INFO_BYTES else None


def is_signed(call: Call, headers: SignedHeaders, hosts: Sequence[str], digest: bytes | None) -> bool:
    """Whether this request is what has the digest that was signed."""
    return digest is not None and any(sha256(text).digest() == digest for text in signed_texts(call, headers, hosts))


def signed_texts(call: Call, headers: SignedHeaders, hosts: Sequence[str]) -> Iterator[bytes]:
    """What may have been signed, the likeliest first: by the encodings of the path, and by the names of this server
    that a proxy may have replaced.
    """
    method, query = call.method.lower(), f"?{call.query}" if call.query else ""
    for host in (_host(call), *hosts):
        for path in _encoded(call.path, call.rest):
            known = {"host": host, "(request-target)": f"{method} {path}{query}"}
            values = [known[name] if name in known else _value(call, name) for name in headers.names]
            yield (headers.form % tuple(values)).encode("latin-1", "replace")


@lru_cache(1_024)
def _encoded(path: str, rest: str) -> tuple[str, ...]:
    """A path in each of the ways that clients encode it."""
    likely = quote(path, safe="/~")
    ways = [likely] if likely == path else [likely, quote(path, safe=_ALLOWED_IN_PATHS)]
    if "/" in rest and path.endswith(rest):
        ways.append(quote(path[: -len(rest)], safe="/~") + quote(rest, safe=""))
    return tuple(dict.fromkeys(ways))


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
