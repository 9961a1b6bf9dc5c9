"""The floor: Granian alone, decoding the same body and answering as many bytes, storing nothing.

`python -m bench.floor rsgi|asgi PORT ANSWERS` serves; ANSWERS is a file that holds, for the last segment of a path,
the body that modelkeep answered there. Granian runs as `modelkeep serve` runs it: embedded, one loop, uvloop.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

JSON = "application/json"


class Tag(msgspec.Struct):
    key: str
    value: str = ""


class CreateModelVersion(msgspec.Struct):
    """The body of a creation, as a server that keeps it would have to read it."""

    name: str
    source: str
    tags: list[Tag] = []


decode = msgspec.json.Decoder(CreateModelVersion).decode


def last_segment(path: str) -> str:
    return path.rpartition("/")[2]


def rsgi_floor(answers: dict[str, bytes]) -> Callable[[Any, Any], Awaitable[None]]:
    """The application on Granian's own protocol, which is also modelkeep's."""
    headers = [("content-type", JSON)]

    async def serve(scope: Any, protocol: Any) -> None:
        if scope.method == "POST":
            decode(await protocol())
        protocol.response_bytes(200, headers, answers.get(last_segment(scope.path), b"OK"))

    return serve


def asgi_floor(answers: dict[str, bytes]) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """The same on ASGI, which most Python frameworks stand on."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            message = await receive()
            body = message["body"]
            while message.get("more_body"):
                message = await receive()
                body += message["body"]
            decode(body)
        answer = answers.get(last_segment(scope["path"]), b"OK")
        headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return serve


async def serve_floor(interface: str, port: int, answers: dict[str, bytes]) -> None:
    """Serve until SIGTERM."""
    server = Server(
        rsgi_floor(answers) if interface == "rsgi" else asgi_floor(answers),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.RSGI if interface == "rsgi" else Interfaces.ASGINL,
        http=HTTPModes.auto,
        websockets=False,
        log_enabled=False,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


if __name__ == "__main__":
    stored = msgspec.msgpack.decode(Path(sys.argv[3]).read_bytes(), type=dict[str, bytes])
    uvloop.run(serve_floor(sys.argv[1], int(sys.argv[2]), stored))
