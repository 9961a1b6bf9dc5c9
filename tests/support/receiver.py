"""A receiver of webhooks: a small HTTP server that remembers what it was sent and answers what it is told to."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

_PATIENCE_SECONDS = 30


class Message(NamedTuple):
    """One request as it came."""

    path: str
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body

    @property
    def event(self) -> str:
        return f"{self.body['entity']}.{self.body['action']}"

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.body["data"]
        return data


class Receiver:
    """Answers 200, or what `answer(message)` says: a status, or None to say nothing until it is closed."""

    def __init__(self, answer: Callable[[Message], int | None] = lambda message: 200, **headers: str) -> None:
        self.answer = answer
        self.headers = headers
        self.messages: list[Message] = []
        self._came = threading.Condition()
        self._closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["content-length"])).decode()
                if receiver.closing:
                    self.close_connection = True
                    return
                message = Message(self.path, {name.lower(): value for name, value in self.headers.items()}, text)
                receiver.take(message)
                status = receiver.answer(message)
                if status is None:
                    receiver.hang()
                    return
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-length", "5")
                self.end_headers()
                self.wfile.write(b"heard")

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def closing(self) -> bool:
        return self._closing.is_set()

    def take(self, message: Message) -> None:
        with self._came:
            self.messages.append(message)
            self._came.notify_all()

    def hang(self) -> None:
        self._closing.wait(_PATIENCE_SECONDS)

    def wait(self, enough: Callable[[list[Message]], bool]) -> list[Message]:
        """What has come, once that is enough."""
        with self._came:
            assert self._came.wait_for(lambda: enough(self.messages), _PATIENCE_SECONDS), self.messages
            return list(self.messages)

    def wait_for(self, count: int) -> list[Message]:
        """What has come, once there are so many."""
        return self.wait(lambda messages: len(messages) >= count)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
