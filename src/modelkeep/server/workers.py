"""Several server processes: started together, started again where one dies, stopped together.

They are forked before anything was opened, so that they share the memory of what was imported. The one that started
them serves nothing itself. Should it be killed, they see that and stop.
"""

import logging
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess

_log = logging.getLogger("modelkeep.server")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_HEARD = (*_SIGNALS, signal.SIGUSR1)
_MOST_SIGNALS = 64
# One that ends again and again, for the database may be away, is started once in so long.
_PAUSE_SECONDS = 2.0
# Beyond the time that a worker allows itself to finish what is in flight.
_GRACE_SECONDS = 5.0

Report = Callable[[str], None]
"""How a worker says that it serves, by "", or in one line why it cannot."""
Work = Callable[[Report, int, int], None]
"""What a worker does. It stops where the descriptor that it is given becomes readable; its number comes last."""


class WorkerFailed(Exception):
    """A worker could not start; the message is one line for whoever started the server."""


@dataclass(slots=True)
class _Worker:
    process: ForkProcess
    reports: Connection
    started: float
    number: int
    serves: bool = False


class Workers:
    """So many processes that all do `work`."""

    def __init__(self, count: int, work: Work, shutdown_seconds: int) -> None:
        self._count = count
        self._work = work
        self._stop_seconds = shutdown_seconds + _GRACE_SECONDS
        self._workers: list[_Worker] = []
        self._not_before = 0.0
        self._context = multiprocessing.get_context("fork")
        # Only this process holds the writing end, so it is closed when this process is gone, however it went.
        self._parent, self._alive = self._context.Pipe(duplex=False)

    def run(self, announce: Callable[[], None]) -> None:
        """Run them until SIGTERM or SIGINT; `announce` is called once, when all serve.

        Raises `WorkerFailed` where one cannot start, with all of them stopped.
        """
        with _woken_by_signals() as woken:
            try:
                self._watch(woken, announce)
            finally:
                self._stop()

    def _watch(self, woken: socket.socket, announce: Callable[[], None]) -> None:
        announced = False
        while True:
            self._fill()
            ready = wait([woken, *(worker.reports for worker in self._workers)], self._pause())
            if woken in ready:
                if self._to_stop(woken.recv(_MOST_SIGNALS)):
                    return
                continue
            for worker in [worker for worker in self._workers if worker.reports in ready]:
                problem = _heard(worker)
                if problem and not announced:
                    raise WorkerFailed(problem)
                if problem:
                    _log.warning("%s", problem)
                    self._remove(worker)
            if not announced and all(worker.serves for worker in self._workers):
                announced = True
                announce()

    def _to_stop(self, signals: bytes) -> bool:
        """Whether one of these signals is to stop; the others are the workers'."""
        if set(signals) & set(_SIGNALS):
            return True
        for worker in self._workers:
            if worker.process.pid is not None and worker.process.is_alive():
                os.kill(worker.process.pid, signal.SIGUSR1)
        return False

    def _pause(self) -> float | None:
        """How long until one that is missing may be started."""
        if len(self._workers) == self._count:
            return None
        return max(0.0, self._not_before - time.monotonic())

    def _fill(self) -> None:
        while len(self._workers) < self._count and time.monotonic() >= self._not_before:
            self._workers.append(self._start())

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe(duplex=False)
        number = min(set(range(self._count)) - {worker.number for worker in self._workers})
        process = self._context.Process(target=self._begin, args=(theirs, number), daemon=True)
        # A signal to stop that reached the new process before it had its own handlers would be taken for one to
        # this process, whose handlers it starts with, and be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        theirs.close()
        return _Worker(process, ours, time.monotonic(), number)

    def _begin(self, reports: Connection, number: int) -> None:
        """In the new process."""
        signal.set_wakeup_fd(-1)
        for heard in _SIGNALS:
            signal.signal(heard, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
        self._alive.close()
        self._work(reports.send, self._parent.fileno(), number)

    def _remove(self, worker: _Worker) -> None:
        worker.process.join(_GRACE_SECONDS)
        worker.reports.close()
        self._workers.remove(worker)
        self._not_before = worker.started + _PAUSE_SECONDS

    def _stop(self) -> None:
        for worker in self._workers:
            worker.process.terminate()
        deadline = time.monotonic() + self._stop_seconds
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _heard(worker: _Worker) -> str:
    """What is wrong with a worker that has said something or ended; "" where it serves."""
    try:
        problem: str = worker.reports.recv()
    except (EOFError, OSError):
        worker.process.join(_GRACE_SECONDS)
        how = f"server process {worker.process.pid} ended with exit code {worker.process.exitcode}"
        return f"The {how}; another takes its place." if worker.serves else f"The {how} before it served."
    worker.serves = not problem
    return problem


@contextmanager
def _woken_by_signals() -> Iterator[socket.socket]:
    """A socket that becomes readable when a signal has come, and tells which."""
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    before = [signal.signal(number, lambda number, frame: None) for number in _HEARD]
    signal.set_wakeup_fd(waking.fileno())
    try:
        yield woken
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in zip(_HEARD, before, strict=True):
            signal.signal(number, handler)
        woken.close()
        waking.close()
