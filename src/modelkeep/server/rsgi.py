"""Between Granian's RSGI and this server's own requests and answers: the only file that knows the protocol."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from modelkeep.core.exchange import Content
from modelkeep.core.scope import Dialect
from modelkeep.server.content import send_content
from modelkeep.server.errors import as_api_error, error_answer
from modelkeep.server.http import Answer, HttpRequest, PayloadTooLarge, arriving
from modelkeep.server.observation import Observation
from modelkeep.server.patience import Patience, moving

_HEADERS = (("x-content-type-options", "nosniff"), ("cache-control", "no-store"))
"""What keeps browsers from taking an answer for something else, and from keeping it."""
Handler = Callable[[HttpRequest], Awaitable[tuple[Answer | Content | None, str]]]
Fallback = Callable[[Any, Any, str], Awaitable[int]]


class RsgiApplication:
    """What Granian calls. The API answers first; what is not its own goes to `fallback`."""

    def __init__(self, handler: Handler, fallback: Fallback, observation: Observation, *, body_seconds: int) -> None:
        self._patience = Patience(body_seconds)
        self._handler = handler
        self._observation = observation
        self._fallback = fallback
        self.in_flight = 0

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.proto != "http":
            protocol.close(403)
            return
        self.in_flight += 1
        try:
            await self._serve(scope, protocol)
        finally:
            self.in_flight -= 1

    async def _serve(self, scope: Any, protocol: Any) -> None:
        body = _Body(scope, protocol, self._patience)
        request = HttpRequest(
            scope.method, scope.path, scope.query_string, scope.headers, scope.client, body.whole, body, scope
        )
        answer, request_id = await self._handler(request)
        if answer is None:
            await self._serve_page(request, request_id, scope, protocol)
            return
        if isinstance(answer, Content):
            await send_content(protocol, answer, request_id)
            return
        headers = [("opc-request-id", request_id), *_HEADERS, *answer.headers]
        if answer.body:
            headers.append(("content-type", answer.content_type))
            protocol.response_bytes(answer.status, headers, answer.body)
        else:
            protocol.response_empty(answer.status, headers)

    async def _serve_page(self, request: HttpRequest, request_id: str, scope: Any, protocol: Any) -> None:
        entry = self._observation.begin(request)
        entry.request_id, entry.operation = request_id, "page"
        started = time.perf_counter()
        try:
            entry.status = await self._fallback(scope, protocol, request_id)
        except Exception as error:
            answer = error_answer(as_api_error(error, request_id), Dialect.MLFLOW)
            entry.status = answer.status
            headers = [("opc-request-id", request_id), ("content-type", answer.content_type)]
            protocol.response_bytes(answer.status, headers, answer.body)
        entry.ms = (time.perf_counter() - started) * 1000
        self._observation.end(entry)


class _Body:
    """A request's body, taken once: whole, or piece by piece."""

    __slots__ = ("_patience", "_protocol", "_scope")

    def __init__(self, scope: Any, protocol: Any, patience: Patience) -> None:
        self._scope = scope
        self._protocol = protocol
        self._patience = patience

    async def whole(self, limit: int) -> bytes:
        length = self._scope.headers.get("content-length")
        if length is None:
            return await _read_chunks(aiter(self), limit)
        return await self._patience.whole(self._protocol(), int(length) if length.isdecimal() else 0)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return moving(self._protocol, self._patience.seconds)


async def _read_chunks(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """A body whose length was not announced, no more of it than is allowed."""
    body = bytearray()
    async for chunk in arriving(chunks):
        body += chunk
        if len(body) > limit:
            raise PayloadTooLarge
    return bytes(body)
