"""HTTP byte by byte, for what no client library would send."""

import json
import socket
from collections.abc import Iterable

import httpx

from tests.support.api import Answer
from tests.support.server import RunningServer


def exchange(server: RunningServer, request: bytes) -> Answer:
    """Send these bytes and read one answer until the server closes or the answer is whole."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += _more(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = httpx.Headers([(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)])
        while len(body) < int(headers.get("content-length", 0)):
            body += _more(connection)
    return Answer(int(status.split()[1]), json.loads(body) if body else None, headers, body)


def get(server: RunningServer, target: bytes, headers: Iterable[bytes] = ()) -> Answer:
    """GET a target that is sent as it is."""
    lines = [b"GET " + target + b" HTTP/1.1", b"host: 127.0.0.1", *headers]
    return exchange(server, b"\r\n".join(lines) + b"\r\n\r\n")


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    assert received, "the server closed the connection before its answer was whole"
    return received
