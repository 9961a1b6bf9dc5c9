"""The one interface of all stores. A store holds the artifacts below one root and knows of nothing outside it."""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.exchange import FileSpan

UNSUPPORTED = "{what} is not supported for the current artifact repository"
"""MLflow's words: its client takes them for the sign to send a file the plain way."""


class Held(NamedTuple):
    """A file as it was when it was looked at. `etag` is quoted, as HTTP has it; `modified` are seconds since 1970."""

    size: int
    modified: float
    etag: str


class Listed(NamedTuple):
    """One line of a folder's list. `size` is None for a folder."""

    name: str
    size: int | None


class Part(msgspec.Struct):
    """A part of an upload, as the client names it once it is there."""

    part_number: int
    etag: str | None = None
    url: str | None = None


class StartedUpload(NamedTuple):
    """An upload in parts. `urls` is None where the parts come to this server."""

    upload_id: str
    urls: Sequence[str] | None


class Parts(Protocol):
    """Uploads in parts, of which nothing is seen under the file's name before they are complete."""

    async def start(self, path: str, count: int) -> StartedUpload: ...
    async def complete(self, path: str, upload_id: str, parts: Sequence[Part]) -> None: ...
    async def abort(self, path: str, upload_id: str) -> None: ...


class SignedUrl(NamedTuple):
    """A URL of the store's own, and the headers that must be sent with it."""

    url: str
    headers: dict[str, str]


class Store(Protocol):
    """The artifacts below one root. Paths are relative to it and were checked; "" is the root itself."""

    @property
    def parts(self) -> Parts | None:
        """None where this store cannot take a file in parts."""

    async def look(self, path: str) -> Held:
        """The file at this path; raises 404 where there is none and 400 where there is a folder."""

    async def read(self, path: str, held: Held, start: int, stop: int) -> bytes | FileSpan | AsyncIterator[bytes]:
        """Bytes of the file that was looked at. Raises `Replaced` rather than give those of another."""

    async def write(self, path: str, length: int, chunks: AsyncIterator[bytes]) -> None:
        """Keep a file: whole and durable when this returns, and not there at all where it raises."""

    async def children(self, path: str) -> list[Listed]:
        """What is directly in a folder, by name; nothing where there is no such folder."""

    async def delete(self, path: str) -> None:
        """Remove a file or a folder with all that is in it; what is not there is no error."""

    async def sign(self, method: str, path: str, seconds: int) -> SignedUrl | None:
        """A URL by which whoever has it may GET or PUT the file; None where only this server can give one."""


class Replaced(Exception):
    """Another file has the place of the one that was looked at: look again."""


class StoreFailed(Exception):
    """A cloud failed or refused this server. No fault of the caller, who is not told why; the log is."""


def is_folder(path: str) -> ApiError:
    return invalid_parameter("path", f"'{path}' is a folder; the path of a file is needed.")


def below_file(path: str) -> ApiError:
    return invalid_parameter("path", f"'{path}' is below a file; nothing can be kept there.")


def too_large(most: int) -> ApiError:
    return ApiError(ErrorKind.PAYLOAD_TOO_LARGE, f"An artifact has at most {most} bytes on this server.")


def length_required() -> ApiError:
    return ApiError(
        ErrorKind.LENGTH_REQUIRED,
        "An upload needs the header 'content-length': without it one that is cut off cannot be told from a whole one.",
    )


def unsupported(what: str) -> ApiError:
    return ApiError(ErrorKind.NOT_IMPLEMENTED, UNSUPPORTED.format(what=what))


def no_such_upload(upload_id: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"There is no upload '{upload_id[:80]}' of this artifact, or it has ended.")
