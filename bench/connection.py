"""One kept-alive HTTP/1.1 connection of the load generator: whole answers are counted, bodies thrown away."""

import socket
from collections.abc import Iterator

_BUFFER = bytearray(1024 * 1024)
_VIEW = memoryview(_BUFFER)
_LONGEST_HEAD = 8192
_HEAD_END = b"\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class BrokenConnection(Exception):
    """The server closed the connection or sent what is not an answer."""


class Connection:
    """At most one request is on its way; `receive` tells when its answer is complete, `bytes` how long it was."""

    __slots__ = (
        "_chunked",
        "_head",
        "_missing",
        "_socket",
        "_status",
        "_tail",
        "_taken",
        "bytes",
        "requests",
        "sent_at",
    )

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.requests = requests
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self.sent_at = 0.0
        self.bytes = 0
        self._taken = 0
        self._reset()

    def _reset(self) -> None:
        self._head = b""
        self._missing = 0
        self._chunked = False
        self._tail = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def send(self, request: bytes, at: float) -> None:
        """Send a request; `at` is when its latency begins. It always fits into an empty socket buffer."""
        self.sent_at = at
        self.bytes = 0
        try:
            if self._socket.send(request) != len(request):
                raise BrokenConnection("the request did not fit into the socket's buffer")
        except OSError as error:
            raise BrokenConnection(str(error)) from None

    def receive(self) -> int:
        """Take what has arrived: the answer's status if that completes it, else 0."""
        try:
            size = self._socket.recv_into(_BUFFER)
        except OSError as error:
            raise BrokenConnection(str(error)) from None
        self._taken = size
        self.bytes += size
        if not size:
            raise BrokenConnection("closed by the server")
        if self._missing:
            self._missing -= size
        elif self._chunked:
            self._see_chunks(bytes(_VIEW[max(0, size - len(_LAST_CHUNK)) : size]))
        elif not self._see_head(size):
            return 0
        if self._missing or self._chunked:
            return 0
        self._reset()
        return self._status

    def body_sample(self) -> str:
        """The start of what the last `receive` took."""
        return bytes(_VIEW[: min(self._taken, 1000)]).decode(errors="replace")

    def _see_head(self, size: int) -> bool:
        """Read the head, if all of it is here, and with it how much is to come."""
        before = len(self._head)
        head = self._head + bytes(_VIEW[: min(size, _LONGEST_HEAD)])
        end = head.find(_HEAD_END)
        if end < 0:
            if len(head) > _LONGEST_HEAD:
                raise BrokenConnection("the head of the answer has no end")
            self._head = head
            return False
        self._status = int(head[9:12])
        fields = head[:end].lower()
        arrived = before + size - end - len(_HEAD_END)
        at = fields.find(b"\r\ncontent-length:")
        if at >= 0:
            self._missing = int(fields[at + 17 :].split(b"\r", 1)[0]) - arrived
        elif b"\r\ntransfer-encoding: chunked" in fields:
            self._chunked = True
            if arrived:
                self._see_chunks(bytes(_VIEW[max(0, size - min(arrived, len(_LAST_CHUNK))) : size]))
        elif self._status != 204:
            raise BrokenConnection("the answer does not say where it ends")
        return True

    def _see_chunks(self, last: bytes) -> None:
        """The end of a chunked answer is looked for where it must be: nothing follows it on this connection."""
        self._tail = (self._tail + last)[-len(_LAST_CHUNK) :]
        self._chunked = self._tail != _LAST_CHUNK
