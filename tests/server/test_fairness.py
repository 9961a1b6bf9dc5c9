"""One platform's flood of writes does not stop another's: they take turns, judged by the order in which they run."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from modelkeep.core.settings import Settings
from modelkeep.server.application import Application
from modelkeep.server.database import bring_up_to_date, make_engine
from modelkeep.server.http import HttpRequest
from modelkeep.storage.engine import Engine
from modelkeep.storage.transaction import Transaction
from tests.support.postgres import new_database

_GROUP = 8
_WAITING = 64


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    small: dict[str, Any] = {"data": tmp_path, "access_log": False, "write_group": _GROUP, "writers": 1}
    if request.param == "sqlite":
        yield Settings(**small)
    else:
        with new_database() as url:
            yield Settings(**small, database=url)


class _Order:
    """Writes that note whose they are as they are run."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.run: list[str] = []

    async def write(self, tenant: str) -> int:
        """How many were run between the moment when this one was handed over and its own."""
        before, place = len(self.run), -1

        def work(tx: Transaction) -> None:
            nonlocal place
            place = len(self.run)
            self.run.append(tenant)

        await self._engine.write(work, _raise, tenant=tenant)
        return place - before


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error


def _with_order(settings: Settings, use: Callable[[_Order], Awaitable[None]]) -> list[str]:
    async def run() -> list[str]:
        engine = make_engine(settings)
        await engine.start()
        order = _Order(engine)
        try:
            await use(order)
        finally:
            await engine.close()
        return order.run

    bring_up_to_date(settings)
    return asyncio.run(run())


def test_a_write_is_not_behind_all_that_another_tenant_has_waiting(settings: Settings) -> None:
    async def use(order: _Order) -> None:
        await asyncio.gather(*(order.write("flood") for _ in range(500)), order.write("other"))

    run = _with_order(settings, use)
    assert run.count("flood") == 500
    # Behind the group that was open, and one in the next.
    assert run.index("other") <= _GROUP + 1


def test_beside_a_steady_flood_each_write_is_in_one_of_the_next_groups(settings: Settings) -> None:
    waited: list[int] = []

    async def use(order: _Order) -> None:
        over = asyncio.Event()

        async def flood() -> None:
            while not over.is_set():
                await order.write("flood")

        clients = [asyncio.ensure_future(flood()) for _ in range(_WAITING)]
        waited.extend([await order.write("other") for _ in range(21)])
        over.set()
        await asyncio.gather(*clients)

    _with_order(settings, use)
    # First come, first served would be nearly all that wait, each time.
    assert sorted(waited)[len(waited) // 2] < 2 * _GROUP < _WAITING


def test_the_server_names_the_platform_whose_turn_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[tuple[str, Any]] = []

    async def run() -> None:
        application = Application(Settings(data=tmp_path, access_log=False))
        await application.start()
        for platform in ("first", "second"):
            await _ok(application, "POST", "/api/3.0/mlflow/workspaces", {"name": platform}, "")
        engine = application._engine

        def noted(name: str) -> None:
            call: Any = getattr(engine, name)

            async def note(*given: Any) -> Any:
                turns.append((name, given[-1]))
                return await call(*given)

            monkeypatch.setattr(engine, name, note)

        for name in ("write", "read", "look_up"):
            noted(name)
        api = "/api/2.0/mlflow/registered-models/"
        for platform in ("first", "second"):
            await _ok(application, "POST", api + "create", {"name": "m"}, platform)
            await _ok(application, "GET", api + "search", {}, platform)
            await _ok(application, "GET", api + "get", {"name": "m"}, platform)
        await application.stop()

    asyncio.run(run())
    by_call = {name: [tenant for call, tenant in turns if call == name] for name in ("write", "read", "look_up")}
    writers, searchers, lookers = (list(dict.fromkeys(tenants)) for tenants in by_call.values())
    assert len(writers) == 2
    assert all(isinstance(tenant, int) for tenant in writers)
    assert searchers == writers
    assert [tenant for tenant in lookers if isinstance(tenant, int)] == writers


async def _ok(application: Application, verb: str, path: str, body: Any, platform: str) -> None:
    content = msgspec.json.encode(body)
    headers = {"host": "127.0.0.1", "content-length": str(len(content)), "x-mlflow-workspace": platform}

    async def read_body(limit: int) -> bytes:
        return content

    answer, _ = await application.answer(HttpRequest(verb, path, "", headers, "127.0.0.1:1", read_body))
    assert answer is not None
    assert answer.status in (200, 201), answer
