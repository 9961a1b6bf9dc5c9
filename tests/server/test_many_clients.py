"""Clients that come by the hundred, and slow ones among them: each is answered rightly, and memory stays bounded."""

import http.client
import json
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer

_MANY, _SLOW, _MODELS = 300, 60, 10
_API = "/api/2.0/mlflow/registered-models/"
_LARGE = "x" * 90_000
_SECONDS = 120


@contextmanager
def _soft_limit(files: int) -> Iterator[None]:
    """What is started meanwhile may have so few files open, unless it raises that itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with ExitStack() as stack:
        with _soft_limit(128):
            running = stack.enter_context(RunningServer(tmp_path_factory.mktemp("data")))
        api = Api(running.url, _API.rstrip("/"))
        for number in range(_MODELS):
            api.post("create", name=f"model-{number}", description=f"{number}" + _LARGE)
        yield running


@contextmanager
def _connections(server: RunningServer, count: int) -> Iterator[list[http.client.HTTPConnection]]:
    host = urlsplit(server.url)
    opened = [http.client.HTTPConnection(str(host.hostname), host.port, timeout=_SECONDS) for _ in range(count)]
    try:
        for connection in opened:
            connection.connect()
        yield opened
    finally:
        for connection in opened:
            connection.close()


def _ask(connection: http.client.HTTPConnection, number: int) -> None:
    connection.request("GET", f"{_API}get?name=model-{number % _MODELS}")


def _answered(connection: http.client.HTTPConnection, number: int) -> None:
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200
    model = json.loads(body)["registered_model"]
    assert model["name"] == f"model-{number % _MODELS}"
    assert model["description"] == f"{number % _MODELS}" + _LARGE


def _resident_mib(server: RunningServer) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_bursts_of_hundreds_on_kept_alive_connections_are_answered_each_with_its_own(server: RunningServer) -> None:
    with _connections(server, _MANY) as clients:
        before = _resident_mib(server)
        for burst in range(3):
            for number, client in enumerate(clients):
                _ask(client, number + burst)
            for number, client in enumerate(clients):
                _answered(client, number + burst)
        # All answers of a burst are 27 MB.
        assert _resident_mib(server) - before < 150


def test_clients_that_send_slowly_hold_up_nobody_and_are_answered_in_the_end(server: RunningServer) -> None:
    with _connections(server, _SLOW) as slow, _connections(server, 5) as others:
        bodies = [json.dumps({"name": f"slow-{number}"}).encode() for number in range(_SLOW)]
        for client, body in zip(slow, bodies, strict=True):
            client.putrequest("POST", f"{_API}create")
            client.putheader("content-type", "application/json")
            client.putheader("content-length", str(len(body)))
            client.endheaders(body[:5])
        for number, client in enumerate(others):
            _ask(client, number)
            _answered(client, number)
        for client, body in zip(slow, bodies, strict=True):
            client.send(body[5:])
        for number, client in enumerate(slow):
            answer = client.getresponse()
            assert answer.status == 200
            assert json.loads(answer.read())["registered_model"]["name"] == f"slow-{number}"


def test_clients_that_do_not_read_hold_up_nobody_and_find_all_of_their_answer_later(server: RunningServer) -> None:
    with _connections(server, _SLOW) as slow, _connections(server, 5) as others:
        before = _resident_mib(server)
        for client in slow:
            client.request("GET", f"{_API}search?filter=name+LIKE+'model-%25'")
        for _ in range(3):
            for number, client in enumerate(others):
                _ask(client, number)
                _answered(client, number)
        # What nobody reads is held once for each who does not: 60 times 900 kB.
        assert _resident_mib(server) - before < 250
        for client in slow:
            answer = client.getresponse()
            assert answer.status == 200
            found = json.loads(answer.read())["registered_models"]
            assert [len(model["description"]) for model in found] == [len(_LARGE) + 1] * _MODELS


def test_a_server_may_have_as_many_files_open_as_whoever_runs_it_allows(server: RunningServer) -> None:
    limits = Path(f"/proc/{server.process.pid}/limits").read_text()
    soft, hard = next(line for line in limits.splitlines() if line.startswith("Max open files")).split()[3:5]
    assert soft == hard
    assert soft != "128"
