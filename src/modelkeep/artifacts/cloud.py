"""Artifacts in a cloud's object store: S3, Google Cloud Storage or Azure, all through obstore."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import AzureStore, GCSStore, S3Store

from modelkeep.artifacts.paths import join
from modelkeep.artifacts.store import Held, Listed, Parts, Replaced, SignedUrl, StoreFailed, is_folder
from modelkeep.core.errors import artifact_not_found

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

Bucket = S3Store | GCSStore | AzureStore

_CHUNK_BYTES = 8 * 1024 * 1024
"""Of an upload's parts and of a download's requests."""
_CONCURRENT = 4
_MOST_PARTS = 10_000


class CloudStore:
    """The artifacts below one prefix of a bucket."""

    def __init__(self, bucket: Bucket, prefix: str, parts: Parts | None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self.parts = parts

    async def look(self, path: str) -> Held:
        try:
            with _failures():
                meta = await obstore.head_async(self._bucket, self._key(path))
        except FileNotFoundError:
            if await self.children(path):
                raise is_folder(path) from None
            raise artifact_not_found(path) from None
        return Held(meta["size"], meta["last_modified"].timestamp(), meta["e_tag"] or "")

    async def read(self, path: str, held: Held, start: int, stop: int) -> bytes | AsyncIterator[bytes]:
        if stop - start <= _CHUNK_BYTES:
            return await self._span(path, held, start, stop)
        return self._spans(path, held, start, stop)

    async def write(self, path: str, length: int, chunks: AsyncIterator[bytes]) -> None:
        if await self._has_below(path):
            raise is_folder(path)
        key = self._key(path)
        with _failures():
            if length <= _CHUNK_BYTES:
                body = b"".join([chunk async for chunk in chunks])
                await obstore.put_async(self._bucket, key, body, use_multipart=False)
            else:
                size = max(_CHUNK_BYTES, -(-length // _MOST_PARTS))
                await obstore.put_async(
                    self._bucket, key, chunks, use_multipart=True, chunk_size=size, max_concurrency=_CONCURRENT
                )

    async def children(self, path: str) -> list[Listed]:
        prefix = self._key(path)
        with _failures():
            found = await obstore.list_with_delimiter_async(self._bucket, prefix or None)
        cut = len(prefix) + 1 if prefix else 0
        folders = [Listed(folder[cut:], None) for folder in found["common_prefixes"]]
        files = [Listed(meta["path"][cut:], meta["size"]) for meta in found["objects"]]
        return sorted((listed for listed in (*folders, *files) if listed.name), key=lambda listed: listed.name)

    async def delete(self, path: str) -> None:
        with _failures():
            stream = obstore.list(self._bucket, self._key(path), chunk_size=1_000)
            async for metas in stream:
                await obstore.delete_async(self._bucket, [meta["path"] for meta in metas])
            try:
                await obstore.delete_async(self._bucket, self._key(path))
            except FileNotFoundError:
                return

    async def sign(self, method: str, path: str, seconds: int) -> SignedUrl | None:
        headers = {}
        if method == "PUT" and isinstance(self._bucket, AzureStore):
            headers["x-ms-blob-type"] = "BlockBlob"
        with _failures():
            verb: Any = method
            url = await obstore.sign_async(self._bucket, verb, self._key(path), timedelta(seconds=seconds))
        return SignedUrl(url, headers)

    def _key(self, path: str) -> str:
        return join(self._prefix, path)

    async def _has_below(self, path: str) -> bool:
        with _failures():
            async for metas in obstore.list(self._bucket, self._key(path), chunk_size=1):
                return bool(metas)
        return False

    async def _span(self, path: str, held: Held, start: int, stop: int) -> bytes:
        if start == stop:
            return b""
        with _failures():
            try:
                found = await obstore.get_async(
                    self._bucket, self._key(path), options={"range": (start, stop), "if_match": held.etag or None}
                )
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                raise Replaced from None

    async def _spans(self, path: str, held: Held, start: int, stop: int) -> AsyncIterator[bytes]:
        """One request a span, the next under way while the last is sent: none lasts as long as a slow client."""
        ahead: asyncio.Future[bytes] | None = None
        try:
            while start < stop:
                end = min(start + _CHUNK_BYTES, stop)
                current = ahead or asyncio.ensure_future(self._span(path, held, start, end))
                ahead = None
                chunk = await current
                start = end
                if start < stop:
                    following = min(start + _CHUNK_BYTES, stop)
                    ahead = asyncio.ensure_future(self._span(path, held, start, following))
                yield chunk
        finally:
            if ahead is not None:
                ahead.cancel()


class _failures:  # noqa: N801
    """A cloud's refusals, as answers; what a client must not be told goes to the log."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, PreconditionError):
            raise Replaced from error
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
            raise StoreFailed("the object store refuses this server's credentials") from error
        if isinstance(error, BaseError) and not isinstance(error, FileNotFoundError):
            raise StoreFailed("the object store failed") from error


def open_bucket(url: str, environment: dict[str, str], silent_seconds: int) -> tuple[Bucket, str]:
    """The bucket of a URL and the prefix within it. Credentials come from the cloud's usual variables.

    A request to it fails once it has been silent for so long.
    """
    from obstore.store import from_url

    scheme, _, rest = url.partition("://")
    root, _, prefix = rest.partition("/")
    plain = any(environment.get(name, "").startswith("http://") for name in _ENDPOINTS)
    options: ClientConfig = {"allow_http": plain, "timeout": timedelta(minutes=5)}
    options["read_timeout"] = timedelta(seconds=silent_seconds)
    bucket = from_url(f"{scheme}://{root}", client_options=options, retry_config=_RETRIES)
    if not isinstance(bucket, (S3Store, GCSStore, AzureStore)):
        raise ValueError(f"{scheme}:// is not kept by a cloud")
    return bucket, prefix.strip("/")


# A client waits for the answer, and asks again by itself.
_RETRIES: "RetryConfig" = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}
_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
