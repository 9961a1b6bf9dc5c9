"""The body of a request that is bytes: read piece by piece, held to the length that was announced."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator

from modelkeep.artifacts.store import length_required, too_large
from modelkeep.core.errors import ApiError, ErrorKind, not_authenticated
from modelkeep.server.http import HttpRequest, arriving, read_header

_DRAINED_BYTES = 64 * 1024 * 1024


class Upload:
    """One body."""

    def __init__(self, request: HttpRequest, most_bytes: int, digest: str | None = None) -> None:
        announced = request.headers.get("content-length")
        self.length = int(announced) if announced is not None and announced.isdecimal() else None
        self._request = request
        # The HTTP server gives a body once: whoever reads on does so where the reading stopped.
        self._arriving = self._all()
        self._most_bytes = most_bytes
        self._read = 0
        self._digest = digest
        self._hash = hashlib.sha256() if digest is not None else None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. One that ends before the announced length was cut off, and nothing of it may be kept.

        The HTTP server ends a body without a length in the same way whether it is whole or cut off, so such a body is
        refused unless it is empty: MLflow's clients send empty files without a length.
        """
        if self._most_bytes and self.length is not None and self.length > self._most_bytes:
            raise too_large(self._most_bytes)
        async for chunk in self._arriving:
            if self.length is None:
                raise length_required()
            yield chunk
        if self.length is None:
            check_digest(b"", self._digest)
            return
        if self._read != self.length:
            raise ApiError(
                ErrorKind.CANNOT_PARSE,
                f"The upload was cut off: {self._read} of {self.length} bytes came. Nothing was kept.",
            )
        if self._hash is not None and not _is_digest(self._hash.digest(), self._digest):
            raise not_authenticated()

    async def drain(self) -> None:
        """Read what is left of a refused body: a client that is still sending would not see the answer."""
        if (self.length or 0) > _DRAINED_BYTES:
            return
        async for _ in self._arriving:
            if self._read > _DRAINED_BYTES:
                return

    async def _all(self) -> AsyncIterator[bytes]:
        if self._request.chunks is None:
            raise length_required()
        async for chunk in arriving(self._request.chunks):
            self._read += len(chunk)
            if self._hash is not None:
                self._hash.update(chunk)
            yield chunk


def check_digest(body: bytes, digest: str | None) -> None:
    """Raise unless a body has the SHA-256 that its signature says, in base64; None says nothing."""
    if digest is not None and not _is_digest(hashlib.sha256(body).digest(), digest):
        raise not_authenticated()


def _is_digest(found: bytes, wanted: str | None) -> bool:
    return hmac.compare_digest(base64.b64encode(found), (wanted or "").encode())


def origin_of(request: HttpRequest) -> str:
    """Scheme and host as the caller wrote them."""
    connection = request.connection
    scheme = connection.scheme if connection is not None else "http"
    host = (connection.authority if connection is not None else None) or read_header(request.headers, "host") or ""
    return f"{scheme}://{host}"
