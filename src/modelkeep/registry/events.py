"""What happens to models, versions and prompts, as MLflow tells webhooks of it: the events and what each carries.

An event is put into the outbox by the transaction that makes it happen: both are kept or neither is. Whether a platform
has webhooks at all is one more column of a statement that is run anyhow, so a write that nobody asked to hear of costs
no statement more, and nothing is remembered that might be old.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from modelkeep.core.fields import Tag
from modelkeep.core.scope import Scope
from modelkeep.registry.rules import PROMPT_TAG
from modelkeep.storage.query import Query
from modelkeep.storage.schema import webhook_deliveries, webhook_events, webhooks
from modelkeep.storage.transaction import Transaction

ACTIVE, DISABLED = "ACTIVE", "DISABLED"
_PROMPT_TEXT, _PROMPT_TYPE = "mlflow.prompt.text", "_mlflow_prompt_type"


class Event(StrEnum):
    """Entity and action, as a receiver reads them."""

    MODEL_CREATED = "registered_model.created"
    VERSION_CREATED = "model_version.created"
    VERSION_TAG_SET = "model_version_tag.set"
    VERSION_TAG_DELETED = "model_version_tag.deleted"
    ALIAS_CREATED = "model_version_alias.created"
    ALIAS_DELETED = "model_version_alias.deleted"
    PROMPT_CREATED = "prompt.created"
    PROMPT_VERSION_CREATED = "prompt_version.created"
    PROMPT_TAG_SET = "prompt_tag.set"
    PROMPT_TAG_DELETED = "prompt_tag.deleted"
    PROMPT_VERSION_TAG_SET = "prompt_version_tag.set"
    PROMPT_VERSION_TAG_DELETED = "prompt_version_tag.deleted"
    PROMPT_ALIAS_CREATED = "prompt_alias.created"
    PROMPT_ALIAS_DELETED = "prompt_alias.deleted"


KNOWN_EVENTS = frozenset(event.value for event in Event)

_w, _e, _d = webhooks.c, webhook_events.c, webhook_deliveries.c

WATCHED = sa.exists().where(_w.platform_id == sa.bindparam("platform"), _w.status == sa.literal_column(f"'{ACTIVE}'"))
"""A column: whether the platform that the parameter `platform` names has a webhook that is active."""

_now: sa.BindParameter[int] = sa.bindparam("now", type_=sa.BigInteger)
_event: sa.BindParameter[str] = sa.bindparam("event", type_=sa.String)
_zero: sa.ColumnClause[int] = sa.literal_column("0")
_PUT = Query(
    sa.insert(webhook_deliveries).from_select(
        ["webhook_id", "model_id", "event", "body", "created_at", "since", "due_at", "attempts", "last_status"],
        sa.select(
            _w.id,
            sa.bindparam("model", type_=sa.BigInteger),
            _event,
            sa.bindparam("body", type_=sa.Text),
            *(_now, _now, _now),
            *(_zero, _zero),
        )
        .join_from(webhooks, webhook_events, sa.and_(_e.webhook_id == _w.id, _e.event == _event))
        .where(_w.platform_id == sa.bindparam("platform"), _w.status == sa.literal_column(f"'{ACTIVE}'"))
        # One that is being deleted is waited for, so that no row is left without its webhook.
        .with_for_update(read=True, key_share=True, of=webhooks),
    )
)
_encode = msgspec.json.Encoder().encode


def announce(tx: Transaction, scope: Scope, event: Event, model: int, data: Mapping[str, Any]) -> None:
    """Put an event of a model into the outbox, for each webhook that asks for it.

    Called while the model's row is held, the events of a model are in the order in which they happened.
    """
    platform = scope.tenancy.platform_key if scope.tenancy else ""
    body = _encode(envelope(event, data, scope.now, platform)).decode()
    tx.put(_PUT, platform=scope.platform, model=model, event=event.value, body=body, now=scope.now)
    tx.announced = True


def envelope(event: Event, data: Mapping[str, Any], at: int, platform: str) -> dict[str, Any]:
    """What is sent. `at` is in milliseconds; a platform is what MLflow calls a workspace."""
    entity, _, action = event.value.partition(".")
    when = datetime.fromtimestamp(at / 1000, tz=UTC).isoformat(timespec="milliseconds")
    return {"entity": entity, "action": action, "timestamp": when, "data": data, "workspace": platform}


def of_created_model(
    name: str, tags: Sequence[Tag], description: str | None, *, prompt: bool
) -> tuple[Event, dict[str, Any]]:
    """A new model or prompt. What marks a prompt as one is not among the tags that are told."""
    kept = {tag.key: tag.value for tag in tags}
    if prompt:
        kept = {key: value for key, value in kept.items() if key not in (PROMPT_TAG, _PROMPT_TYPE)}
    event = Event.PROMPT_CREATED if prompt else Event.MODEL_CREATED
    return event, {"name": name, "tags": kept, "description": description or ""}


def of_created_version(
    name: str, number: int, source: str, run_id: str, tags: Sequence[Tag], description: str, *, prompt: bool
) -> tuple[Event, dict[str, Any]]:
    """A new version. A prompt's carries its text rather than its source."""
    kept = {tag.key: tag.value for tag in tags}
    data: dict[str, Any] = {"name": name, "version": str(number)}
    if prompt:
        data["template"] = kept.pop(_PROMPT_TEXT, None)
        kept = {key: value for key, value in kept.items() if key not in (PROMPT_TAG, _PROMPT_TYPE)}
        return Event.PROMPT_VERSION_CREATED, {**data, "tags": kept, "description": description or None}
    data |= {"source": source, "run_id": run_id or None, "tags": kept, "description": description or None}
    return Event.VERSION_CREATED, data
