"""Files as answers and as bodies: what a request brings, and status, headers and bytes of what it asks for."""

import contextlib

from modelkeep.artifacts.media import attachment, media_type
from modelkeep.artifacts.ranges import Unsatisfiable, is_known, last_modified, wanted
from modelkeep.artifacts.store import Replaced, Store, length_required
from modelkeep.core.errors import ApiError, ErrorKind, unavailable
from modelkeep.core.exchange import Content, Exchange

_LOOKS = 5


async def keep(store: Store, path: str, exchange: Exchange) -> None:
    """Keep the body as this file."""
    if exchange.length is None:
        # What seems to be empty may be cut off: it must not take the place of a file that is not.
        try:
            held = await store.look(path)
        except ApiError:
            held = None
        if held is not None and held.size:
            raise length_required()
    await store.write(path, exchange.length or 0, exchange.upload())


async def send(store: Store, path: str, exchange: Exchange) -> Content:
    """The file, or the part of it that is asked for."""
    for _ in range(_LOOKS):
        with contextlib.suppress(Replaced):
            return await _send(store, path, exchange)
    raise unavailable("The artifact is being replaced all the time; try again in a moment.")


async def _send(store: Store, path: str, exchange: Exchange) -> Content:
    held = await store.look(path)
    name = path.rpartition("/")[2]
    state = (("etag", held.etag), ("last-modified", last_modified(held)), ("accept-ranges", "bytes"))
    if is_known(exchange.header, held):
        return Content(304, state, None)
    try:
        span = wanted(exchange.header, held)
    except Unsatisfiable:
        raise ApiError(
            ErrorKind.RANGE_NOT_SATISFIABLE,
            f"The range begins behind the end of the artifact, which has {held.size} bytes.",
            (("content-range", f"bytes */{held.size}"),),
        ) from None
    start, stop = span or (0, held.size)
    headers = (
        *state,
        ("content-type", media_type(name)),
        ("content-length", str(stop - start)),
        ("content-disposition", attachment(name)),
        ("x-content-type-options", "nosniff"),
        # What somebody uploaded is never a page of this server, with a browser's log-in.
        ("content-security-policy", "sandbox; default-src 'none'"),
        *((("content-range", f"bytes {start}-{stop - 1}/{held.size}"),) if span else ()),
    )
    body = None if exchange.method == "HEAD" or start == stop else await store.read(path, held, start, stop)
    return Content(206 if span else 200, headers, body)
