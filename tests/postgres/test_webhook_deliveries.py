"""Several servers on one PostgreSQL share the deliveries: each is made once, in the order of its model."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.server.test_deliveries import CREATED, FLAGS
from tests.support.api import Api
from tests.support.postgres import new_database
from tests.support.receiver import Message, Receiver
from tests.support.server import RunningServer

_MODELS, _VERSIONS = 8, 10


def test_two_servers_deliver_each_event_once_and_in_order(tmp_path: Path) -> None:
    with (
        new_database() as database,
        RunningServer(tmp_path / "a", "--database", database, *FLAGS) as one,
        RunningServer(tmp_path / "b", "--database", database, *FLAGS) as other,
        Receiver() as receiver,
    ):
        apis = [Api(server.url, "/api/2.0/mlflow") for server in (one, other)]
        apis[0].post("webhooks", name="ci", url=receiver.url, events=[CREATED])

        def write(number: int) -> None:
            name = f"m{number}"
            apis[0].post("registered-models/create", name=name)
            for count in range(_VERSIONS):
                apis[count % 2].post("model-versions/create", name=name, source="s3://b/k")

        with ThreadPoolExecutor(_MODELS) as clients:
            list(clients.map(write, range(_MODELS)))
        messages = receiver.wait_for(_MODELS * _VERSIONS)
        while apis[1].get("internal/webhook-deliveries")["deliveries"]:
            continue
        assert len(receiver.messages) == _MODELS * _VERSIONS
    by_model: dict[str, list[int]] = {}
    for message in messages:
        by_model.setdefault(message.data["name"], []).append(int(message.data["version"]))
    assert by_model == {f"m{number}": list(range(1, _VERSIONS + 1)) for number in range(_MODELS)}


def test_what_a_killed_server_had_taken_is_delivered_by_another(tmp_path: Path) -> None:
    taken: list[Message] = []
    alive = True

    def answer(message: Message) -> int | None:
        if alive:
            return None
        taken.append(message)
        return 200

    flags = (*FLAGS, "--webhook-timeout-seconds", "1")
    with (
        new_database() as database,
        Receiver(answer) as receiver,
        RunningServer(tmp_path / "a", "--database", database, *flags) as one,
    ):
        api = Api(one.url, "/api/2.0/mlflow")
        api.post("webhooks", name="ci", url=receiver.url, events=[CREATED])
        api.post("registered-models/create", name="m")
        api.post("model-versions/create", name="m", source="s3://b/k")
        receiver.wait_for(1)
        one.kill()
        alive = False
        with RunningServer(tmp_path / "b", "--database", database, *flags) as other:
            there = Api(other.url, "/api/2.0/mlflow")
            while there.get("internal/webhook-deliveries")["deliveries"]:
                continue
    assert {message.data["version"] for message in taken} == {"1"}
