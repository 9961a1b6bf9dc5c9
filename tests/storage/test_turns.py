"""What waits is taken in turns of its tenants, and each may have its share of the places there are."""

import asyncio
import threading

import pytest

from modelkeep.storage.errors import Overloaded
from modelkeep.storage.fair_threads import FairThreads
from modelkeep.storage.turns import Turns


def test_tenants_are_taken_one_after_the_other() -> None:
    turns: Turns[str] = Turns()
    for item in ("a1", "a2", "a3", "b1", "c1", "c2"):
        turns.add(item[0], item)
    assert turns.take(4) == ["a1", "b1", "c1", "a2"]
    assert len(turns) == 2
    assert turns.take(9) == ["c2", "a3"]
    assert turns.take(9) == []


def test_one_tenant_is_served_in_the_order_in_which_it_came() -> None:
    turns: Turns[int] = Turns()
    for number in range(100):
        turns.add("only", number)
    assert turns.take(50) + turns.take(50) == list(range(100))


def test_one_tenant_may_have_all_places_and_no_more() -> None:
    turns: Turns[int] = Turns(10)
    for number in range(10):
        turns.add("only", number)
    with pytest.raises(Overloaded):
        turns.add("only", 10)
    assert len(turns) == 10


def test_where_one_has_all_places_another_still_gets_its_share() -> None:
    turns: Turns[int] = Turns(10)
    for number in range(10):
        turns.add("flood", number)
    for number in range(5):
        turns.add("other", number)
    with pytest.raises(Overloaded):
        turns.add("other", 5)
    with pytest.raises(Overloaded):
        turns.add("flood", 10)
    turns.add("third", 0)


def test_a_share_grows_again_once_the_others_are_served() -> None:
    turns: Turns[int] = Turns(4)
    for tenant in ("a", "a", "b", "b"):
        turns.add(tenant, 0)
    turns.take(4)
    for _ in range(4):
        turns.add("a", 0)
    assert turns.take(9) == [0] * 4


def test_threads_read_for_tenants_in_turn() -> None:
    read: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        go_on.wait(30)

    async def run() -> None:
        threads = FairThreads(1, "reader")
        held = asyncio.ensure_future(threads.run("flood", hold))
        await asyncio.to_thread(begun.wait, 30)
        flood = [asyncio.ensure_future(threads.run("flood", lambda: read.append("flood"))) for _ in range(200)]
        await asyncio.sleep(0)
        other = asyncio.ensure_future(threads.run("other", lambda: read.append("other")))
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(held, other, *flood)
        await asyncio.to_thread(threads.shutdown)

    asyncio.run(run())
    assert len(read) == 201
    assert read.index("other") <= 1


def test_a_thread_goes_on_after_work_that_raises_and_work_that_was_given_up() -> None:
    async def run() -> list[object]:
        threads = FairThreads(1, "reader")
        given_up = asyncio.ensure_future(threads.run("a", lambda: 1))
        given_up.cancel()
        outcomes = await asyncio.gather(
            given_up, threads.run("a", lambda: [][0]), threads.run("a", lambda: 2), return_exceptions=True
        )
        await asyncio.to_thread(threads.shutdown)
        return list(outcomes)

    cancelled, failed, done = asyncio.run(run())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert isinstance(failed, IndexError)
    assert done == 2
