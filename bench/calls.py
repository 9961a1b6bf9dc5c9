"""Single requests: to wait for a server, to prepare its data, to see what it answers."""

import http.client
from typing import Any

import msgspec

_ANSWER_SECONDS = 300
"""A server of four processes that have just started may take a minute for its first answers."""


class Refused(Exception):
    """An answer that is not 2xx."""


def call(port: int, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> bytes:
    """The body of the answer. Raises `Refused`, or `OSError` while nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
    try:
        content = None if body is None else msgspec.json.encode(body)
        connection.request(
            method, path, content, {**({"content-type": "application/json"} if content else {}), **(headers or {})}
        )
        answer = connection.getresponse()
        data = answer.read()
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise Refused(f"{method} {path}: {answer.status} {data[:500].decode(errors='replace')}")
    return data


def call_json(port: int, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Any:
    return msgspec.json.decode(call(port, method, path, body, headers))


def raw(method: str, path: str, port: int, headers: bytes = b"", body: bytes = b"") -> bytes:
    """The bytes of a request, as the load generator sends them."""
    content = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body) if body else b""
    return b"%s %s HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n%s%s\r\n%s" % (
        method.encode(),
        path.encode(),
        port,
        headers,
        content,
        body,
    )
