"""One request and one answer, apart from the server that carries them."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

Headers = list[tuple[str, str]]

JSON = "application/json"


class RequestHeaders(Protocol):
    """Names in lower case. A value that is not UTF-8 is present but reads as None."""

    def get(self, key: str) -> str | None: ...
    def __contains__(self, key: str) -> bool: ...


class HttpRequest(NamedTuple):
    """`path` is decoded once; `query` is not. `read_body(limit)` raises `PayloadTooLarge`."""

    method: str
    path: str
    query: str
    headers: RequestHeaders
    client: str
    read_body: Callable[[int], Awaitable[bytes]]


class PayloadTooLarge(Exception):
    """The body has more bytes than the limit."""


class Answer(NamedTuple):
    """A whole answer; `headers` are those beside content type and request id."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = JSON
