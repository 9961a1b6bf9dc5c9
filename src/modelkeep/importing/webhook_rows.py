"""Webhooks as rows. One whose secret could not be read is disabled: unsigned, its receiver would refuse it anyway."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.importing.journal import Target
from modelkeep.importing.records import Webhook
from modelkeep.importing.tracking_rows import insert_into
from modelkeep.registry.events import DISABLED
from modelkeep.registry.sealing import seal
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import webhook_events, webhooks
from modelkeep.storage.transaction import Transaction

_w, _e = webhooks.c, webhook_events.c
_WEBHOOKS = insert_into(webhooks, "id")
_EVENTS = insert_into(webhook_events)
_KEYED = Query(sa.select(_w.key, _w.platform_id, _w.id).where(_w.key.in_(one_of("keys"))))
_COUNTED = Query(
    sa.select(
        _w.key, sa.select(sa.func.count()).where(_e.webhook_id == _w.id).correlate(webhooks).scalar_subquery()
    ).where(_w.platform_id == sa.bindparam("platform"), _w.key.in_(one_of("keys")))
)


def write_webhooks(tx: Transaction, target: Target, records: Sequence[Webhook]) -> None:
    """Those that are not there yet, under their ids; those that are stay as they are."""
    keys = keys_of(tx, target, records)
    there = {key for key, _, _ in tx.all(_KEYED, keys=json_array(list(keys.values())))}
    new = [record for record in records if keys[record.key] not in there]
    tx.insert(
        _WEBHOOKS,
        [
            (
                target.platform,
                keys[record.key],
                record.name,
                record.description,
                record.url,
                DISABLED if record.locked else record.status,
                seal(tx, record.secret) if record.secret else None,
                record.created_at,
                record.updated_at,
                1,
            )
            for record in new
        ],
    )
    rows = {key: row for key, _, row in tx.all(_KEYED, keys=json_array([keys[record.key] for record in new]))}
    tx.insert(_EVENTS, sorted((rows[keys[record.key]], event) for record in new for event in record.events))


def keys_of(tx: Transaction, target: Target, records: Sequence[Webhook]) -> dict[str, str]:
    """The id here of each by that in the source: another one where the id is none, or is of another platform."""
    own = {record.key: record.key if _is_id(record.key) else _derived(record.key, "") for record in records}
    found = tx.all(_KEYED, keys=json_array(list(own.values())))
    elsewhere = {key for key, platform, _ in found if platform != target.platform}
    return {given: _derived(key, str(target.platform)) if key in elsewhere else key for given, key in own.items()}


def events_of(tx: Transaction, target: Target, records: Sequence[Webhook]) -> dict[str, int]:
    """How many events each that is here asks for, by its id in the source."""
    keys = keys_of(tx, target, records)
    found: dict[str, int] = dict(tx.all(_COUNTED, platform=target.platform, keys=json_array(list(keys.values()))))
    return {given: found[key] for given, key in keys.items() if key in found}


def _is_id(key: str) -> bool:
    try:
        return str(uuid.UUID(key)) == key
    except ValueError:
        return False


def _derived(key: str, platform: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{platform}/{key}"))
