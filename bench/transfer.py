"""Sends one large file, or fetches it: `python -m bench.transfer PORT put|get FILE SECONDS` does so over and over.

The kernel sends the file and what arrives is counted and thrown away, so that the server has the machine.
"""

import contextlib
import os
import socket
import sys
import time
from pathlib import Path

import msgspec

PATH = "/api/2.0/mlflow-artifacts/artifacts/bench/large"
_TAKEN = 4 * 1024 * 1024


class Transfers(msgspec.Struct):
    """Seconds of each whole transfer, the share of a core that this side used, and the first failure."""

    seconds: list[float]
    busy: float
    error: str


class Failed(Exception):
    """The answer is not what was asked for."""


def put(port: int, file: Path) -> None:
    """Send the file and wait for the answer."""
    with contextlib.closing(_connected(port)) as connection, file.open("rb") as source:
        length = os.fstat(source.fileno()).st_size
        connection.sendall(_head(f"PUT {PATH}", port, f"content-length: {length}\r\n"))
        connection.sendfile(source)
        _answered(connection)


def get(port: int, file: Path) -> None:
    """Fetch what was put; it must be as long as the file."""
    wanted = file.stat().st_size
    buffer = bytearray(_TAKEN)
    with contextlib.closing(_connected(port)) as connection:
        connection.sendall(_head(f"GET {PATH}", port, "connection: close\r\n"))
        arrived = len(_answered(connection))
        while size := connection.recv_into(buffer):
            arrived += size
    # Around what comes in chunks stand their lengths.
    if not wanted <= arrived < wanted * 1.01 + 64:
        raise Failed(f"{arrived} of {wanted} bytes came")


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=300)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _head(line: str, port: int, field: str) -> bytes:
    return f"{line} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{field}\r\n".encode()


def _answered(connection: socket.socket) -> bytes:
    """Read the head of a 2xx answer; what has come of its body."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(65536)
        if not more:
            raise Failed("closed without an answer")
        head += more
    if head[9:10] != b"2":
        raise Failed(head[:300].decode(errors="replace"))
    return head.partition(b"\r\n\r\n")[2]


def main(port: int, which: str, file: Path, seconds: float) -> Transfers:
    """At least one transfer, and more as long as there is time for another."""
    transfer = put if which == "put" else get
    begun, used, error = time.perf_counter(), time.process_time(), ""
    took: list[float] = []
    while not took or time.perf_counter() - begun + took[-1] <= seconds:
        at = time.perf_counter()
        try:
            transfer(port, file)
        except (OSError, Failed) as failure:
            error = str(failure) or type(failure).__name__
            break
        took.append(time.perf_counter() - at)
    busy = (time.process_time() - used) / (time.perf_counter() - begun)
    return Transfers(took, busy, error)


if __name__ == "__main__":
    found = main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]))
    sys.stdout.buffer.write(msgspec.json.encode(found))
