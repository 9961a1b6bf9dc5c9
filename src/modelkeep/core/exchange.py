"""What an operation that carries bytes is handed beside its plan, and what it answers with."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from modelkeep.core.scope import Scope

HeaderList = list[tuple[str, str]]


class Reply(NamedTuple):
    """What a host that was posted to has answered. `pause` is the seconds for which it asks to be left alone."""

    status: int
    body: str
    pause: int = 0


class NotSent(Exception):
    """A host could not be posted to, or may not be; the message is one line without secrets."""


Post = Callable[[str, HeaderList, bytes], Awaitable[Reply]]
"""Post a body with headers to a URL. Raises `NotSent`."""


@dataclass(slots=True)
class Exchange:
    """One request as the bytes' side of an operation sees it, after its transaction has ended."""

    method: str
    scope: Scope
    header: Callable[[str], str | None]
    origin: str
    """Scheme and host under which the caller reaches this server."""
    upload: Callable[[], AsyncIterator[bytes]]
    """The body, chunk by chunk. Raises where it has no announced length, is too long, or ends too soon."""
    length: int | None
    """The announced length of the body; None where there is none, and then the body is empty or refused."""
    post: Post
    """How to reach another host, within what the settings allow."""
    answer_headers: HeaderList = field(default_factory=list)
    """Headers to add to an answer that is a struct."""


class FileSpan(NamedTuple):
    """Bytes `start` to `stop` of a file on this machine."""

    path: Path
    start: int
    stop: int


class Content(NamedTuple):
    """An answer of bytes. `body` is None where there is none to send: HEAD, 304 and 416."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | FileSpan | AsyncIterator[bytes] | None
