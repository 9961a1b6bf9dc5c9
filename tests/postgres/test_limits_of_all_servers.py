"""Limits hold for all servers and workers on one database, not for each."""

import time
from collections.abc import Iterator

import pytest

from tests.identity.conftest import guard
from tests.identity.people import basic
from tests.support.api import Api
from tests.support.postgres import new_database
from tests.support.server import RunningServer

_PATIENCE_SECONDS = 60
_API = "/api/3.0/modelkeep"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, Api]]:
    """An administrator at two servers of one database, the first of two workers."""
    with new_database() as database:
        flags = ("--database", database, "--failed-log-ins-per-minute", "3", "--user-requests-per-second", "10")
        first = RunningServer(tmp_path_factory.mktemp("first"), *flags, "--workers", "2")
        with first, RunningServer(tmp_path_factory.mktemp("second"), *flags) as second:
            administrator = guard(first).administrator
            # Each process sees within a second that there is a user now.
            for _ in range(20):
                for server in (first, second):
                    closes(server)
            yield administrator, Api(second.url, _API, administrator.headers)


def closes(server: RunningServer) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while Api(server.url, _API).call("GET", "groups").status != 401:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_wrong_passwords_at_one_server_count_at_all(pair: tuple[Api, Api]) -> None:
    def guesses(server: Api, count: int) -> list[int]:
        api = Api(server.url, _API, {"authorization": basic("root", "wrong")})
        return [api.call("GET", "groups").status for _ in range(count)]

    first, second = pair
    assert guesses(first, 2) + guesses(second, 1) == [401] * 3
    assert guesses(first, 2) + guesses(second, 2) == [429] * 4


def test_requests_at_one_server_are_counted_by_the_other(pair: tuple[Api, Api]) -> None:
    """The second is asked four times a second at the most, which it would never refuse by its own count."""
    first, second = pair
    statuses = set()
    end = time.monotonic() + _PATIENCE_SECONDS
    while 429 not in statuses and time.monotonic() < end:
        pause = time.monotonic() + 0.25
        while time.monotonic() < pause:
            first.call("GET", "groups")
        statuses.add(second.call("GET", "groups").status)
    assert statuses == {200, 429} or statuses == {429}
