"""Calls to a running MLflow server, with the credentials that MLflow's own clients take from their variables."""

import base64
import json
import os
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from modelkeep.core.settings import without_password
from modelkeep.importing.source import SourceUnusable

_SECONDS = 60
_ATTEMPTS = 4
_AGAIN = frozenset((429, 500, 502, 503, 504))
_CHUNK = 1024 * 1024
WORKSPACE_HEADER = "X-MLFLOW-WORKSPACE"


class NotThere(SourceUnusable):
    """The server has no such path, or nothing there."""


class Rest:
    """One server. Raises `SourceUnusable` where it does not answer, or not as MLflow does."""

    def __init__(self, url: str, workspace: str) -> None:
        parts = urlsplit(url)
        self.base = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
        self.shown = without_password(self.base)
        self._headers = {"accept": "application/json"}
        if workspace != "default":
            self._headers[WORKSPACE_HEADER] = workspace
        user = unquote(parts.username or "") or os.environ.get("MLFLOW_TRACKING_USERNAME", "")
        password = unquote(parts.password or "") or os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
        if user:
            self._headers["authorization"] = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
        elif token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
            self._headers["authorization"] = f"Bearer {token}"
        trusted = os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or os.environ.get("REQUESTS_CA_BUNDLE")
        self._trust = ssl.create_default_context(cafile=trusted) if parts.scheme == "https" else None

    def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        given = {key: value for key, value in query.items() if value not in (None, "")}
        return self._answer("GET", f"{path}?{urlencode(given, doseq=True)}" if given else path, None)

    def post(self, path: str, /, **fields: Any) -> dict[str, Any]:
        given = {key: value for key, value in fields.items() if value not in (None, "")}
        return self._answer("POST", path, json.dumps(given).encode())

    def file(self, path: str) -> Iterator[bytes]:
        """The bytes of one of its artifacts, as they come."""
        with self._open("GET", f"/api/2.0/mlflow-artifacts/artifacts/{quote(path)}", None) as answer:
            while chunk := answer.read(_CHUNK):
                yield chunk

    def _answer(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        with self._open(method, f"/api/2.0/{path}", body) as answer:
            content = answer.read()
        try:
            found = json.loads(content or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise SourceUnusable(f"{self.shown} does not answer as an MLflow server does.")
        return found

    def _open(self, method: str, path: str, body: bytes | None) -> Any:
        headers = self._headers | ({"content-type": "application/json"} if body is not None else {})
        request = Request(self.base + path, body, headers, method=method)  # noqa: S310
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return urlopen(request, timeout=_SECONDS, context=self._trust)  # noqa: S310
            except HTTPError as error:
                if error.code not in _AGAIN or attempt == _ATTEMPTS:
                    kind = NotThere if error.code == 404 else SourceUnusable
                    raise kind(f"{self.shown} refuses: {_refusal(error)}") from None
            except (URLError, OSError) as error:
                if attempt == _ATTEMPTS or _never(error):
                    raise SourceUnusable(f"{self.shown} does not answer: {getattr(error, 'reason', error)}.") from None
            time.sleep(0.5 * attempt)
        raise AssertionError("unreachable")


def _refusal(error: HTTPError) -> str:
    if error.code in (401, 403):
        return f"{error.code}, it wants a user and a password (MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD)."
    try:
        message = " ".join(str(json.loads(error.read())["message"]).split())[:300]
    except (ValueError, KeyError, TypeError, OSError):
        message = "it is no MLflow server" if error.code == 404 else str(error.reason)
    return f"{error.code}, {message.rstrip('.')}."


def _never(error: Exception) -> bool:
    """Whether trying again is of no use: nobody listens, or no such host."""
    reason = getattr(error, "reason", error)
    return isinstance(reason, (ConnectionRefusedError, ssl.SSLCertVerificationError)) or "resolution" in str(reason)
