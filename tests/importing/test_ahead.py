"""While one batch is written, the next is read; and nobody reads any more once that is closed."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from modelkeep.importing.ahead import read_ahead

_LONGEST_SECONDS = 60


def test_batches_come_in_their_order() -> None:
    async def read() -> list[int]:
        return [batch async for batch in read_ahead(iter(range(1, 100)))]

    assert asyncio.run(read()) == list(range(1, 100))


def test_the_next_is_read_while_one_is_in_use() -> None:
    second = threading.Event()

    def batches() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    async def read() -> None:
        async with aclosing(read_ahead(batches())) as ahead:
            assert await anext(ahead) == 1
            assert await asyncio.to_thread(second.wait, _LONGEST_SECONDS)

    asyncio.run(read())


def test_what_reading_fails_of_comes_after_what_was_read() -> None:
    def batches() -> Iterator[int]:
        yield 1
        raise LookupError("gone")

    async def read() -> None:
        ahead = read_ahead(batches())
        assert await anext(ahead) == 1
        with pytest.raises(LookupError, match="gone"):
            await anext(ahead)

    asyncio.run(read())


def test_one_that_is_closed_has_no_thread_that_still_reads() -> None:
    begun, go_on = threading.Event(), threading.Event()
    ended: list[str] = []

    def batches() -> Iterator[int]:
        yield 1
        begun.set()
        go_on.wait(_LONGEST_SECONDS)
        ended.append("read")
        yield 2

    async def read() -> None:
        ahead = read_ahead(batches())
        await anext(ahead)
        await asyncio.to_thread(begun.wait, _LONGEST_SECONDS)
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        await ahead.aclose()
        assert ended == ["read"]

    asyncio.run(read())
