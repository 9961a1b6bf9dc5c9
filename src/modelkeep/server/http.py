"""One request and one answer, apart from the server that carries them."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import NamedTuple, Protocol

from modelkeep.core.errors import invalid_parameter

Headers = list[tuple[str, str]]

JSON = "application/json"
_MOST_EMPTY = 100


class RequestHeaders(Protocol):
    """Names in lower case. A value that is not printable ASCII is present but reads as None."""

    def get(self, key: str) -> str | None: ...
    def __contains__(self, key: str) -> bool: ...


def read_header(headers: RequestHeaders, name: str) -> str | None:
    """A header's value, None where it is absent. One that cannot be read is refused, never taken for absent."""
    value = headers.get(name)
    if value is None and name in headers:
        raise invalid_parameter(name, "it must be printable ASCII.")
    return value


class Connection(Protocol):
    """How a request came here. HTTP/2 has the host as `authority`, HTTP/1 as a header."""

    scheme: str
    authority: str | None
    client: str


class HttpRequest(NamedTuple):
    """`path` is decoded once; `query` is not. `read_body(limit)` raises `PayloadTooLarge`; `chunks` is the same body
    for those who take it piece by piece.
    """

    method: str
    path: str
    query: str
    headers: RequestHeaders
    client: str
    read_body: Callable[[int], Awaitable[bytes]]
    chunks: AsyncIterable[bytes] | None = None
    connection: Connection | None = None


async def arriving(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """A body's chunks up to its end: Granian gives empty ones for ever once the client of an HTTP/2 stream is gone."""
    empty = 0
    async for chunk in chunks:
        if chunk:
            empty = 0
            yield chunk
        elif (empty := empty + 1) == _MOST_EMPTY:
            return


class PayloadTooLarge(Exception):
    """The body has more bytes than the limit."""


class Answer(NamedTuple):
    """A whole answer; `headers` are those beside content type and request id."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = JSON
