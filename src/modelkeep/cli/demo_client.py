"""A small client of the public API, as any other could be written."""

import json
import ssl
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from modelkeep.cli.failure import CommandFailed

_SECONDS = 60


class ApiClient:
    """Calls in one workspace. Fails with the server's own sentence."""

    def __init__(self, url: str, platform: str, workspace: str, token: str = "") -> None:
        tenant = f"20260430/aiDataPlatforms/{quote(platform, safe='')}/workspaces/{quote(workspace, safe='')}"
        self._base = f"{url.rstrip('/')}/{tenant}/mlops/api/2.0"
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._trust = ssl.create_default_context()

    def get(self, path: str, **query: Any) -> Any:
        """A read; None where there is no such thing."""
        return self._send("GET", f"{path}?{urlencode(query, doseq=True)}", None, "")

    def post(self, path: str, **fields: Any) -> Any:
        """A write."""
        return self._send("POST", path, json.dumps(fields).encode(), "application/json")

    def patch(self, path: str, **fields: Any) -> Any:
        """A change."""
        return self._send("PATCH", path, json.dumps(fields).encode(), "application/json")

    def keep_of_run(self, run_id: str, path: str, content: bytes) -> None:
        """Keep a file among a run's artifacts."""
        query = urlencode({"run_id": run_id, "path": path})
        self._send("POST", f"mlflow/upload-artifact?{query}", content, "application/octet-stream")

    def keep_at(self, uri: str, path: str, content: bytes) -> None:
        """Keep a file below an artifact location that this server has given out."""
        place = uri.removeprefix("mlflow-artifacts:/").strip("/")
        address = f"mlflow-artifacts/artifacts/{quote(f'{place}/{path}')}"
        self._send("PUT", address, content, "application/octet-stream")

    def _send(self, method: str, path: str, body: bytes | None, content_type: str) -> Any:
        headers = {**self._headers, **({"content-type": content_type} if content_type else {})}
        request = Request(f"{self._base}/{path}", body, headers, method=method)  # noqa: S310
        context = self._trust if request.type == "https" else None
        try:
            with urlopen(request, timeout=_SECONDS, context=context) as answer:  # noqa: S310
                content = answer.read()
        except HTTPError as error:
            if error.code == 404 and method == "GET":
                return None
            raise CommandFailed(_sentence(error.read())) from None
        except (URLError, ValueError) as error:
            raise CommandFailed(f"No server answers at {self._base.partition('/20260430')[0]}: {error}") from None
        return json.loads(content) if content else {}


def _sentence(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"The server answered: {body[:200]!r}"
