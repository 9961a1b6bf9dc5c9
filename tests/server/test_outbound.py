"""Where webhooks may lead: nowhere inside the house, however a name or an address is written."""

import asyncio
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from modelkeep.core.addresses import is_public
from modelkeep.core.exchange import NotSent
from modelkeep.server.outbound import Outbound
from tests.support.api import Api
from tests.support.codes import INVALID
from tests.support.receiver import Receiver
from tests.support.server import RunningServer

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a01:203",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_the_inside_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_public_network_is(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with RunningServer(tmp_path_factory.mktemp("strict")) as server:
        yield Api(server.url, "/api/2.0/mlflow")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com",
        "https://localhost/x",
        "https://a.localhost",
        *(f"https://[{address}]/" if ":" in address else f"https://{address}/" for address in INSIDE),
    ],
)
def test_by_default_a_webhook_must_be_https_to_the_public_network(strict: Api, url: str) -> None:
    event = {"entity": "MODEL_VERSION", "action": "CREATED"}
    answer = strict.call("POST", "webhooks", {"name": "ci", "url": url, "events": [event]})
    assert answer.error == INVALID
    assert "'url'" in answer.body["message"]


def _post(url: str, **allowed: bool) -> str:
    """What is said of a post that must not be made."""

    async def post() -> None:
        outbound = Outbound(**{"allow_http": True, "allow_private": False, **allowed}, seconds=5, connections=1)
        try:
            await outbound.post(url, [], b"{}")
        finally:
            await outbound.close()

    with pytest.raises(NotSent) as caught:
        asyncio.run(post())
    return str(caught.value)


def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        url = f"http://hooks.example.com:{receiver.port}/"
        monkeypatch.setattr(socket, "getaddrinfo", _resolver({"hooks.example.com": ["127.0.0.1"]}))
        assert "127.0.0.1" in _post(url)
        assert receiver.messages == []


def test_one_address_of_many_that_leads_inside_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _resolver({"hooks.example.com": ["8.8.8.8", "10.0.0.7"]}))
    assert "10.0.0.7" in _post("http://hooks.example.com/")


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
def test_other_ways_to_write_loopback_are_refused_too(host: str) -> None:
    with Receiver() as receiver:
        assert "127.0.0.1" in _post(f"http://{host}:{receiver.port}/")
        assert receiver.messages == []


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers another address each time it is asked is asked once."""
    asked: list[str] = []
    connected: list[Any] = []

    def resolve(host: Any, *arguments: Any, **more: Any) -> Any:
        asked.append(host)
        return _entries(["8.8.8.8" if len(asked) == 1 else "127.0.0.1"])

    async def connect(loop: Any, sock: socket.socket, address: Any) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError("not here")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", connect)
    assert "not reached" in _post("http://hooks.example.com/")
    assert asked[0] == "hooks.example.com"
    assert connected == ["8.8.8.8"]


def test_http_is_refused_where_it_is_not_allowed() -> None:
    assert _post("http://hooks.example.com/", allow_http=False) == "Only https can be used."


def test_a_setting_of_the_past_does_not_let_a_webhook_of_the_past_through(data_directory: Path) -> None:
    event = {"entity": "MODEL_VERSION", "action": "CREATED"}
    with Receiver() as receiver:
        with RunningServer(data_directory, "--webhook-allow-http", "--webhook-allow-private") as server:
            api = Api(server.url, "/api/2.0/mlflow")
            created = api.post("webhooks", name="ci", url=receiver.url, events=[event])
        with RunningServer(data_directory, "--webhook-allow-http") as server:
            api = Api(server.url, "/api/2.0/mlflow")
            result = api.post(f"webhooks/{created['webhook']['webhook_id']}/test")["result"]
        assert "127.0.0.1" in result["error_message"]
        assert receiver.messages == []


def _entries(addresses: list[str]) -> list[Any]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]


def _resolver(names: dict[str, list[str]]) -> Any:
    return lambda host, *arguments, **more: _entries(names[host])
