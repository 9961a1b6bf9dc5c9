"""Who calls on behalf of others."""

from collections.abc import Callable
from pathlib import Path

from tests.identity.conftest import guard
from tests.identity.people import Person
from tests.identity.test_access_tokens import UNKNOWN
from tests.support.api import Api
from tests.support.server import RunningServer

_CURRENT = "/api/2.0/mlflow/users/current"


def asks_for(gateway: Person, name: str) -> Api:
    headers = {"authorization": f"Bearer {gateway.token(f'for {name}')}", "dh-user-principal": name}
    return Api(gateway.url, "/api/3.0/modelkeep", headers)


def test_a_gateway_is_the_user_whom_it_calls_for_with_that_users_rights(new_person: Callable[..., Person]) -> None:
    gateway, user = new_person(acts_for_others=True), new_person(is_administrator=False)
    acting = asks_for(gateway, user.name)
    assert acting.get(_CURRENT)["user"]["username"] == user.name
    assert acting.call("GET", "users").status == 403


def test_nobody_else_calls_for_others(new_person: Callable[..., Person]) -> None:
    user, other = new_person(), new_person()
    assert asks_for(user, other.name).call("GET", _CURRENT).status == 403
    assert asks_for(user, user.name).call("GET", _CURRENT).status == 200


def test_a_gateway_calls_for_nobody_who_is_unknown_or_disabled(new_person: Callable[..., Person]) -> None:
    gateway, user = new_person(acts_for_others=True), new_person()
    assert asks_for(gateway, "nobody-at-all").call("GET", _CURRENT).error == UNKNOWN
    user.administrator.ok("PATCH", f"users/{user.name}", {"is_disabled": True})
    assert asks_for(gateway, user.name).call("GET", _CURRENT).error == UNKNOWN


def test_a_gateway_makes_no_credentials_of_those_whom_it_calls_for(new_person: Callable[..., Person]) -> None:
    gateway, user = new_person(acts_for_others=True), new_person(is_administrator=False)
    acting = asks_for(gateway, user.name)
    assert acting.call("POST", f"users/{user.name}/tokens", {"name": "kept"}).status == 403


def test_a_token_that_may_do_less_makes_none_that_may_do_more(new_person: Callable[..., Person]) -> None:
    person = new_person()
    weak = person.with_header(f"Bearer {person.token('weak', scope='READ')}")
    assert weak.call("POST", f"users/{person.name}/tokens", {"name": "strong"}).status == 403
    assert weak.call("PUT", f"users/{person.name}/password", {"password": "another one"}).status == 403
    assert weak.call("POST", "users", {"name": "x", "password": "another one"}).status == 403


def test_a_proxy_names_users_only_where_it_is_trusted(tmp_path: Path) -> None:
    flags = ("--trusted-proxies", "127.0.0.1", "--proxy-user-header", "x-forwarded-user")
    for given, status in ((flags, 200), ((), 401)):
        with RunningServer(tmp_path / f"data-{status}", *given) as server:
            guarded = guard(server)
            assert guarded.stranger(**{"x-forwarded-user": "root"}).call("GET", "users").status == status
            assert guarded.stranger(**{"x-forwarded-user": "nobody"}).call("GET", "users").status == 401
