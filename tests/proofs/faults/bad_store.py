"""Stands before a store of artifacts and misbehaves as it is told to."""

import contextlib
import selectors
import socket
import threading
import time
from enum import Enum

_SLOW_SECONDS = 0.3
_ERROR = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Conduct(Enum):
    """What it does with a connection."""

    WELL = "passes everything on"
    FAILING = "answers 500"
    SLOW = "passes everything on, after a while"
    SILENT = "takes the request and never answers"
    CUTTING = "ends the connection in the middle of the answer"
    ABSENT = "ends the connection at once"


class BadStore:
    """Serves on `url` from entering the block to leaving it."""

    def __init__(self, behind: str) -> None:
        host, _, port = behind.rpartition("/")[2].partition(":")
        self._behind = host, int(port)
        self._conduct = Conduct.WELL
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.met = 0
        """Connections that were treated badly."""

    def __enter__(self) -> "BadStore":
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._door.close()
        self._cut_all()

    def behave(self, conduct: Conduct) -> None:
        """From now on; connections that are open are ended."""
        self._conduct = conduct
        self._cut_all()

    def _cut_all(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._treat, args=(connection, self._conduct), daemon=True).start()

    def _treat(self, connection: socket.socket, conduct: Conduct) -> None:
        self.met += conduct is not Conduct.WELL
        with self._lock:
            self._open.add(connection)
        try:
            with contextlib.suppress(OSError), connection:
                self._converse(connection, conduct)
        finally:
            with self._lock:
                self._open.discard(connection)

    def _converse(self, connection: socket.socket, conduct: Conduct) -> None:
        if conduct is Conduct.ABSENT:
            return
        if conduct is Conduct.FAILING:
            _take_request(connection)
            connection.sendall(_ERROR)
        elif conduct is Conduct.SILENT:
            while connection.recv(65_536):
                pass
        else:
            if conduct is Conduct.SLOW:
                time.sleep(_SLOW_SECONDS)
            with socket.create_connection(self._behind) as behind:
                _pass_on(connection, behind, most=200 if conduct is Conduct.CUTTING else None)


def _take_request(connection: socket.socket) -> None:
    """Read a request to its end, so that the answer is not lost with what was not read."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536) or b"\r\n\r\n"
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    left = int(lengths[0]) - len(body) if lengths else 0
    while left > 0 and (more := connection.recv(65_536)):
        left -= len(more)


def _pass_on(here: socket.socket, behind: socket.socket, most: int | None) -> None:
    """Carry bytes both ways; `most` is how many of the answer's."""
    with selectors.DefaultSelector() as selector:
        selector.register(here, selectors.EVENT_READ, behind)
        selector.register(behind, selectors.EVENT_READ, here)
        while True:
            for key, _ in selector.select():
                assert isinstance(key.fileobj, socket.socket)
                data = key.fileobj.recv(65_536)
                if key.fileobj is behind and most is not None:
                    data = data[:most]
                    most -= len(data)
                if not data:
                    return
                key.data.sendall(data)
