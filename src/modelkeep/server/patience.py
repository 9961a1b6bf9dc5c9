"""How long a client that sends a body is waited for."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable

from modelkeep.core.errors import ApiError, ErrorKind

_BYTES_FOR_MORE = 1024 * 1024
_LOOK_EVERY_SECONDS = 0.25
_OVER = 0.0


def stalled() -> ApiError:
    return ApiError(ErrorKind.REQUEST_TIMEOUT, "The request's body did not arrive in time. Nothing was done.")


class Patience:
    """Waits for bodies that come in one piece: so many seconds for each megabyte that is begun.

    One timer looks at all that wait, for one each would cost a request more than reading its body does.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until: dict[asyncio.Task[object] | None, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def whole(self, body: Awaitable[bytes], length: int) -> bytes:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        self._until[task] = loop.time() + self.seconds * (1 + length // _BYTES_FOR_MORE)
        if self._timer is None:
            self._timer = loop.call_later(_LOOK_EVERY_SECONDS, self._look, loop)
        try:
            return bytes(await body)
        except asyncio.CancelledError:
            if self._until[task] == _OVER and task is not None:
                task.uncancel()
                raise stalled() from None
            raise
        finally:
            del self._until[task]

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task, until in list(self._until.items()):
            if task is not None and _OVER < until <= now:
                self._until[task] = _OVER
                task.cancel()
        self._timer = loop.call_later(_LOOK_EVERY_SECONDS, self._look, loop) if self._until else None


async def moving(chunks: AsyncIterable[bytes], seconds: float) -> AsyncIterator[bytes]:
    """Chunks of a body, each of which has to come in so many seconds. The reader may take its time.

    One timer serves all of them: one for each would cost more than the chunk.
    """
    wait = _Wait(seconds)
    source = aiter(chunks)
    try:
        while True:
            wait.begin()
            try:
                chunk = await anext(source)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError:
                if wait.over:
                    raise stalled() from None
                raise
            finally:
                wait.end()
            yield chunk
    finally:
        wait.close()


class _Wait:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._since = 0.0
        self.over = False
        self._timer = self._loop.call_later(seconds, self._look)

    def begin(self) -> None:
        self._since = self._loop.time()
        self._task = asyncio.current_task()

    def end(self) -> None:
        task, self._task = self._task, None
        if self.over and task is not None:
            task.uncancel()

    def close(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        left = self._since + self._seconds - self._loop.time()
        if self._task is not None and left <= 0:
            self.over = True
            self._task.cancel()
        else:
            self._timer = self._loop.call_later(left if left > 0 else self._seconds, self._look)
