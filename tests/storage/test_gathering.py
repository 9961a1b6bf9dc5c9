"""A group of writes waits for those that are about to come, and not where nobody comes."""

import asyncio
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from modelkeep.storage.migrate import upgrade
from modelkeep.storage.query import Query
from modelkeep.storage.schema import server_secrets
from modelkeep.storage.sqlite.engine import SqliteEngine
from modelkeep.storage.sqlite.gathering import Gathering
from modelkeep.storage.transaction import Transaction

_INSERT = Query(sa.insert(server_secrets).values(name=sa.bindparam("key"), value=sa.bindparam("content")))


def test_a_group_expects_as_many_as_were_under_way() -> None:
    gathering = Gathering(most=64)
    gathering.saw(8)
    assert gathering.is_worth_waiting(3)
    assert not gathering.is_complete(7)
    assert gathering.is_complete(8)
    assert not gathering.is_worth_waiting(8)


def test_no_group_expects_more_than_it_can_hold() -> None:
    gathering = Gathering(most=4)
    gathering.saw(100)
    assert gathering.is_complete(4)


def test_a_lone_client_is_never_kept_waiting() -> None:
    gathering = Gathering(most=64)
    assert not gathering.is_worth_waiting(1)
    gathering.saw(1)
    assert not gathering.is_worth_waiting(1)


def test_ever_fewer_groups_wait_for_those_that_do_not_come() -> None:
    gathering = Gathering(most=64)
    waits = []
    for _ in range(20):
        gathering.saw(8)
        waits.append(gathering.is_worth_waiting(1))
        if waits[-1]:
            gathering.missed()
    assert [place for place, waited in enumerate(waits) if waited] == [0, 2, 5, 10, 19]


def test_one_that_was_complete_brings_trust_back() -> None:
    gathering = Gathering(most=64)
    gathering.saw(8)
    for _ in range(5):
        gathering.missed()
    while not gathering.is_worth_waiting(1):
        pass
    assert gathering.is_complete(8)
    gathering.missed()
    assert not gathering.is_worth_waiting(1)
    assert gathering.is_worth_waiting(1)


def test_clients_that_come_back_one_by_one_share_a_commit(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'modelkeep.db'}")
    sizes: list[int] = []

    async def use() -> None:
        engine = SqliteEngine(tmp_path, readers=1, write_group=64, max_waiting_writes=100)
        await engine.start()
        engine.on_commit = lambda writes, seconds: sizes.append(writes)

        async def client(number: int) -> None:
            for turn in range(50):
                # Each needs another number of steps of the loop until it is back.
                for _ in range(number):
                    await asyncio.sleep(0)
                await engine.write(partial(_insert, f"{number}-{turn}"), _raise)

        await asyncio.gather(*(client(number) for number in range(4)))
        await engine.close()

    asyncio.run(use())
    assert max(sizes[2:]) == 4
    assert sum(sizes) == 200


def _insert(key: str, tx: Transaction) -> int:
    return tx.run(_INSERT, key=key, content=b"")


def _raise(tx: Transaction, error: Exception) -> int:
    raise error
