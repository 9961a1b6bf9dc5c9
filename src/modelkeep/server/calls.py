"""Operations called from within the server, as its pages do.

The same decoding, permission, record and errors as by HTTP; what comes back is the operation's typed answer.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple, TypeVar, cast

import msgspec

from modelkeep.core.exchange import Content, Exchange
from modelkeep.core.operation import Operation
from modelkeep.core.scope import Scope
from modelkeep.core.settings import Settings, origins_of
from modelkeep.server.authentication.log_ins import LogIns
from modelkeep.server.authorization import flows_down
from modelkeep.server.dispatch import Dispatcher
from modelkeep.server.doctor.findings import Finding
from modelkeep.server.http import RequestHeaders
from modelkeep.storage.transaction import Transaction

Request = TypeVar("Request", bound=msgspec.Struct)
Response = TypeVar("Response", bound=msgspec.Struct)


class Visit(NamedTuple):
    """One request as it came: what tells who calls."""

    headers: RequestHeaders
    request_id: str
    address: str
    """An IP address, "" where there is none."""


class Calls:
    """The way to the operations. What is refused raises `ApiError`, or what `server/errors.py` makes one of."""

    def __init__(self, dispatcher: Dispatcher, settings: Settings, log_ins: LogIns) -> None:
        self._dispatcher = dispatcher
        self.log_ins = log_ins
        self.settings = settings
        self.public_url = settings.public_url.rstrip("/")
        """The address that clients use, "" where it is the request's own host."""

    async def scope(self, visit: Visit, platform: str = "", workspace: str | None = None) -> Scope:
        """Who calls and where. Raises 404 for a platform or workspace that does not exist."""
        return await self._dispatcher.enter(*visit, platform, workspace)

    def outside(self, visit: Visit) -> Scope:
        """The context of somebody who is not known: nothing is allowed in it."""
        return self._dispatcher.outside(visit.request_id, visit.address)

    def allowed(self, function: Callable[..., Any], scope: Scope) -> bool:
        """Whether the caller may do this by what it was granted on the platform or workspace: known without a look."""
        return flows_down(operation_of(function), scope)

    async def permitted(self, function: Callable[..., Any], scope: Scope, request: msgspec.Struct) -> bool:
        """Whether the caller may do this of what the request names: what is refused need not be offered."""
        return await self._dispatcher.permitted(operation_of(function), scope, request)

    async def examine(self) -> list[Finding]:
        """What `modelkeep doctor` finds, of this server's settings. It writes and removes small files to measure."""
        # Only now: a start need not wait for what few ever ask for.
        from modelkeep.server.doctor.examination import examine

        return await asyncio.to_thread(examine, self.settings, origins_of(self.settings), os.environ)

    async def call(
        self,
        function: Callable[[Transaction, Scope, Request], Response],
        scope: Scope,
        request: Request,
        *,
        retry_token: str | None = None,
    ) -> Response:
        """The answer of an operation. With a retry token a write that comes twice is done once."""
        return (await self.call_page(function, scope, request, retry_token=retry_token))[0]

    async def call_page(
        self,
        function: Callable[[Transaction, Scope, Request], Response],
        scope: Scope,
        request: Request,
        *,
        retry_token: str | None = None,
    ) -> tuple[Response, str]:
        """The same with the token of the next page, where the operation gives it beside its answer."""
        operation = operation_of(function)
        answer = await self._dispatcher.run(operation, scope, request, retry_token)
        decoded = msgspec.json.decode(answer.body or b"{}", type=operation.response)
        return cast("Response", decoded), dict(answer.headers).get("opc-next-page", "")

    async def list_artifacts(
        self, function: Callable[[Transaction, Scope, Request], Any], scope: Scope, request: Request, *, origin: str
    ) -> Any:
        """The answer of an operation that asks a store for it. `origin` is this server's address for its caller."""
        operation = operation_of(function)
        answer = await self._dispatcher.run_on_bytes(operation, scope, request, self._exchange(scope, {}, origin))
        body = answer.body if isinstance(answer.body, bytes) else b""
        return msgspec.json.decode(body, type=operation.response)

    async def read_artifact(
        self,
        function: Callable[[Transaction, Scope, Request], Any],
        scope: Scope,
        request: Request,
        *,
        origin: str,
        most_bytes: int,
    ) -> bytes:
        """The beginning of a file, no more of it than this. Raises 404 where there is none."""
        headers = {"range": f"bytes=0-{most_bytes - 1}"}
        exchange = self._exchange(scope, headers, origin)
        content = await self._dispatcher.run_on_bytes(operation_of(function), scope, request, exchange)
        return await _bytes_of(content.body, most_bytes) if isinstance(content, Content) else b""

    def _exchange(self, scope: Scope, headers: dict[str, str], origin: str) -> Exchange:
        return Exchange("GET", scope, headers.get, origin, _nothing, 0, self._dispatcher.post)


def operation_of(function: Callable[..., Any]) -> Operation:
    """The declaration of an operation, the first where it has several."""
    declared: tuple[Operation, ...] = function.declared_operations  # type: ignore[attr-defined]
    return declared[0]


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


async def _bytes_of(body: Any, most_bytes: int) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    if hasattr(body, "path"):
        with body.path.open("rb") as file:
            file.seek(body.start)
            found: bytes = file.read(min(most_bytes, body.stop - body.start))
            return found
    chunks = bytearray()
    async for chunk in body:
        chunks += chunk
        if len(chunks) >= most_bytes:
            break
    return bytes(chunks[:most_bytes])
