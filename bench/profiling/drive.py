"""Drives the application in this process, many clients at once, and counts the processor time of a request."""

import asyncio
import gc
import time
from collections.abc import Iterator
from typing import NamedTuple

from bench.profiling.layers import Layers
from bench.profiling.work import Scenario
from bench.scale.volume import Volume
from modelkeep.core.settings import Settings
from modelkeep.server.application import Application
from modelkeep.server.http import HttpRequest


class Refused(Exception):
    """An answer that was not 2xx: its time means nothing."""


class Cost(NamedTuple):
    """Microseconds of processor time of one request, of all threads of this process; by layers where asked for."""

    total: float
    layers: dict[str, float]


async def drive(
    settings: Settings, scenarios: list[Scenario], volume: Volume, clients: int, count: int, rounds: int, layers: Layers
) -> dict[str, list[Cost]]:
    """The cost of each scenario, once a round, the scenarios in turn."""
    application = Application(settings)
    await application.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    found: dict[str, list[Cost]] = {scenario.name: [] for scenario in scenarios}
    try:
        requests = {scenario.name: scenario.make(volume) for scenario in scenarios}
        for number in range(rounds + 1):
            for scenario in scenarios:
                # Made before the clock starts: this is not the server's time.
                batch = [next(requests[scenario.name]) for _ in range(count)]
                layers.reset()
                used = time.process_time_ns()
                await _all(application, iter(batch), clients)
                cost = Cost((time.process_time_ns() - used) / 1000 / count, layers.microseconds(count))
                if number:
                    found[scenario.name].append(cost)
    finally:
        await application.stop()
    return found


async def _all(application: Application, requests: Iterator[HttpRequest], clients: int) -> None:
    async def client() -> None:
        for request in requests:
            answer, _ = await application.answer(request)
            if answer is None or not 200 <= answer.status < 300:
                raise Refused(f"{request.method} {request.path}: {answer}")
            # A client over the network lets others have their turn as well.
            await asyncio.sleep(0)

    await asyncio.gather(*(client() for _ in range(clients)))
