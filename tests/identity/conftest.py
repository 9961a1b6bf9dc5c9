"""A server where one has to log in, its administrator, and users who are made for one test each."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.conformance import conftest as _clients  # noqa: F401 - sets what MLflow's client reads when it is imported
from tests.identity.people import PASSWORD, Person, basic
from tests.support.api import Api
from tests.support.postgres import new_database
from tests.support.server import RunningServer

_counter = itertools.count(1)


@dataclass
class Guarded:
    """The server and its administrator."""

    server: RunningServer
    administrator: Api

    @property
    def url(self) -> str:
        return self.server.url

    def stranger(self, **headers: str) -> Api:
        """Whoever sends these headers."""
        return Api(self.url, "/api/3.0/modelkeep", headers)


def guard(server: RunningServer) -> Guarded:
    """Make the first user of a server that was open until then."""
    api = Api(server.url, "/api/3.0/modelkeep")
    api.ok("POST", "users", {"name": "root", "password": PASSWORD, "is_administrator": True}, status=201)
    api.headers["authorization"] = basic("root")
    token = api.ok("POST", "users/root/tokens", {"name": "tests"}, status=201)["token"]
    api.headers["authorization"] = f"Bearer {token}"
    return Guarded(server, api)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server that requires authentication, on either engine."""
    with ExitStack() as stack:
        flags = ["--database", stack.enter_context(new_database())] if request.param == "postgresql" else []
        server = RunningServer(tmp_path_factory.mktemp("guarded"), *flags, "--failed-log-ins-per-minute", "1000")
        yield guard(stack.enter_context(server))


@pytest.fixture
def new_person(guarded: Guarded) -> Callable[..., Person]:
    """Makes a user that no other test knows, an administrator unless said otherwise."""

    def make(**details: object) -> Person:
        name = f"person-{next(_counter)}"
        body = {"name": name, "password": PASSWORD, "is_administrator": True, **details}
        guarded.administrator.ok("POST", "users", body, status=201)
        return Person(guarded.url, guarded.administrator, name)

    return make


@pytest.fixture
def person(new_person: Callable[..., Person]) -> Person:
    return new_person()
