"""Trying a webhook out: an example of an event is delivered at once, and what the receiver answered is answered."""

import time
import uuid
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.artifacts.stores import Stores
from modelkeep.core.exchange import Exchange, NotSent
from modelkeep.core.guard import PLATFORM
from modelkeep.core.operation import operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.events import Event, envelope
from modelkeep.registry.sealing import Unreadable, unseal
from modelkeep.registry.webhook_messages import message_headers
from modelkeep.registry.webhook_rules import WebhookEvent, as_event
from modelkeep.registry.webhooks import NamedWebhook, load_webhook
from modelkeep.storage.query import Query
from modelkeep.storage.schema import webhooks
from modelkeep.storage.transaction import Transaction

_FIND_SECRET = Query(sa.select(webhooks.c.secret).where(webhooks.c.key == sa.bindparam("webhook")))

_MODEL, _PROMPT = {"name": "example_model"}, {"name": "example_prompt"}
_NUMBER, _ALIAS = {"version": "1"}, {"alias": "example_alias"}
_KEY, _VALUE = {"key": "example_key"}, {"value": "example_value"}
_TAGS = {"tags": {"example_key": "example_value"}}
# MLflow's own examples: a receiver that knows them finds here what it finds there.
EXAMPLES: dict[Event, dict[str, Any]] = {
    Event.MODEL_CREATED: _MODEL | _TAGS | {"description": "An example registered model"},
    Event.VERSION_CREATED: _MODEL
    | _NUMBER
    | {"source": "models:/123", "run_id": "abcd1234abcd5678"}
    | _TAGS
    | {"description": "An example model version"},
    Event.VERSION_TAG_SET: _MODEL | _NUMBER | _KEY | _VALUE,
    Event.VERSION_TAG_DELETED: _MODEL | _NUMBER | _KEY,
    Event.ALIAS_CREATED: _MODEL | _ALIAS | _NUMBER,
    Event.ALIAS_DELETED: _MODEL | _ALIAS,
    Event.PROMPT_CREATED: _PROMPT | _TAGS | {"description": "An example prompt"},
    Event.PROMPT_VERSION_CREATED: _PROMPT
    | _NUMBER
    | {"template": "Hello {{name}}!"}
    | _TAGS
    | {"description": "An example prompt version"},
    Event.PROMPT_TAG_SET: _PROMPT | _KEY | _VALUE,
    Event.PROMPT_TAG_DELETED: _PROMPT | _KEY,
    Event.PROMPT_VERSION_TAG_SET: _PROMPT | _NUMBER | _KEY | _VALUE,
    Event.PROMPT_VERSION_TAG_DELETED: _PROMPT | _NUMBER | _KEY,
    Event.PROMPT_ALIAS_CREATED: _PROMPT | _ALIAS | _NUMBER,
    Event.PROMPT_ALIAS_DELETED: _PROMPT | _ALIAS,
}


class TestWebhook(NamedWebhook):
    """Without an event, an example of the first that the webhook asks for."""

    event: WebhookEvent | None = None


class WebhookTestResult(msgspec.Struct):
    """What the receiver answered, or why it was not reached."""

    success: bool
    response_status: int | msgspec.UnsetType = msgspec.UNSET
    response_body: str | msgspec.UnsetType = msgspec.UNSET
    error_message: str | msgspec.UnsetType = msgspec.UNSET


class WebhookTestAnswer(msgspec.Struct):
    """How the trial went."""

    result: WebhookTestResult


class Trial(NamedTuple):
    """What is to be sent where. Without a secret it is "", and None where it cannot be read."""

    url: str
    secret: str | None
    body: str


async def send_trial(stores: Stores, trial: Trial, exchange: Exchange) -> WebhookTestAnswer:
    """Send it once. A trial that fails is an answer and no error."""
    if trial.secret is None:
        return WebhookTestAnswer(WebhookTestResult(success=False, error_message=str(Unreadable())))
    headers = message_headers(trial.secret, str(uuid.uuid4()), int(time.time()), trial.body)
    try:
        reply = await exchange.post(trial.url, headers, trial.body.encode())
    except NotSent as error:
        return WebhookTestAnswer(WebhookTestResult(success=False, error_message=str(error)))
    result = WebhookTestResult(200 <= reply.status < 300, response_status=reply.status, response_body=reply.body)
    return WebhookTestAnswer(result)


@operation("mlflow/webhooks/{webhook_id}/test", verb="POST", needs=Permission.MANAGE, on=PLATFORM, after=send_trial)
def test_webhook(tx: Transaction, scope: Scope, request: TestWebhook) -> Trial:
    """Send an example of an event to a webhook, and answer what its receiver answered."""
    webhook = load_webhook(tx, scope, request.webhook_id)
    event = as_event(request.event or webhook.events[0], "event")
    row = tx.one(_FIND_SECRET, webhook=request.webhook_id)
    secret: str | None
    try:
        secret = unseal(tx, row[0]) if row and row[0] else ""
    except Unreadable:
        secret = None
    platform = scope.tenancy.platform_key if scope.tenancy else ""
    body = msgspec.json.encode(envelope(event, EXAMPLES[event], scope.now, platform)).decode()
    return Trial(webhook.url, secret, body)
