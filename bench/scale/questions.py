"""What is asked at every share: each question as several requests that differ in their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from bench.calls import call_json, raw

API = "/api/2.0/mlflow/"
AJAX = "/ajax-api/2.0/mlflow/"
PAGE = 10
"""Rows of a page: so many that the smallest share has a thousand pages of versions."""

Finds = Literal["something", "nothing"]


@dataclass(frozen=True)
class Question:
    """`rows` is the answer's field that must have something in it, or nothing; "" where it is not looked at.

    With `page`, the request is for that page, whose token is found by following those before it.
    """

    group: str
    name: str
    method: str
    path: str
    bodies: Sequence[Mapping[str, Any]]
    rows: str = ""
    finds: Finds = "something"
    page: int = 1
    is_page: bool = False
    """It is answered with a page for people, which no JSON is."""

    def requests(self, port: int) -> list[bytes]:
        """The requests as they are sent. Raises `Unanswered` where an answer is not what it should be."""
        asked = [{**body, **self._token(port, body)} for body in self.bodies]
        if not self.is_page:
            self._check(port, asked[0])
        return [self._raw(port, body) for body in asked]

    def _token(self, port: int, body: Mapping[str, Any]) -> dict[str, str]:
        token = ""
        for page in range(1, self.page):
            answer = self._ask(port, {**body, **({"page_token": token} if token else {})})
            token = answer.get("next_page_token", "")
            if not token:
                raise Unanswered(f"{self.name}: there is no page after page {page}")
        return {"page_token": token} if token else {}

    def _check(self, port: int, body: Mapping[str, Any]) -> None:
        answer = self._ask(port, body)
        if self.rows and bool(answer.get(self.rows)) != (self.finds == "something"):
            raise Unanswered(f"{self.name}: {self.finds} was to be found, not {len(answer.get(self.rows) or [])} rows")

    def _target(self, body: Mapping[str, Any]) -> tuple[str, bytes]:
        if self.method == "GET":
            return f"{self.path}?{urlencode(body, doseq=True)}" if body else self.path, b""
        return self.path, _json(body)

    def _raw(self, port: int, body: Mapping[str, Any]) -> bytes:
        path, content = self._target(body)
        return raw(self.method, path, port, body=content)

    def _ask(self, port: int, body: Mapping[str, Any]) -> Any:
        path, content = self._target(body)
        return call_json(port, self.method, path, body if content else None)


class Unanswered(Exception):
    """A question whose answer is not what it should be, so that its time means nothing."""


def _json(body: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(body)
