"""User names and passwords."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelkeep.identity.passwords import NO_ONES_HASH, hash_password
from tests.identity.conftest import Guarded, guard
from tests.identity.people import PASSWORD, Person, basic
from tests.identity.test_access_tokens import UNKNOWN
from tests.support.server import RunningServer


def test_a_password_lets_its_user_in_again_and_again(person: Person) -> None:
    assert [person.asks(basic(person.name)).status for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper(), PASSWORD + " ", "x" * 5_000])
def test_a_wrong_password_is_refused(person: Person, password: str) -> None:
    assert person.asks(basic(person.name, password)).error == UNKNOWN


def test_an_unknown_user_is_answered_as_a_wrong_password_is(person: Person) -> None:
    wrong, unknown = person.asks(basic(person.name, "wrong")), person.asks(basic("nobody", "wrong"))
    assert (wrong.body, wrong.status) == (unknown.body, unknown.status)


def test_a_name_that_none_can_have_is_answered_as_an_unknown_one_is(person: Person) -> None:
    unknown, impossible = person.asks(basic("nobody", "wrong")), person.asks(basic("no\0body", "wrong"))
    assert (unknown.body, unknown.status) == (impossible.body, impossible.status)


def test_a_user_without_a_password_has_none(new_person: Callable[..., Person]) -> None:
    person = new_person(password=None)
    assert person.asks(basic(person.name, "")).error == UNKNOWN
    assert person.asks(basic(person.name)).error == UNKNOWN


def test_a_new_password_counts_at_once_and_the_old_one_no_longer(person: Person) -> None:
    assert person.asks(basic(person.name)).status == 200
    person.administrator.ok("PUT", f"users/{person.name}/password", {"password": "another one"})
    assert person.asks(basic(person.name)).error == UNKNOWN
    assert person.asks(basic(person.name, "another one")).status == 200


def test_who_changes_the_own_password_has_to_know_it(person: Person) -> None:
    own = person.with_header(basic(person.name))
    for given in (None, "wrong"):
        refused = own.call(
            "PUT", f"users/{person.name}/password", {"password": "another one", "current_password": given}
        )
        assert refused.status == 400
        assert "'current_password'" in refused.body["message"]
    body = {"password": "another one", "current_password": PASSWORD}
    own.ok("PUT", f"users/{person.name}/password", body)
    assert person.asks(basic(person.name, "another one")).status == 200


@pytest.mark.parametrize("password", ["", "short", "x" * 1_025])
def test_what_is_no_password_names_the_field(person: Person, password: str) -> None:
    answer = person.administrator.call("PUT", f"users/{person.name}/password", {"password": password})
    assert answer.status == 400
    assert "'password'" in answer.body["message"]
    assert password == "" or password not in answer.body["message"]


def test_a_change_elsewhere_leaves_a_verified_password_verified(
    person: Person, new_person: Callable[..., Person]
) -> None:
    assert person.asks(basic(person.name)).status == 200
    other = new_person()
    assert person.asks(basic(person.name)).status == 200
    assert other.asks(basic(other.name)).status == 200


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server that takes few wrong passwords."""
    with RunningServer(tmp_path_factory.mktemp("strict"), "--failed-log-ins-per-minute", "3") as server:
        yield guard(server)


def test_wrong_passwords_are_limited_by_user_and_address_and_right_ones_that_are_known_are_not(strict: Guarded) -> None:
    known = strict.stranger(authorization=basic("root"))
    assert known.call("GET", "users").status == 200
    guesses = [strict.stranger(authorization=basic("root", f"guess {n}")).call("GET", "users") for n in range(6)]
    assert [guess.status for guess in guesses] == [401] * 3 + [429] * 3
    assert 1 <= int(guesses[-1].headers["retry-after"]) <= 20
    assert guesses[-1].error[2] == "TooManyRequests"
    assert strict.stranger(authorization=basic("nobody", "guess")).call("GET", "users").status == 429
    assert known.call("GET", "users").status == 200
    assert strict.administrator.call("GET", "users").status == 200


def test_many_requests_with_a_new_password_at_once_are_all_let_in(person: Person) -> None:
    statuses: list[int] = []
    own = person.with_header(basic(person.name))
    threads = [
        threading.Thread(target=lambda: statuses.append(own.call("GET", f"users/{person.name}").status))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 16


def test_no_password_is_kept_or_logged(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        guarded = guard(server)
        assert guarded.stranger(authorization=basic("root")).call("GET", "users").status == 200
        server.stop()
        found = [file for file in tmp_path.rglob("*") if file.is_file() and PASSWORD.encode() in file.read_bytes()]
        assert found == []
        assert PASSWORD.encode() not in server.problems


def test_what_is_verified_for_nobody_costs_what_a_password_costs() -> None:
    assert NO_ONES_HASH.split("$")[:4] == hash_password("a long enough one").split("$")[:4]
