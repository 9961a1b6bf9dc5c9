"""What clients did and were told: the record from which the checkers judge."""

import threading
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import httpx

_UNKNOWN = "not known"
_SECONDS = 60


class Verdict(Enum):
    """What an answer says of a write."""

    DONE = "done"
    REFUSED = "refused"
    """A rule forbids it: nothing was done, and the same again would be refused."""
    NOT_DONE = "not done"
    """The server is in trouble and says that nothing was done."""
    UNKNOWN = "unknown"
    """No answer, or one that says that the server does not know."""


@dataclass(frozen=True)
class Reply:
    """An answer and its verdict. `status` is 0 where there was none."""

    verdict: Verdict
    status: int = 0
    body: Any = None


@dataclass(frozen=True)
class Event:
    """One request: `what` is its name and arguments as the checker reads them; times are monotonic nanoseconds."""

    client: int
    what: tuple[Any, ...]
    token: str | None
    invoked: int
    returned: int
    reply: Reply


@dataclass
class History:
    """Events of all clients, in the order in which their answers came."""

    events: list[Event] = field(default_factory=list)

    def of(self, verdict: Verdict) -> list[Event]:
        return [event for event in self.events if event.reply.verdict is verdict]


class Recorder:
    """One client: a connection, and a record of all it asks. `stopping` is set once it is to come to an end."""

    def __init__(self, history: History, number: int, url: str, headers: dict[str, str] | None = None) -> None:
        self.number = number
        self.stopping = threading.Event()
        self._history = history
        self._client = httpx.Client(base_url=url, timeout=_SECONDS, headers=headers)

    def ask(
        self, what: tuple[Any, ...], verb: str, path: str, fields: dict[str, Any], token: str | None = None
    ) -> Reply:
        """Send a request of MLflow's dialect and note what came of it."""
        invoked = time.monotonic_ns()
        reply = self._sent(verb, f"/api/2.0/mlflow/{path}", fields, token)
        event = Event(self.number, what, token, invoked, time.monotonic_ns(), reply)
        self._history.events.append(event)
        return reply

    def close(self) -> None:
        self._client.close()

    def _sent(self, verb: str, path: str, fields: dict[str, Any], token: str | None) -> Reply:
        headers = {"opc-retry-token": token} if token else {}
        reading = verb == "GET"
        try:
            answer = self._client.request(
                verb, path, params=fields if reading else None, json=None if reading else fields, headers=headers
            )
        except httpx.TransportError:
            return Reply(Verdict.UNKNOWN)
        return judged(answer.status_code, answer.json())


def judged(status: int, body: Any) -> Reply:
    """The verdict of an answer. One of the 500s that promises nothing is the server's own mistake."""
    if status < 300:
        return Reply(Verdict.DONE, status, body)
    if status < 500 and status != 429:
        return Reply(Verdict.REFUSED, status, body)
    assert status in (429, 503), (status, body)
    known = _UNKNOWN not in body["message"]
    return Reply(Verdict.NOT_DONE if known else Verdict.UNKNOWN, status, body)
