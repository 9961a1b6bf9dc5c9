"""Threads that read for several tenants in turn."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from modelkeep.storage.turns import Turns

T = TypeVar("T")
_Work = tuple["Future[Any]", Callable[[], Any]]


class FairThreads:
    """As many threads as were asked for, started when they are first needed."""

    def __init__(self, threads: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._waiting: Turns[_Work] = Turns()
        self.reading = 0
        """How many are on a thread or wait for one."""

    async def run(self, tenant: Hashable, work: Callable[[], T]) -> T:
        """What `work` returns, run on a thread when its tenant's turn has come."""
        future: Future[T] = Future()
        self._waiting.add(tenant, (future, work))
        # There is one such call for each that waits, and it runs whoever is next, not who has made it.
        self._threads.submit(self._run_next)
        self.reading += 1
        try:
            return await asyncio.wrap_future(future)
        finally:
            self.reading -= 1

    def _run_next(self) -> None:
        for future, work in self._waiting.take():
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

    def shutdown(self) -> None:
        """Run what waits, and end the threads."""
        self._threads.shutdown()
