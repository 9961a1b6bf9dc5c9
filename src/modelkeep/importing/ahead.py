"""Reading ahead: while one batch is written, a thread reads the next, so that both databases are kept busy."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def read_ahead(batches: Iterator[T]) -> AsyncGenerator[T, None]:
    """The batches of a source, one of them ahead. Once it is closed, no thread reads from the source any more."""
    read = partial(next, batches, None)
    loop = asyncio.get_running_loop()
    coming = loop.run_in_executor(None, read)
    try:
        while (batch := await asyncio.shield(coming)) is not None:
            coming = loop.run_in_executor(None, read)
            yield batch
    finally:
        if not coming.done():
            await asyncio.wait([coming])
        if not coming.cancelled():
            coming.exception()
