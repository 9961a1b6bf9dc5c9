"""Clients at work at once, each with a connection and a random source of its own."""

import random
import threading
import time
from collections.abc import Callable, Sequence

from tests.proofs.history import History, Recorder, Verdict

_SECONDS = 120
Work = Callable[[Recorder, random.Random], None]


class Clients:
    """Threads that do a piece of work again and again, from entering the block to leaving it.

    Client `n` asks the server `urls[n % len(urls)]`. What fails in a client fails the block.
    """

    def __init__(self, urls: Sequence[str], count: int, seed: int, work: Work, history: History) -> None:
        self._stopping = threading.Event()
        self._failures: list[BaseException] = []
        self.urls = urls
        self._work = work
        self._history = history
        self._threads = [
            threading.Thread(target=self._run, args=(history, number, urls[number % len(urls)], seed))
            for number in range(count)
        ]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *ignored: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(_SECONDS)
        if self._failures and kind is None:
            raise self._failures[0]

    def wait_for(self, more: int, verdict: Verdict | None = None) -> None:
        """Until so many more requests have come to an end, or to this one; no longer where a client has failed."""

        def count() -> int:
            return len(self._history.events if verdict is None else self._history.of(verdict))

        wanted = count() + more
        wait_until(lambda: count() >= wanted or bool(self._failures))

    def _run(self, history: History, number: int, url: str, seed: int) -> None:
        recorder = Recorder(history, number, url)
        recorder.stopping = self._stopping
        source = random.Random(seed * 1_000 + number)
        try:
            while not self._stopping.is_set():
                self._work(recorder, source)
        except BaseException as error:
            self._failures.append(error)
        finally:
            recorder.close()


def wait_until(true: Callable[[], bool], seconds: float = _SECONDS) -> None:
    """Until a condition holds; fails where it does not come to hold."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.005)
