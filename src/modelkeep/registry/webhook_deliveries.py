"""What is on its way to webhooks, and what could not be delivered: dead letters, which can be sent again."""

from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa

from modelkeep.core.fields import Timestamp, page_size
from modelkeep.core.guard import PLATFORM
from modelkeep.core.operation import operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.webhook_messages import message_id
from modelkeep.registry.webhooks import load_webhook
from modelkeep.search.order import Order
from modelkeep.search.page import Search, check_max_results, fetch_page, make_search
from modelkeep.storage.expressions import json_array, one_of
from modelkeep.storage.query import Query
from modelkeep.storage.schema import webhook_deliveries, webhooks
from modelkeep.storage.transaction import Row, Transaction

State = Literal["WAITING", "DEAD"]
_MOST_RETRIED = 1_000

_d, _w = webhook_deliveries.c, webhooks.c


class Delivery(msgspec.Struct):
    """An event on its way to a webhook. `delivery_id` is what the receiver is told in `X-MLflow-Delivery-Id`."""

    id: str
    delivery_id: str
    webhook_id: str
    event: str
    state: State
    creation_timestamp: Timestamp
    attempts: int
    last_status: Annotated[int, msgspec.Meta(description="The receiver's last answer; 0 where there was none.")]
    last_error: str
    next_attempt_timestamp: Timestamp | msgspec.UnsetType = msgspec.UNSET
    death_timestamp: Timestamp | msgspec.UnsetType = msgspec.UNSET


class ListDeliveries(msgspec.Struct):
    """One page of what is not delivered: all of the platform's, of one webhook, of one state."""

    webhook_id: str = ""
    state: State | Literal[""] = ""
    max_results: Annotated[int, page_size(1_000)] = 100
    page_token: str | None = None


class DeliveryPage(msgspec.Struct):
    """One page, the oldest first. `next_page_token` is absent on the last."""

    deliveries: list[Delivery]
    next_page_token: str | msgspec.UnsetType = msgspec.UNSET


@operation("mlflow/internal/webhook-deliveries", needs=Permission.MANAGE, on=PLATFORM, scans=True)
def list_webhook_deliveries(tx: Transaction, scope: Scope, request: ListDeliveries) -> DeliveryPage:
    """List events that wait to be delivered or could not be (`modelkeep webhook dead`). What is delivered is gone."""
    if request.webhook_id:
        load_webhook(tx, scope, request.webhook_id)
        tx.subject = None
    page = fetch_page(
        tx,
        scope,
        lambda further: _search(request.state, bool(request.webhook_id), further),
        within={"platform": scope.platform},
        values={"webhook": request.webhook_id} if request.webhook_id else {},
        max_results=check_max_results(request.max_results, scope.limits.webhooks_page),
        page_token=request.page_token or "",
        bound_to=("webhook-deliveries", request.state, request.webhook_id),
    )
    return DeliveryPage([_delivery_of(row) for row in page.rows], page.next_page_token or msgspec.UNSET)


class RetryDeliveries(msgspec.Struct):
    """Which dead letters: all of the platform's, of one webhook, or those with these ids."""

    webhook_id: str = ""
    ids: list[int] = []


class Retried(msgspec.Struct):
    """How many are on their way again. `more`: the same request would send more."""

    retried: int
    more: bool


_OF_PLATFORM = sa.select(_w.id).where(_w.platform_id == sa.bindparam("platform"))
_OF_ONE = _OF_PLATFORM.where(_w.key == sa.bindparam("webhook"))


def _retry(of: sa.Select[tuple[int]], *named: sa.ColumnElement[bool]) -> Query:
    chosen = (
        sa.select(_d.id)
        .where(_d.webhook_id.in_(of), _d.died_at.is_not(None), *named)
        .order_by(_d.id)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )
    again: dict[str, Any] = {
        "died_at": None,
        "attempts": 0,
        "since": sa.bindparam("now"),
        "due_at": sa.bindparam("now"),
    }
    return Query(sa.update(webhook_deliveries).where(_d.id.in_(chosen)).values(again))


_NAMED = _d.id.in_(one_of("ids", numbers=True))
_RETRY = {
    (False, False): _retry(_OF_PLATFORM),
    (True, False): _retry(_OF_ONE),
    (False, True): _retry(_OF_PLATFORM, _NAMED),
    (True, True): _retry(_OF_ONE, _NAMED),
}


@operation("mlflow/internal/webhook-deliveries/retry", verb="POST", writes=True, needs=Permission.MANAGE, on=PLATFORM)
def retry_webhook_deliveries(tx: Transaction, scope: Scope, request: RetryDeliveries) -> Retried:
    """Send dead letters on their way again (`modelkeep webhook retry`), with all their attempts.

    They come before what waits behind them, and after what was delivered since.
    """
    if request.webhook_id:
        load_webhook(tx, scope, request.webhook_id)
        tx.subject = None
    values = {"webhook": request.webhook_id} if request.webhook_id else {}
    if request.ids:
        values["ids"] = json_array(request.ids)
    query = _RETRY[bool(request.webhook_id), bool(request.ids)]
    retried = tx.run(query, platform=scope.platform, now=scope.now, most=_MOST_RETRIED, **values)
    tx.announced = retried > 0
    return Retried(retried, more=retried == _MOST_RETRIED)


def _delivery_of(row: Row) -> Delivery:
    number, webhook, event, created, attempts, status, problem, due, died, *_ = row
    return Delivery(
        str(number),
        message_id(webhook, number, created),
        webhook,
        event,
        "WAITING" if died is None else "DEAD",
        created,
        attempts,
        status,
        problem,
        due if died is None else msgspec.UNSET,
        msgspec.UNSET if died is None else died,
    )


@lru_cache(12)
def _search(state: str, of_one: bool, further: bool) -> Search:
    statement = (
        sa.select(
            _d.id,
            _w.key,
            _d.event,
            _d.created_at,
            _d.attempts,
            _d.last_status,
            _d.last_error,
            _d.due_at,
            _d.died_at,
        )
        .join_from(webhooks, webhook_deliveries, _d.webhook_id == _w.id)
        .where(_w.platform_id == sa.bindparam("platform"))
    )
    if of_one:
        statement = statement.where(_w.key == sa.bindparam("webhook"))
    if state:
        statement = statement.where(_d.died_at.is_not(None) if state == "DEAD" else _d.died_at.is_(None))
    return make_search(statement, (Order("id", _d.id, descending=False),), further=further)
