"""The floor of artifacts: Granian alone, which keeps bodies in files: `python -m bench.files PORT DIRECTORY FLUSH`.

It runs as modelkeep does: embedded, one loop, uvloop. A file is named by the last segment of its path.
FLUSH is 1 where it is on the disk before it is answered, and 0 where the kernel may write it later.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

HEADERS = [("content-type", "application/octet-stream")]


def files_floor(home: Path, *, flush: bool) -> Callable[[Any, Any], Awaitable[None]]:
    """The application: what is written is renamed into its place once it is whole."""

    async def serve(scope: Any, protocol: Any) -> None:
        path = home / scope.path.rpartition("/")[2]
        if scope.method == "PUT":
            coming = path.with_suffix(".coming")
            with coming.open("wb", buffering=0) as file:
                async for chunk in protocol:
                    file.write(chunk)
                if flush:
                    os.fsync(file.fileno())
            os.replace(coming, path)
            protocol.response_empty(200, [])
        elif path.is_file():
            size = ("content-length", str(path.stat().st_size))
            protocol.response_file(200, [*HEADERS, size], str(path))
        else:
            protocol.response_bytes(200, HEADERS, b"OK")

    return serve


async def serve_files(port: int, home: Path, *, flush: bool) -> None:
    """Serve until SIGTERM."""
    server = Server(
        files_floor(home, flush=flush),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.auto,
        websockets=False,
        log_enabled=False,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


if __name__ == "__main__":
    uvloop.run(serve_files(int(sys.argv[1]), Path(sys.argv[2]), flush=sys.argv[3] == "1"))
