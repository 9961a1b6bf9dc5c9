"""What is refused before anybody asks who it is."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.raw import exchange, get
from tests.support.server import RunningServer

REFUSED = (403, "PERMISSION_DENIED", "NotAuthorized")
_SEARCH = "/api/2.0/mlflow/registered-models/search"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with every limit set low."""
    flags = (
        *("--cors-origins", "https://lab.example.com", "--body-seconds", "1", "--header-seconds", "1"),
        *("--max-header-bytes", "8192", "--address-requests-per-second", "1000"),
    )
    with RunningServer(tmp_path_factory.mktemp("guarded"), *flags) as server:
        yield server


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]:5000", "127.0.0.1:1"])
def test_a_loopback_server_goes_by_the_names_of_this_machine(guarded: RunningServer, host: str) -> None:
    assert Api(guarded.url).call("GET", _SEARCH, headers={"host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["attacker.example.com", "localhost.example.com", "127.0.0.1.example.com", "", "[::2]"]
)
def test_another_name_may_be_a_page_that_leads_here(guarded: RunningServer, host: str) -> None:
    for path in (_SEARCH, "/", "/docs"):
        assert Api(guarded.url).call("GET", path, headers={"host": host}).error == REFUSED


def test_probes_are_answered_by_any_name(guarded: RunningServer) -> None:
    assert Api(guarded.url).call("GET", "/health", headers={"host": "10.0.0.7"}).status == 200


@pytest.mark.parametrize("origin", ["https://attacker.example.com", "null", "http://localhost:1", "nonsense"])
def test_a_page_of_another_site_writes_nothing(guarded: RunningServer, origin: str) -> None:
    body = {"name": f"by-{origin}"}
    answer = Api(guarded.url).call("POST", "/api/2.0/mlflow/registered-models/create", body, headers={"origin": origin})
    assert answer.error == REFUSED
    assert "access-control-allow-origin" not in answer.headers


def test_a_page_of_this_server_writes(guarded: RunningServer) -> None:
    headers = {"origin": guarded.url}
    path = "/api/2.0/mlflow/registered-models/create"
    assert Api(guarded.url).call("POST", path, {"name": "by-own-page"}, headers=headers).status == 200


def test_a_site_that_is_set_may_call(guarded: RunningServer) -> None:
    asked = {"origin": "https://lab.example.com", "access-control-request-method": "POST"}
    preflight = Api(guarded.url).call("OPTIONS", _SEARCH, headers=asked)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "https://lab.example.com"
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    answer = Api(guarded.url).call("GET", _SEARCH, headers={"origin": "https://lab.example.com"})
    assert answer.headers["access-control-allow-origin"] == "https://lab.example.com"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_site_that_is_not_set_is_told_nothing(guarded: RunningServer) -> None:
    asked = {"origin": "https://other.example.com", "access-control-request-method": "POST"}
    preflight = Api(guarded.url).call("OPTIONS", _SEARCH, headers=asked)
    assert preflight.status == 405
    assert "access-control-allow-origin" not in preflight.headers


def test_answers_have_the_headers_that_keep_browsers_from_guessing(guarded: RunningServer) -> None:
    for path in (_SEARCH, "/nowhere", "/api/2.0/mlflow/registered-models/get"):
        headers = Api(guarded.url).call("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("framing", [b"content-length: 100", b"transfer-encoding: chunked"])
@pytest.mark.parametrize(
    "target", [b"POST /api/2.0/mlflow/registered-models/create", b"PUT /api/2.0/mlflow-artifacts/artifacts/stalled"]
)
def test_a_body_that_stands_still_is_given_up(guarded: RunningServer, target: bytes, framing: bytes) -> None:
    if framing.startswith(b"transfer") and target.startswith(b"PUT"):
        pytest.skip("an upload without a length is refused at its first byte")
    begun = b"1\r\n{\r\n" if framing.startswith(b"transfer") else b"{"
    head = target + b" HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" + framing + b"\r\n\r\n"
    answer = exchange(guarded, head + begun)
    assert answer.error == (408, "BAD_REQUEST", "RequestTimeout")


def _closed(connection: socket.socket) -> bool:
    connection.settimeout(30)
    try:
        while connection.recv(65_536):
            pass
    except ConnectionResetError:
        pass
    return True


def test_a_head_that_stands_still_is_given_up(guarded: RunningServer) -> None:
    with socket.create_connection(("127.0.0.1", guarded.port)) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: loc")
        assert _closed(connection)


def test_a_head_that_is_too_long_is_refused(guarded: RunningServer) -> None:
    with socket.create_connection(("127.0.0.1", guarded.port)) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 20_000 + b"\r\n\r\n")
        connection.settimeout(30)
        assert connection.recv(100).startswith(b"HTTP/1.1 431")


def test_many_idle_connections_leave_room_for_others(guarded: RunningServer) -> None:
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(socket.create_connection(("127.0.0.1", guarded.port)))
        assert get(guarded, _SEARCH.encode(), []).status == 200


def test_requests_of_one_address_are_limited(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data", "--address-requests-per-second", "5") as server:
        answers = [Api(server.url).call("GET", _SEARCH) for _ in range(40)]
        refused = [answer for answer in answers if answer.status == 429]
        assert [answer.status for answer in answers[:10]] == [200] * 10
        assert refused
        assert refused[0].error[1:] == ("REQUEST_LIMIT_EXCEEDED", "TooManyRequests")
        assert int(refused[0].headers["retry-after"]) >= 1
        deadline = time.monotonic() + 30
        while Api(server.url).call("GET", _SEARCH).status != 200:
            assert time.monotonic() < deadline


def test_requests_of_one_user_are_limited(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data", "--user-requests-per-second", "5") as server:
        statuses = {
            user: [
                Api(server.url).call("GET", _SEARCH, headers={"dh-user-principal": user}).status for _ in range(count)
            ]
            for user, count in (("alma", 30), ("bela", 5))
        }
        assert 429 in statuses["alma"]
        assert statuses["bela"] == [200] * 5
