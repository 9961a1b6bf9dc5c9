"""Two servers on one database: what one takes away is refused by the other, which had let the caller in before."""

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests.identity.conftest import guard
from tests.identity.people import basic
from tests.proofs.clients import wait_until
from tests.support.api import Api
from tests.support.server import RunningServer

_numbers = itertools.count()


class Two(NamedTuple):
    """The administrator of the first server, and the second server's URL."""

    administrator: Api
    other: str

    def user(self, **details: object) -> str:
        name = f"user-{next(_numbers)}"
        self.administrator.ok("POST", "users", {"name": name, "is_administrator": True, **details}, status=201)
        return name

    def token(self, user: str) -> str:
        made = self.administrator.ok("POST", f"users/{user}/tokens", {"name": "one"}, status=201)
        return f"Bearer {made['token']}"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, shared_database: str) -> Iterator[Two]:
    homes = [tmp_path_factory.mktemp("server") for _ in range(2)]
    flags = ("--database", shared_database)
    with RunningServer(homes[0], *flags) as first:
        guarded = guard(first)
        with RunningServer(homes[1], *flags) as second:
            yield Two(guarded.administrator, second.url)


def _asks(two: Two, authorization: str) -> int:
    """What the second server answers."""
    headers = {"authorization": authorization}
    return Api(two.other, "/api/2.0/mlflow", headers).call("GET", "registered-models/search").status


def _let_in_then_refused(two: Two, authorization: str, take_away: Callable[[], object], status: int = 401) -> None:
    for _ in range(3):
        assert _asks(two, authorization) == 200
    take_away()
    wait_until(lambda: _asks(two, authorization) == status)
    for _ in range(3):
        assert _asks(two, authorization) == status


def test_a_token_that_one_server_revokes_is_refused_by_the_other(two: Two) -> None:
    user = two.user()
    token = two.token(user)
    _let_in_then_refused(two, token, lambda: two.administrator.ok("DELETE", f"users/{user}/tokens/one"))


def test_a_user_that_one_server_disables_is_refused_by_the_other(two: Two) -> None:
    user = two.user()
    token = two.token(user)
    _let_in_then_refused(two, token, lambda: two.administrator.ok("PATCH", f"users/{user}", {"is_disabled": True}))


def test_a_password_that_one_server_changes_no_longer_lets_in_at_the_other(two: Two) -> None:
    user = two.user(password="the first of two")
    changed = {"password": "the second of two"}
    _let_in_then_refused(
        two, basic(user, "the first of two"), lambda: two.administrator.ok("PUT", f"users/{user}/password", changed)
    )


def test_a_grant_that_one_server_revokes_no_longer_shows_anything_at_the_other(two: Two) -> None:
    user = two.user(is_administrator=False)
    token = two.token(user)
    details = {"assignees": {"type": "USER", "targets": [user]}, "permissions": ["READ"]}
    manage = "/20260430/aiDataPlatforms/default/actions/managePermission"
    two.administrator.ok("POST", manage, {"assignPermissionDetails": details}, status=204)
    wait_until(lambda: _asks(two, token) == 200)
    revoke = {"revokePermissionDetails": details}
    _let_in_then_refused(two, token, lambda: two.administrator.ok("POST", manage, revoke, status=204), 404)
