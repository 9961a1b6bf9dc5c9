"""One platform's flood of writes does not stop another's: they take turns, judged by the order of the records."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from modelkeep.core.settings import Settings
from modelkeep.server.application import Application
from modelkeep.server.http import HttpRequest
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, write_records
from tests.support.postgres import new_database

_GROUP = 8
_WAITING = 64
_w = write_records.c
_WRITERS = Query(sa.select(platforms.c.key).join(write_records, _w.platform_id == platforms.c.id).order_by(_w.id))


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    small: dict[str, Any] = {"data": tmp_path, "access_log": False, "write_group": _GROUP, "writers": 1}
    if request.param == "sqlite":
        yield Settings(**small)
    else:
        with new_database() as url:
            yield Settings(**small, database=url)


def _request(path: str, body: Any, platform: str) -> HttpRequest:
    content = msgspec.json.encode(body)
    headers = {"content-length": str(len(content)), "x-mlflow-workspace": platform}

    async def read_body(limit: int) -> bytes:
        return content

    return HttpRequest("POST", path, "", headers, "127.0.0.1:1", read_body)


async def _ok(application: Application, request: HttpRequest) -> None:
    answer, _ = await application.answer(request)
    assert answer is not None
    assert answer.status in (200, 201), answer


async def _create(application: Application, platform: str, name: str) -> None:
    await _ok(application, _request("/api/2.0/mlflow/registered-models/create", {"name": name}, platform))


async def _writers(application: Application) -> list[str]:
    rows = await application.lend(lambda engine, stores: engine.read(lambda tx: tx.all(_WRITERS)))
    return [row[0] for row in rows]


async def _started(settings: Settings) -> Application:
    application = Application(settings)
    await application.start()
    for platform in ("flood", "other"):
        await _ok(application, _request("/api/3.0/mlflow/workspaces", {"name": platform}, ""))
    return application


def test_a_write_is_not_behind_all_that_another_platform_has_waiting(settings: Settings) -> None:
    async def run() -> list[str]:
        application = await _started(settings)
        flood = [_create(application, "flood", f"model-{number}") for number in range(500)]
        await asyncio.gather(*flood, _create(application, "other", "only"))
        writers = await _writers(application)
        await application.stop()
        return writers

    writers = asyncio.run(run())
    assert writers.count("flood") == 500
    # The group that was open, the one after it, and room for one more that had begun.
    assert writers.index("other") < 3 * _GROUP


def test_beside_a_steady_flood_each_write_is_in_the_next_groups(settings: Settings) -> None:
    async def run() -> list[str]:
        application = await _started(settings)
        over = asyncio.Event()

        async def flood(client: int) -> None:
            number = 0
            while not over.is_set():
                await _create(application, "flood", f"model-{client}-{number}")
                number += 1

        clients = [asyncio.ensure_future(flood(client)) for client in range(_WAITING)]
        await _create(application, "other", "first")
        for number in range(20):
            await _create(application, "other", f"model-{number}")
        over.set()
        await asyncio.gather(*clients)
        writers = await _writers(application)
        await application.stop()
        return writers

    writers = asyncio.run(run())
    places = [place for place, writer in enumerate(writers) if writer == "other"]
    between = sorted(later - earlier for earlier, later in pairwise(places))
    # First come, first served would put all that wait between each two.
    assert between[len(between) // 2] < 3 * _GROUP < _WAITING
