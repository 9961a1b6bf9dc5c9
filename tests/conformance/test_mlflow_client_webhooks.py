"""MLflow's client on webhooks, and MLflow's own signature over what is delivered."""

from collections.abc import Iterator

import pytest
from mlflow import MlflowClient
from mlflow.entities.webhook import VALID_ENTITY_ACTIONS, WebhookEntity, WebhookEvent, WebhookStatus
from mlflow.exceptions import MlflowException
from mlflow.webhooks.delivery import _generate_hmac_signature
from mlflow.webhooks.types import get_example_payload_for_event

from tests.support.receiver import Receiver

EVENTS = [
    WebhookEvent(entity, action)
    for entity, actions in VALID_ENTITY_ACTIONS.items()
    for action in sorted(actions)
    if entity is not WebhookEntity.BUDGET_POLICY
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def test_webhooks_are_created_got_listed_updated_and_deleted(client: MlflowClient) -> None:
    created = client.create_webhook("ci", "https://hooks.example.com/", EVENTS, description="Tests.", secret="hush")
    assert (created.name, created.url, created.description) == ("ci", "https://hooks.example.com/", "Tests.")
    assert (created.status, set(created.events)) == (WebhookStatus.ACTIVE, set(EVENTS))
    assert dict(vars(client.get_webhook(created.webhook_id))) == dict(vars(created))
    other = client.create_webhook("cd", "https://hooks.example.com/", ["prompt.created"], status=WebhookStatus.DISABLED)
    assert other.status is WebhookStatus.DISABLED
    first = client.list_webhooks(max_results=1)
    second = client.list_webhooks(max_results=1, page_token=first.token)
    assert [webhook.name for webhook in (*first, *second)] == ["cd", "ci"]
    assert not second.token
    changed = client.update_webhook(
        created.webhook_id,
        name="ce",
        url="https://other.example.com/",
        events=["model_version.created"],
        status="DISABLED",
    )
    assert (changed.name, changed.url, changed.description) == ("ce", "https://other.example.com/", "Tests.")
    assert [str(event) for event in changed.events] == ["model_version.created"]
    client.delete_webhook(created.webhook_id)
    with pytest.raises(MlflowException) as caught:
        client.get_webhook(created.webhook_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_trial_sends_mlflows_own_example_of_each_event(client: MlflowClient, receiver: Receiver) -> None:
    webhook = client.create_webhook("ci", receiver.url, EVENTS, secret="hush")
    for event in EVENTS:
        result = client.test_webhook(webhook.webhook_id, event)
        assert (result.success, result.response_status, result.response_body) == (True, 200, "heard")
    messages = receiver.wait_for(len(EVENTS))
    assert {message.event: message.data for message in messages} == {
        str(event): get_example_payload_for_event(event) for event in EVENTS
    }


def test_a_receiver_of_mlflows_verifies_the_signature(client: MlflowClient, receiver: Receiver) -> None:
    client.create_webhook("ci", receiver.url, ["model_version.created"], secret="hush €")
    client.create_registered_model("churn")
    client.create_model_version("churn", "s3://b/k", description="Größe")
    (message,) = receiver.wait_for(1)
    assert message.headers["x-mlflow-signature"] == _generate_hmac_signature(
        "hush €", message.headers["x-mlflow-delivery-id"], message.headers["x-mlflow-timestamp"], message.text
    )
