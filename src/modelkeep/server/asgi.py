"""Runs an ASGI application, Starlette's, on Granian's RSGI: for pages, documents and streams, not for the API."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

AsgiApplication = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def asgi_fallback(application: Callable[[], AsgiApplication]) -> Callable[[Any, Any, str], Awaitable[int]]:
    """`application` makes the application when the first request comes for it. The result is the answer's status."""
    made: list[AsgiApplication] = []

    async def serve(scope: Any, protocol: Any, request_id: str) -> int:
        if not made:
            made.append(application())
        exchange = _Exchange(scope, protocol, request_id)
        await made[0](exchange.asgi_scope(), exchange.receive, exchange.send)
        return exchange.status

    return serve


class _Exchange:
    """One request and answer, translated. The answer is sent whole, or streamed once it has a second part."""

    def __init__(self, scope: Any, protocol: Any, request_id: str) -> None:
        self._scope = scope
        self._request_id = request_id
        self._protocol = protocol
        self.status = 500
        self._headers: list[tuple[str, str]] = []
        self._transport: Any = None
        self._chunks = aiter(protocol)
        self._received = False

    def asgi_scope(self) -> dict[str, Any]:
        scope = self._scope
        client, _, port = scope.client.rpartition(":")
        server, _, server_port = scope.server.rpartition(":")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": scope.http_version,
            "method": scope.method,
            "scheme": scope.scheme,
            "path": scope.path,
            "raw_path": quote(scope.path).encode(),
            "query_string": scope.query_string.encode(),
            "root_path": "",
            "modelkeep.request_id": self._request_id,
            "headers": [(name.encode(), value.encode()) for name, value in scope.headers.items()],
            "client": (client, int(port)) if port.isdecimal() else None,
            "server": (server, int(server_port)) if server_port.isdecimal() else None,
        }

    async def receive(self) -> dict[str, Any]:
        if self._received:
            await self._protocol.client_disconnect()
            return {"type": "http.disconnect"}
        try:
            chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self._received = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": bytes(chunk), "more_body": True}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message.get("headers", ())
            self._headers = [
                ("opc-request-id", self._request_id),
                *((name.decode(), value.decode()) for name, value in headers),
            ]
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._transport is not None:
            await self._transport.send_bytes(body)
        elif more:
            self._transport = self._protocol.response_stream(self.status, self._headers)
            await self._transport.send_bytes(body)
        elif body:
            self._protocol.response_bytes(self.status, self._headers, body)
        else:
            self._protocol.response_empty(self.status, self._headers)
