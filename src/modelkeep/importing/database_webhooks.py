"""Webhooks from an MLflow database, whose secrets MLflow encrypts with a key that only its operator has."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from modelkeep.importing.mlflow_tables import MlflowTables
from modelkeep.importing.records import Webhook
from modelkeep.importing.source import Batch, SourceUnusable
from modelkeep.registry.events import KNOWN_EVENTS

KEY_VARIABLE = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"


class Secret(NamedTuple):
    """A secret as it was read; one that is there and cannot be read is `lost`."""

    text: str
    lost: bool


def webhooks(tables: MlflowTables) -> Iterator[Batch[Webhook]]:
    """Those that are not deleted, and ask for an event that can happen here."""
    part, events_part = tables.part("webhooks"), tables.part("webhook_events")
    if not part.exists or not events_part.exists:
        return
    # One row an event, as MLflow keeps them.
    asked: dict[str, list[str]] = {}
    for key, entity, action in tables.all(events_part.select("webhook_id", "entity", "action")):
        event = f"{entity}.{action}".lower()
        if event in KNOWN_EVENTS:
            asked.setdefault(key, []).append(event)
    columns = ("webhook_id", "name", "description", "url", "status", "secret", "creation_timestamp")
    statement = part.select(*columns, "last_updated_timestamp").where(
        part["deleted_timestamp"].is_(None), *tables.here(part)
    )
    records = []
    for key, name, description, url, status, sealed, created, updated in tables.all(statement):
        if key in asked:
            secret = _opened(sealed)
            records.append(
                Webhook(
                    key,
                    name,
                    description or "",
                    url,
                    status,
                    secret.text,
                    secret.lost,
                    sorted(asked[key]),
                    created or 0,
                    updated or created or 0,
                )
            )
    yield Batch("", records)


def _opened(sealed: str | None) -> Secret:
    from cryptography.fernet import Fernet, InvalidToken

    key = os.environ.get(KEY_VARIABLE, "")
    if not sealed or not key:
        return Secret("", bool(sealed))
    try:
        return Secret(Fernet(key).decrypt(sealed.encode()).decode(), False)
    except InvalidToken:
        return Secret("", True)
    except ValueError:
        raise SourceUnusable(f"{KEY_VARIABLE} is no key of MLflow's: 32 bytes in URL-safe base64 are.") from None
