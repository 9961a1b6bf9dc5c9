"""Deliveries: signed, in order, made again until they succeed or are dead letters; over restarts and crashes."""

import base64
import hashlib
import hmac
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.support.api import Api
from tests.support.command import run
from tests.support.receiver import Message, Receiver
from tests.support.server import RunningServer

CREATED = {"entity": "MODEL_VERSION", "action": "CREATED"}
FLAGS = ("--webhook-allow-http", "--webhook-allow-private", "--webhook-backoff-ms", "20")
_names = (f"model-{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that tries three times, without long pauses."""
    with RunningServer(tmp_path_factory.mktemp("quick"), *FLAGS, "--webhook-attempts", "3") as running:
        yield running


@pytest.fixture
def api(quick: RunningServer) -> Iterator[Api]:
    """Its API; webhooks are gone after the test."""
    api = _api(quick)
    yield api
    for webhook in api.get("webhooks")["webhooks"]:
        api.ok("DELETE", f"webhooks/{webhook['webhook_id']}")


def _api(server: RunningServer) -> Api:
    return Api(server.url, "/api/2.0/mlflow")


def _webhook(api: Api, receiver: Receiver, **fields: Any) -> str:
    created = api.post("webhooks", name="ci", url=receiver.url, **{"events": [CREATED], **fields})
    return str(created["webhook"]["webhook_id"])


def _version(api: Api, name: str) -> None:
    api.post("model-versions/create", name=name, source="s3://b/k")


def _model(api: Api) -> str:
    name = next(_names)
    api.post("registered-models/create", name=name)
    return name


def _seen(messages: list[Message]) -> list[str]:
    return [message.data["version"] for message in messages]


def _letters(api: Api, **query: str) -> list[dict[str, Any]]:
    return list(api.get("internal/webhook-deliveries", **query)["deliveries"])


def _wait_for_letters(api: Api, count: int) -> list[dict[str, Any]]:
    while len(found := _letters(api, state="DEAD")) < count:
        continue
    return found


def test_a_message_is_signed_over_id_time_and_body(api: Api) -> None:
    with Receiver() as receiver:
        _webhook(api, receiver, secret="hush")
        _version(api, _model(api))
        (message,) = receiver.wait_for(1)
    headers = message.headers
    signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.{message.text}"
    expected = base64.b64encode(hmac.new(b"hush", signed.encode(), hashlib.sha256).digest()).decode()
    assert headers["x-mlflow-signature"] == f"v1,{expected}"
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert message.body.keys() == {"entity", "action", "timestamp", "data", "workspace"}


def test_without_a_secret_it_is_not_signed_and_a_secret_can_be_taken_away(api: Api) -> None:
    with Receiver() as receiver:
        webhook = _webhook(api, receiver, secret="hush")
        api.ok("PATCH", f"webhooks/{webhook}", {"secret": ""})
        _version(api, _model(api))
        assert "x-mlflow-signature" not in receiver.wait_for(1)[0].headers


def test_what_cannot_be_signed_is_not_sent_and_is_a_dead_letter_that_says_why(data_directory: Path) -> None:
    with Receiver() as receiver, RunningServer(data_directory, *FLAGS, "--webhook-attempts", "2") as server:
        api = _api(server)
        webhook = _webhook(api, receiver, secret="hush")
        with closing(sqlite3.connect(data_directory / "modelkeep.db")) as database, database:
            database.execute("UPDATE server_secrets SET value = ? WHERE name = 'sealing'", [Fernet.generate_key()])
        trial = api.ok("POST", f"webhooks/{webhook}/test", {})["result"]
        assert not trial["success"]
        assert "secret cannot be read" in trial["error_message"]
        name = _model(api)
        _version(api, name)
        (letter,) = _wait_for_letters(api, 1)
        assert (letter["attempts"], letter["last_status"]) == (2, 0)
        assert "secret cannot be read" in letter["last_error"]
        assert receiver.messages == []
        api.ok("PATCH", f"webhooks/{webhook}", {"secret": "again"})
        assert api.post("internal/webhook-deliveries/retry")["retried"] == 1
        assert "x-mlflow-signature" in receiver.wait_for(1)[0].headers


def test_what_fails_is_made_again_under_its_id_and_what_is_behind_it_waits(api: Api) -> None:
    statuses = itertools.chain([500, 503], itertools.repeat(200))
    with Receiver(lambda message: next(statuses)) as receiver:
        _webhook(api, receiver)
        name = _model(api)
        for _ in range(5):
            _version(api, name)
        messages = receiver.wait_for(7)
    assert _seen(messages) == ["1", "1", "1", "2", "3", "4", "5"]
    ids = [message.headers["x-mlflow-delivery-id"] for message in messages]
    assert len(set(ids)) == 5
    assert ids[0] == ids[1] == ids[2]
    assert messages[0].text == messages[2].text


def test_a_model_that_cannot_be_told_does_not_hold_up_another(api: Api) -> None:
    stuck, other = _model(api), _model(api)
    with Receiver(lambda message: None if message.data["name"] == stuck else 200) as receiver:
        _webhook(api, receiver)
        _version(api, stuck)
        _version(api, other)
        receiver.wait(lambda messages: {message.data["name"] for message in messages} == {stuck, other})


def test_each_webhook_is_told_for_itself(api: Api) -> None:
    with Receiver(lambda message: 500) as deaf, Receiver() as receiver:
        _webhook(api, deaf)
        _webhook(api, receiver)
        _version(api, _model(api))
        assert _seen(receiver.wait_for(1)) == ["1"]
        deaf.wait_for(3)


def test_after_the_last_attempt_it_is_a_dead_letter_and_the_next_follows(api: Api) -> None:
    with Receiver(lambda message: 500 if message.data["version"] == "1" else 200) as receiver:
        webhook = _webhook(api, receiver)
        name = _model(api)
        _version(api, name)
        _version(api, name)
        assert _seen(receiver.wait_for(4)) == ["1", "1", "1", "2"]
        (letter,) = _wait_for_letters(api, 1)
        delivery_id = receiver.messages[0].headers["x-mlflow-delivery-id"]
    assert letter == {
        "id": letter["id"],
        "delivery_id": delivery_id,
        "webhook_id": webhook,
        "event": "model_version.created",
        "state": "DEAD",
        "creation_timestamp": letter["creation_timestamp"],
        "attempts": 3,
        "last_status": 500,
        "last_error": "The receiver answered 500: heard",
        "death_timestamp": letter["death_timestamp"],
    }
    while _letters(api, state="WAITING"):
        continue


def test_a_dead_letter_can_be_sent_on_its_way_again(api: Api, quick: RunningServer) -> None:
    healed = False
    with Receiver(lambda message: 200 if healed else 404) as receiver:
        webhook = _webhook(api, receiver)
        _version(api, _model(api))
        (letter,) = _wait_for_letters(api, 1)
        shown = run("webhook", "dead", "--data", quick.data, "--json").json
        assert [one["id"] for one in shown] == [letter["id"]]
        assert "404" in run("webhook", "dead", "--webhook", webhook, "--data", quick.data).output
        assert run("webhook", "list", "--data", quick.data, "--json").json[0]["webhook_id"] == webhook
        healed = True
        nobody = run("webhook", "retry", "--ids", "999999999", "--data", quick.data)
        assert nobody.output == "0 dead letters are on their way again.\n"
        outcome = run("webhook", "retry", "--webhook", webhook, "--ids", letter["id"], "--data", quick.data)
        assert outcome.output == "1 dead letters are on their way again.\n"
        assert receiver.wait_for(4)[3].headers["x-mlflow-delivery-id"] == letter["delivery_id"]
        while _letters(api):
            continue


def test_a_receiver_that_says_nothing_is_given_up_in_time(data_directory: Path) -> None:
    with (
        Receiver(lambda message: None) as receiver,
        RunningServer(data_directory, *FLAGS, "--webhook-timeout-seconds", "1") as server,
    ):
        api = _api(server)
        _webhook(api, receiver)
        _version(api, _model(api))
        receiver.wait_for(2)
        (waiting,) = _letters(api)
    assert waiting["last_error"] == "No answer came within 1 seconds."
    assert waiting["last_status"] == 0


def test_a_redirect_is_a_failure_and_not_followed(api: Api) -> None:
    with Receiver() as elsewhere, Receiver(lambda message: 307, location=elsewhere.url) as receiver:
        _webhook(api, receiver)
        _version(api, _model(api))
        (letter,) = _wait_for_letters(api, 1)
        assert letter["last_status"] == 307
        assert elsewhere.messages == []


def test_a_receiver_that_asks_for_a_pause_gets_one(api: Api) -> None:
    statuses = itertools.chain([429], itertools.repeat(200))
    with Receiver(lambda message: next(statuses), retry_after="3600") as receiver:
        webhook = _webhook(api, receiver)
        _version(api, _model(api))
        receiver.wait_for(1)
        while (waiting := _letters(api, webhook_id=webhook)[0])["attempts"] == 0:
            continue
    assert waiting["next_attempt_timestamp"] - waiting["creation_timestamp"] > 3_000_000


def test_a_disabled_webhook_is_not_told_and_gets_what_was_due_before_when_it_is_active_again(api: Api) -> None:
    statuses = itertools.chain([429], itertools.repeat(200))
    with Receiver(lambda message: next(statuses), retry_after="1") as receiver:
        webhook = _webhook(api, receiver)
        name = _model(api)
        _version(api, name)
        receiver.wait_for(1)
        api.ok("PATCH", f"webhooks/{webhook}", {"status": "DISABLED"})
        _version(api, name)
        api.ok("PATCH", f"webhooks/{webhook}", {"status": "ACTIVE"})
        _version(api, name)
        assert _seen(receiver.wait_for(3)) == ["1", "1", "3"]


def test_a_trial_answers_what_the_receiver_answered_and_is_not_queued(api: Api) -> None:
    with Receiver(lambda message: 418) as receiver:
        webhook = _webhook(api, receiver, secret="hush")
        result = api.post(f"webhooks/{webhook}/test")["result"]
        assert result == {"success": False, "response_status": 418, "response_body": "heard"}
        event = {"entity": "PROMPT", "action": "CREATED"}
        api.post(f"webhooks/{webhook}/test", event=event)
        first, second = receiver.wait_for(2)
    assert (first.event, second.event) == ("model_version.created", "prompt.created")
    assert "x-mlflow-signature" in first.headers
    unreached = api.post(f"webhooks/{webhook}/test")["result"]
    assert unreached.keys() == {"success", "error_message"}
    assert unreached["success"] is False
    assert _letters(api) == []


def test_what_was_not_delivered_before_a_restart_is_delivered_after_it(data_directory: Path) -> None:
    deaf = True
    with (
        Receiver(lambda message: None if deaf else 200) as receiver,
        RunningServer(data_directory, *FLAGS) as server,
    ):
        api = _api(server)
        _webhook(api, receiver, secret="hush")
        name = _model(api)
        for _ in range(3):
            _version(api, name)
        receiver.wait_for(1)
        assert server.stop() == 0
        deaf = False
        server.start()
        messages = receiver.wait_for(4)
    assert _seen(messages) == ["1", "1", "2", "3"]
    assert messages[0].headers["x-mlflow-delivery-id"] == messages[1].headers["x-mlflow-delivery-id"]


def test_a_crash_between_the_commit_and_the_delivery_loses_nothing(data_directory: Path) -> None:
    deaf = True
    flags = (*FLAGS, "--webhook-timeout-seconds", "1")
    with (
        Receiver(lambda message: None if deaf else 200) as receiver,
        RunningServer(data_directory, *flags) as server,
    ):
        api = _api(server)
        _webhook(api, receiver)
        name = _model(api)
        for _ in range(3):
            _version(api, name)
        server.kill()
        deaf = False
        server.start()
        messages = receiver.wait(lambda messages: "3" in _seen(messages))
    # An attempt that the crash broke off is made again.
    assert [version for version, _ in itertools.groupby(_seen(messages))] == ["1", "2", "3"]
