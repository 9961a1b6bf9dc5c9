"""A small client for tests: one call, one answer, all of it visible."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

# Making a client costs more than a call.
_client = httpx.Client(
    timeout=30, limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None)
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: httpx.Headers
    content: bytes

    @property
    def error(self) -> tuple[int, str, str]:
        """Status and both dialects' codes."""
        return self.status, self.body["error_code"], self.body["code"]


@dataclass
class Api:
    """Calls below one base path with the same headers."""

    url: str
    base: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        query: Any = None,
        content: bytes | Iterable[bytes] | None = None,
    ) -> Answer:
        """Send a request; a path that starts with '/' is taken from the root."""
        if body is not None:
            content = json.dumps(body).encode()
        sent = {**self.headers, **({"content-type": "application/json"} if content else {}), **(headers or {})}
        where = self.url + (path if path.startswith("/") else f"{self.base}/{path}")
        response = _client.request(method, where, content=content, headers=sent, params=query)
        json_body = response.headers.get("content-type", "").startswith("application/json")
        return Answer(
            response.status_code,
            response.json() if json_body and response.content else response.text,
            response.headers,
            response.content,
        )

    def ok(self, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        """Send a request that must succeed; returns the body."""
        answer = self.call(method, path, body, **more)
        assert answer.status == status, answer
        return answer.body

    def post(self, path: str, **fields: Any) -> Any:
        """A write that must succeed."""
        return self.ok("POST", path, fields)

    def get(self, path: str, **query: Any) -> Any:
        """A read that must succeed."""
        return self.ok("GET", path, query=query)
