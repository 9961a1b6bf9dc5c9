"""A message to a webhook: its headers and its signature, as MLflow's receivers verify them."""

import base64
import hashlib
import hmac
import uuid

from modelkeep import __version__

_VERSION = "v1"


def message_id(webhook: str, delivery: int, created_at: int) -> str:
    """The same for each attempt of a delivery, by which a receiver knows one that comes twice."""
    return str(uuid.uuid5(uuid.UUID(webhook), f"{delivery}.{created_at}"))


def message_headers(secret: str, identity: str, at: int, body: str) -> list[tuple[str, str]]:
    """The headers of an attempt at a time in seconds since 1970. Without a secret it is not signed."""
    headers = [
        ("Content-Type", "application/json"),
        ("User-Agent", f"modelkeep/{__version__}"),
        ("X-MLflow-Delivery-Id", identity),
        ("X-MLflow-Timestamp", str(at)),
    ]
    if secret:
        signed = hmac.new(secret.encode(), f"{identity}.{at}.{body}".encode(), hashlib.sha256).digest()
        headers.append(("X-MLflow-Signature", f"{_VERSION},{base64.b64encode(signed).decode()}"))
    return headers
