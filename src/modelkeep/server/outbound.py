"""Posts to hosts that a caller has named: none inside the house unless a setting allows it, and no detours.

The address is looked up once, checked, and connected to, so a name cannot lead elsewhere between the check and the
connection. No redirect is followed, and no proxy of the environment is used.
"""

import asyncio
import ssl
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from modelkeep.core.addresses import as_address, is_public
from modelkeep.core.exchange import HeaderList, NotSent, Reply

if TYPE_CHECKING:
    import httpcore

# What is kept of an answer, and the longest that an answer may ask to be left alone.
_LARGEST_BODY = 64 * 1024
_DAY = 86_400
_KEEPALIVE_SECONDS = 30.0


class Outbound:
    """Connections to other hosts, opened when first needed. Belongs to one event loop."""

    def __init__(self, *, allow_http: bool, allow_private: bool, seconds: int, connections: int) -> None:
        self._schemes = ("https", "http") if allow_http else ("https",)
        self._allow_private = allow_private
        self._seconds = seconds
        self._connections = connections
        self._opened = False

    async def post(self, url: str, headers: HeaderList, body: bytes) -> Reply:
        """Post once. Raises `NotSent` where no answer came, or the URL may not be posted to."""
        if urlsplit(url).scheme not in self._schemes:
            raise NotSent(f"Only {' and '.join(self._schemes)} can be used.")
        import httpcore

        try:
            async with asyncio.timeout(self._seconds):
                return await self._exchange(url, headers, body)
        except TimeoutError:
            raise NotSent(f"No answer came within {self._seconds} seconds.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, ValueError) as error:
            raise NotSent(
                f"The receiver was not reached: {' '.join(str(error).split()) or type(error).__name__}."
            ) from None

    async def _exchange(self, url: str, headers: HeaderList, body: bytes) -> Reply:
        sent = [("Host", urlsplit(url).netloc), ("Content-Length", str(len(body))), *headers]
        async with self._pool.stream("POST", url, headers=sent, content=body) as response:
            kept = bytearray()
            async for chunk in response.aiter_stream():
                kept += chunk
                if len(kept) >= _LARGEST_BODY:
                    break
        pause = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
        text = bytes(kept[:_LARGEST_BODY]).decode(errors="replace")
        return Reply(response.status, text, min(int(pause), _DAY) if pause.isdigit() else 0)

    @cached_property
    def _pool(self) -> "httpcore.AsyncConnectionPool":
        import httpcore

        self._opened = True
        return httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=self._connections,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            network_backend=_checking_backend(self._allow_private),
        )

    async def close(self) -> None:
        if self._opened:
            await self._pool.aclose()


def _checking_backend(allow_private: bool) -> "httpcore.AsyncNetworkBackend":
    import httpcore

    inner = httpcore.AnyIOBackend()

    class CheckingBackend(httpcore.AsyncNetworkBackend):
        """Connects to an address that it has looked up and checked itself."""

        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore.AsyncNetworkStream:
            problem: Exception = NotSent(f"The host {host!r} has no address.")
            for address in await _addresses(host, port, allow_private):
                try:
                    return await inner.connect_tcp(address, port, timeout, local_address, socket_options)
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    problem = error
            raise problem

        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(seconds)

    return CheckingBackend()


async def _addresses(host: str, port: int, allow_private: bool) -> list[str]:
    """Where a host may be reached. One of its addresses that may not refuses all: it has no business there."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1, proto=6)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private:
        for text in addresses:
            address = as_address(text)
            if address is None or not is_public(address):
                raise NotSent(f"The host {host!r} leads to {text}, which is no address of the public network.")
    return addresses
