"""Webhooks: who wants to be told of which events, and where. MLflow's API for them.

They belong to a platform and are told of all its models, so they are for those who may manage all of it. Seeing them is
no less, for a URL may be a secret by itself. The secret that signs is taken and never answered.
"""

import uuid
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.core.fields import Timestamp, check_length, page_size
from modelkeep.core.guard import PLATFORM
from modelkeep.core.operation import Empty, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.events import ACTIVE
from modelkeep.registry.registered_models import platform_gone
from modelkeep.registry.sealing import seal
from modelkeep.registry.webhook_rules import (
    WebhookEvent,
    as_pair,
    check_events,
    check_webhook_name,
    check_webhook_url,
)
from modelkeep.search.order import Order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.storage.bulk import BulkInsert
from modelkeep.storage.errors import ForeignKeyViolation
from modelkeep.storage.expressions import json_values
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, webhook_events, webhooks
from modelkeep.storage.transaction import Row, Transaction

KIND = "webhook"
Status = Literal["ACTIVE", "DISABLED"]

_w, _e = webhooks.c, webhook_events.c


class Webhook(msgspec.Struct):
    """A webhook. Its secret is not among what is answered."""

    webhook_id: str
    name: str
    description: str
    url: str
    status: Status
    creation_timestamp: Timestamp
    last_updated_timestamp: Timestamp
    events: list[WebhookEvent]


class WebhookAnswer(msgspec.Struct):
    """One webhook."""

    webhook: Webhook


class NamedWebhook(msgspec.Struct):
    """Which webhook, by the id that it was given."""

    webhook_id: str


_EVENTS = sa.select(json_values(_e.event)).where(_e.webhook_id == _w.id).correlate(webhooks).scalar_subquery()
_COLUMNS = (_w.key, _w.name, _w.description, _w.url, _w.status, _w.created_at, _w.updated_at, _EVENTS)
_events_of = msgspec.json.Decoder(list[str]).decode
_HERE = _w.platform_id == sa.bindparam("platform")
_GET = Query(sa.select(*_COLUMNS, _w.revision).where(_HERE, _w.key == sa.bindparam("webhook")))
_LOCATE = Query(sa.select(_w.id, _w.revision).where(_HERE, _w.key == sa.bindparam("webhook")).with_for_update())
_COUNT = Query(sa.select(sa.func.count()).select_from(webhooks).where(_HERE))
# Two that are created at once are counted one after the other.
_HOLD_PLATFORM = Query(sa.select(platforms.c.id).where(platforms.c.id == sa.bindparam("platform")).with_for_update())
_INSERT = Query(
    sa.insert(webhooks)
    .values(
        {
            column.name: sa.bindparam(column.name)
            for column in webhooks.columns
            if column.name not in ("id", "updated_at", "revision")
        }
        | {"updated_at": sa.bindparam("created_at"), "revision": 1}
    )
    .returning(_w.id)
)
_INSERT_EVENTS = BulkInsert(webhook_events, ("webhook_id", "event"))
_ONE = _w.id == sa.bindparam("row")
_UPDATE = Query(
    sa.update(webhooks)
    .where(_ONE)
    .values(
        {
            column: sa.func.coalesce(sa.bindparam(f"new_{column}", type_=sa.Text), _w[column])
            for column in ("name", "description", "url", "status")
        }
        | {"updated_at": sa.bindparam("now"), "revision": _w.revision + 1}
    )
)
_SET_SECRET = Query(sa.update(webhooks).where(_ONE).values(secret=sa.bindparam("sealed", type_=sa.LargeBinary)))
_CLEAR_EVENTS = Query(sa.delete(webhook_events).where(_e.webhook_id == sa.bindparam("row")))
_DELETE = Query(sa.delete(webhooks).where(_ONE))
_REVISION = Query(sa.select(_w.revision).where(_w.key == sa.bindparam("webhook")))


class CreateWebhook(msgspec.Struct):
    """`secret` signs what is delivered; without one it is not signed."""

    name: str
    url: str
    events: list[WebhookEvent]
    description: str | None = None
    secret: str | None = None
    status: Status | None = None


@operation("mlflow/webhooks", verb="POST", writes=True, needs=Permission.MANAGE, on=PLATFORM)
def create_webhook(tx: Transaction, scope: Scope, request: CreateWebhook) -> WebhookAnswer:
    """Create a webhook, which is told of what happens from now on."""
    limits = scope.limits
    check_webhook_name(request.name)
    check_webhook_url(request.url, limits)
    check_length("description", request.description or "", limits.description_length)
    check_length("secret", request.secret or "", limits.webhook_secret_length)
    events = check_events(request.events)
    tx.one(_HOLD_PLATFORM, platform=scope.platform)
    counted = tx.one(_COUNT, platform=scope.platform)
    if counted is not None and counted[0] >= limits.webhooks:
        raise ApiError(
            ErrorKind.LIMIT_EXCEEDED, f"The platform has {counted[0]} webhooks, at most {limits.webhooks} are allowed."
        )
    key = str(uuid.uuid4())
    try:
        created = tx.one(
            _INSERT,
            platform_id=scope.platform,
            key=key,
            name=request.name,
            description=request.description or "",
            url=request.url,
            status=request.status or ACTIVE,
            secret=seal(tx, request.secret) if request.secret else None,
            created_at=scope.now,
        )
    except ForeignKeyViolation:
        raise platform_gone(scope) from None
    _put_events(tx, created[0] if created else 0, events)
    return WebhookAnswer(load_webhook(tx, scope, key))


class ListWebhooks(msgspec.Struct):
    """One page of the platform's webhooks."""

    max_results: Annotated[int, page_size(1_000)] = 100
    page_token: str | None = None


class WebhookPage(msgspec.Struct):
    """One page. `next_page_token` is absent on the last."""

    webhooks: list[Webhook]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


@operation("mlflow/webhooks", needs=Permission.MANAGE, on=PLATFORM)
def list_webhooks(tx: Transaction, scope: Scope, request: ListWebhooks) -> WebhookPage:
    """List webhooks, the newest first."""
    page = fetch_page(
        tx,
        scope,
        _search,
        within={"platform": scope.platform},
        values={},
        # MLflow's clients send 0 where they mean the default.
        max_results=check_max_results(request.max_results or 100, scope.limits.webhooks_page),
        page_token=request.page_token or "",
        bound_to=("webhooks",),
    )
    return WebhookPage([_webhook_of(row) for row in page.rows], page.next_page_token or msgspec.UNSET)


@operation("mlflow/webhooks/{webhook_id}", needs=Permission.MANAGE, on=PLATFORM)
def get_webhook(tx: Transaction, scope: Scope, request: NamedWebhook) -> WebhookAnswer:
    """Get one webhook by its id."""
    return WebhookAnswer(load_webhook(tx, scope, request.webhook_id))


class UpdateWebhook(NamedWebhook):
    """What is absent stays as it is. An empty secret takes the secret away."""

    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: list[WebhookEvent] | None = None
    secret: str | None = None
    status: Status | None = None


@operation("mlflow/webhooks/{webhook_id}", verb="PATCH", writes=True, needs=Permission.MANAGE, on=PLATFORM)
def update_webhook(tx: Transaction, scope: Scope, request: UpdateWebhook) -> WebhookAnswer:
    """Change a webhook.

    A disabled one is told of nothing that happens meanwhile. What had happened before, and was not delivered yet, is
    delivered once it is active again.
    """
    limits = scope.limits
    if request.name:
        check_webhook_name(request.name)
    if request.url:
        check_webhook_url(request.url, limits)
    check_length("description", request.description or "", limits.description_length)
    check_length("secret", request.secret or "", limits.webhook_secret_length)
    events = check_events(request.events) if request.events else []
    row = _locate(tx, scope, request.webhook_id)
    tx.run(
        _UPDATE,
        row=row,
        new_name=request.name or None,
        new_description=request.description,
        new_url=request.url or None,
        new_status=request.status,
        now=scope.now,
    )
    if request.secret is not None:
        tx.run(_SET_SECRET, row=row, sealed=seal(tx, request.secret) if request.secret else None)
    if events:
        tx.run(_CLEAR_EVENTS, row=row)
        _put_events(tx, row, events)
    return WebhookAnswer(load_webhook(tx, scope, request.webhook_id))


@operation("mlflow/webhooks/{webhook_id}", verb="DELETE", writes=True, needs=Permission.MANAGE, on=PLATFORM)
def delete_webhook(tx: Transaction, scope: Scope, request: NamedWebhook) -> Empty:
    """Delete a webhook, with what was still to be delivered to it."""
    tx.run(_DELETE, row=_locate(tx, scope, request.webhook_id))
    tx.about(KIND, request.webhook_id, "")
    return Empty()


def load_webhook(tx: Transaction, scope: Scope, key: str) -> Webhook:
    """The webhook as it stands now; what is answered is about it."""
    row = tx.one(_GET, platform=scope.platform, webhook=key)
    if row is None:
        raise webhook_not_found(key)
    tx.about(KIND, key, _etag(key, row[-1]))
    return _webhook_of(row)


def webhook_not_found(key: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"Webhook with ID {key[:80]} not found.")


def _locate(tx: Transaction, scope: Scope, key: str) -> int:
    row = tx.one(_LOCATE, platform=scope.platform, webhook=key)
    if row is None:
        raise webhook_not_found(key)
    tx.expect(_etag(key, row[1]))
    found: int = row[0]
    return found


def _put_events(tx: Transaction, row: int, events: Iterable[str]) -> None:
    tx.insert(_INSERT_EVENTS, [(row, str(event)) for event in sorted(events)])


def _webhook_of(row: Row) -> Webhook:
    key, name, description, url, status, created, updated, events, *_ = row
    return Webhook(key, name, description, url, status, created, updated, _pairs(_events_of(events)))


def _pairs(events: Sequence[str]) -> list[WebhookEvent]:
    return [as_pair(event) for event in sorted(events)]


@lru_cache(2)
def _search(further: bool) -> Search:
    newest = (Order("created", _w.created_at, descending=True), Order("id", _w.id, descending=True))
    return make_search(sa.select(*_COLUMNS).where(_HERE), newest, further=further)


def _etag(key: str, revision: int) -> str:
    return f'"{key}.{revision}"'


def current_etag(tx: Transaction, key: str) -> str:
    """The etag that the webhook with this id has now, "" where it is gone."""
    row = tx.one(_REVISION, webhook=key)
    return _etag(key, row[0]) if row else ""
