"""How long MLflow's client takes by itself: `python -m bench.client_alone URI`.

What a server answers to one run of the client is recorded. Then the same runs are logged to a process that does nothing
but send those answers back: no server can make the client faster than it is there.
"""

import asyncio
import multiprocessing
import socket
import sys
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from bench.client import Took, main

_RUNS = 15
# What the client asks a server only once is not recorded. Without an answer it takes the server for an older one.
_UNKNOWN = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
Answers = dict[tuple[str, str], bytes]


def record(uri: str) -> Answers:
    """The last answer of each path, as it is sent."""
    from requests.adapters import HTTPAdapter

    answers: Answers = {}
    plain = HTTPAdapter.send

    def send(self: Any, request: Any, *arguments: Any, **named: Any) -> Any:
        answer = plain(self, request, *arguments, **{**named, "stream": False})
        kind = answer.headers.get("content-type", "application/json")
        head = (
            f"HTTP/1.1 {answer.status_code} OK\r\ncontent-type: {kind}\r\ncontent-length: {len(answer.content)}\r\n\r\n"
        )
        answers[request.method, urlsplit(request.url).path] = head.encode() + answer.content
        return answer

    HTTPAdapter.send = send  # type: ignore[method-assign]
    try:
        main(uri, 1, with_registry=True)
    finally:
        HTTPAdapter.send = plain  # type: ignore[method-assign]
    return answers


class _Parrot(asyncio.Protocol):
    """Sends back what was recorded for a path. Every run has the id of the recorded one, so its paths are the same."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._coming = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._coming += data
        head, found, body = self._coming.partition(b"\r\n\r\n")
        fields = head.lower().split(b"\r\n")
        length = next((int(field[15:]) for field in fields if field.startswith(b"content-length:")), 0)
        if not found or len(body) < length:
            return
        self._coming = body[length:]
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        self._transport.write(self._answers.get((method, target.partition("?")[0]), _UNKNOWN))


def _serve(listening: socket.socket, answers: Answers) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Parrot(answers), sock=listening)
        await server.serve_forever()

    asyncio.run(forever())


def alone(answers: Answers) -> Took:
    """The same runs, answered at once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        parrot = multiprocessing.get_context("fork").Process(target=_serve, args=(listening, answers), daemon=True)
        parrot.start()
        try:
            return main(f"http://127.0.0.1:{listening.getsockname()[1]}", _RUNS, with_registry=True)
        finally:
            parrot.terminate()
            parrot.join()


if __name__ == "__main__":
    real = main(sys.argv[1], _RUNS, with_registry=True)
    least = alone(record(sys.argv[1]))
    print()
    for what, took in (("with the server", real), ("answered at once", least)):
        processor = took.busy * sum(took.seconds) / len(took.seconds)
        print(
            f"{what}: {median(took.seconds) * 1000:.0f} ms a run, {processor * 1000:.0f} ms of it the client's own work"
        )
