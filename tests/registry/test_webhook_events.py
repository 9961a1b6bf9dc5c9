"""What each change of the registry tells webhooks, and that nobody is told of what did not happen."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.registry.test_prompts import PROMPT
from tests.support.api import Api
from tests.support.receiver import Message, Receiver

EVENTS = [
    {"entity": entity, "action": action}
    for entity, actions in {
        "REGISTERED_MODEL": "CREATED",
        "MODEL_VERSION": "CREATED",
        "MODEL_VERSION_TAG": "SET DELETED",
        "MODEL_VERSION_ALIAS": "CREATED DELETED",
        "PROMPT": "CREATED",
        "PROMPT_VERSION": "CREATED",
        "PROMPT_TAG": "SET DELETED",
        "PROMPT_VERSION_TAG": "SET DELETED",
        "PROMPT_ALIAS": "CREATED DELETED",
    }.items()
    for action in actions.split()
]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def told(oracle_api: Api, receiver: Receiver, platform: str) -> Any:
    """Asks for everything on the test's platform; then what came, once the last of these events has."""
    oracle_api.post("webhooks", name="all", url=f"{receiver.url}/{platform}", events=EVENTS)

    def wait() -> list[tuple[str, dict[str, Any]]]:
        oracle_api.post("registered-models/create", name="the-end")

        def here(messages: list[Message]) -> list[Message]:
            return [message for message in messages if message.body["workspace"] == platform]

        def ended(messages: list[Message]) -> bool:
            of_model = {message.data["name"] for message in here(messages)}
            return "the-end" in of_model and len(here(messages)) > expected[0]

        came = here(receiver.wait(ended))
        return [(message.event, message.data) for message in came if message.data["name"] != "the-end"]

    expected = [0]

    def these(*events: tuple[str, dict[str, Any]]) -> None:
        expected[0] = len(events)
        assert wait() == list(events)

    return these


def test_a_model_and_its_versions(oracle_api: Api, told: Any) -> None:
    tags = [{"key": "team", "value": "risk"}]
    oracle_api.post("registered-models/create", name="churn", tags=tags, description="Who leaves.")
    oracle_api.post("model-versions/create", name="churn", source="s3://b/1", run_id="r1", tags=tags, description="one")
    oracle_api.post("model-versions/create", name="churn", source="s3://b/2")
    told(
        ("registered_model.created", {"name": "churn", "tags": {"team": "risk"}, "description": "Who leaves."}),
        (
            "model_version.created",
            {
                "name": "churn",
                "version": "1",
                "source": "s3://b/1",
                "run_id": "r1",
                "tags": {"team": "risk"},
                "description": "one",
            },
        ),
        (
            "model_version.created",
            {"name": "churn", "version": "2", "source": "s3://b/2", "run_id": None, "tags": {}, "description": None},
        ),
    )


def test_tags_and_aliases_of_a_version(oracle_api: Api, model: str, told: Any) -> None:
    of = {"name": model, "version": "1"}
    oracle_api.post("model-versions/create", name=model, source="s3://b/1")
    oracle_api.post("model-versions/set-tag", **of, key="tier", value="1")
    oracle_api.ok("DELETE", "model-versions/delete-tag", {**of, "key": "tier"})
    oracle_api.post(
        "internal/model-versions/update-tags",
        **of,
        set_tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
        delete_tags=[{"key": "tier"}],
    )
    oracle_api.post("registered-models/alias", **of, alias="champion")
    oracle_api.ok("DELETE", "registered-models/alias", {"name": model, "alias": "champion"})
    created: dict[str, Any] = {"source": "s3://b/1", "run_id": None, "tags": {}, "description": None}
    told(
        ("model_version.created", {**of, **created}),
        ("model_version_tag.set", {**of, "key": "tier", "value": "1"}),
        ("model_version_tag.deleted", {**of, "key": "tier"}),
        ("model_version_tag.set", {**of, "key": "a", "value": "1"}),
        ("model_version_tag.set", {**of, "key": "b", "value": "2"}),
        ("model_version_alias.created", {"name": model, "alias": "champion", "version": "1"}),
        ("model_version_alias.deleted", {"name": model, "alias": "champion"}),
    )


def test_a_prompt_has_events_of_its_own(oracle_api: Api, told: Any) -> None:
    kind = {"key": "_mlflow_prompt_type", "value": "text"}
    text = {"key": "mlflow.prompt.text", "value": "Hello {{name}}!"}
    of = {"name": "greeting", "version": "1"}
    oracle_api.post("registered-models/create", name="greeting", tags=[*PROMPT, kind, {"key": "a", "value": "1"}])
    oracle_api.post("model-versions/create", name="greeting", source="dummy-source", tags=[*PROMPT, kind, text])
    oracle_api.post("registered-models/set-tag", name="greeting", key="b", value="2")
    oracle_api.ok("DELETE", "registered-models/delete-tag", {"name": "greeting", "key": "b"})
    oracle_api.post("model-versions/set-tag", **of, key="c", value="3")
    oracle_api.ok("DELETE", "model-versions/delete-tag", {**of, "key": "c"})
    oracle_api.post("registered-models/alias", **of, alias="best")
    oracle_api.ok("DELETE", "registered-models/alias", {"name": "greeting", "alias": "best"})
    told(
        ("prompt.created", {"name": "greeting", "tags": {"a": "1"}, "description": ""}),
        ("prompt_version.created", {**of, "template": "Hello {{name}}!", "tags": {}, "description": None}),
        ("prompt_tag.set", {"name": "greeting", "key": "b", "value": "2"}),
        ("prompt_tag.deleted", {"name": "greeting", "key": "b"}),
        ("prompt_version_tag.set", {**of, "key": "c", "value": "3"}),
        ("prompt_version_tag.deleted", {**of, "key": "c"}),
        ("prompt_alias.created", {"name": "greeting", "alias": "best", "version": "1"}),
        ("prompt_alias.deleted", {"name": "greeting", "alias": "best"}),
    )


def test_nobody_is_told_of_what_was_refused_or_changed_nothing(oracle_api: Api, model: str, told: Any) -> None:
    oracle_api.post("model-versions/create", name=model, source="s3://b/1")
    of = {"name": model, "version": "1"}
    assert oracle_api.call("POST", "registered-models/create", {"name": model}).status == 409
    assert (
        oracle_api.call("POST", "registered-models/alias", {"name": model, "version": "9", "alias": "x"}).status == 404
    )
    assert oracle_api.call("POST", "model-versions/set-tag", {**of, "key": "", "value": ""}).status == 400
    oracle_api.ok("DELETE", "model-versions/delete-tag", {**of, "key": "not there"})
    oracle_api.ok("DELETE", "registered-models/alias", {"name": model, "alias": "not-there"})
    # A model's own tags have no event in MLflow.
    oracle_api.post("registered-models/set-tag", name=model, key="a", value="1")
    created: dict[str, Any] = {"source": "s3://b/1", "run_id": None, "tags": {}, "description": None}
    told(("model_version.created", {**of, **created}))


def test_a_write_that_is_sent_again_is_told_once(oracle_api: Api, model: str, told: Any) -> None:
    version = {"name": model, "source": "s3://b/1"}
    for _ in range(2):
        oracle_api.ok(
            "POST", "model-versions/create", version, headers={"opc-retry-token": f"{oracle_api.base}-once"[:64]}
        )
    told(
        (
            "model_version.created",
            {**version, "version": "1", "run_id": None, "tags": {}, "description": None},
        )
    )
