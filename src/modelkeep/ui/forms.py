"""What a form sends, and what holds it to have come from a page of this server."""

import hashlib
import hmac
import secrets
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.server.http import PayloadTooLarge

COOKIE = "modelkeep_form"
FIELD = "form_token"
_MOST_BYTES = 2 * 1024 * 1024
_MOST_FIELDS = 2_000
_SECRET_BYTES = 32
_NONCE_BYTES = 12


class Form:
    """The fields of one form. Line ends are those of the clients' API."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """A field's value without white space around it, "" where it is absent."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """A field's value as it was sent."""
        return next((value for key, value in self._fields if key == name), "")

    def all(self, name: str) -> list[str]:
        """The values of a field that may be sent several times."""
        return [value for key, value in self._fields if key == name]

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self._fields)


async def read_form(request: Request) -> Form:
    """The fields of a form. Raises where it is too long or no form."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise ApiError(ErrorKind.CANNOT_PARSE, "The request cannot be read: a form was expected.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise PayloadTooLarge
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS, encoding="utf-8"
        )
    except ValueError:
        raise ApiError(ErrorKind.CANNOT_PARSE, "The form cannot be read.") from None
    return Form([(key, value.replace("\r\n", "\n")) for key, value in fields])


def new_secret() -> str:
    """What a browser keeps as a cookie, for tokens to be made of."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def form_token(key: bytes, secret: str) -> str:
    """A token for one page. It is another each time, so that compressed pages say nothing of the secret."""
    nonce = secrets.token_hex(_NONCE_BYTES)
    return nonce + _signature(key, secret, nonce)


def check_origin(request: Request, form: Form, key: bytes, public_url: str) -> None:
    """Raise 403 unless a page of this server sent the form."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise _refused()
    hosts = {request.headers.get("host", ""), urlsplit(public_url).netloc} - {""}
    if origin is not None and urlsplit(origin).netloc not in hosts:
        raise _refused()
    token, secret = form.raw(FIELD), request.cookies.get(COOKIE, "")
    nonce, signature = token[: 2 * _NONCE_BYTES], token[2 * _NONCE_BYTES :]
    if not secret or not hmac.compare_digest(signature.encode(), _signature(key, secret, nonce).encode()):
        raise _refused()


def _signature(key: bytes, secret: str, nonce: str) -> str:
    return hmac.digest(key, hashlib.sha256(f"form\0{secret}\0{nonce}".encode()).digest(), "sha256").hex()


def _refused() -> ApiError:
    return ApiError(
        ErrorKind.NOT_AUTHORIZED,
        "This form was not sent by a page of this server, or cookies are switched off. Nothing was done. "
        "Open the page again and send the form from there.",
    )
