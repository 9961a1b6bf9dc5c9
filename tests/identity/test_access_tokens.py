"""Access tokens: who has one is its user, until it is revoked or its time is over."""

import json
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.identity.conftest import Guarded, guard
from tests.identity.people import Person, basic
from tests.support.api import Answer
from tests.support.server import RunningServer

UNKNOWN = (401, "UNAUTHENTICATED", "NotAuthenticated")


def until(seen: Callable[[], bool]) -> None:
    """Wait for what another process is told of within a second; generously, for the machine may be busy."""
    deadline = time.monotonic() + 30
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_token_lets_its_user_in(person: Person) -> None:
    answer = person.asks(f"Bearer {person.token()}")
    assert answer.status == 200
    assert answer.body["user"]["name"] == person.name


def test_a_token_is_accepted_as_a_password(person: Person) -> None:
    assert person.asks(basic(person.name, person.token())).status == 200


def test_a_token_is_no_password_of_another(new_person: Callable[..., Person]) -> None:
    one, other = new_person(), new_person()
    assert one.asks(basic(other.name, one.token())).error == UNKNOWN


def test_a_token_is_shown_once_and_kept_as_a_digest(person: Person) -> None:
    token = person.token("ci", days=30, scope="READ")
    assert re.fullmatch(r"mk_[\w-]{43}", token)
    listed = person.administrator.get(f"users/{person.name}/tokens")["access_tokens"]
    (shown,) = listed
    assert token not in json.dumps(listed)
    assert (shown["name"], shown["hint"], shown["scope"]) == ("ci", token[:7], "READ")
    assert shown["expires_at"] - shown["created_at"] == 30 * 86_400_000
    assert shown["last_used_at"] is None


def test_a_revoked_token_is_refused_at_once(person: Person) -> None:
    token = person.token()
    assert person.asks(f"Bearer {token}").status == 200
    person.administrator.ok("DELETE", f"users/{person.name}/tokens/one")
    assert person.asks(f"Bearer {token}").error == UNKNOWN


def test_the_token_of_a_disabled_user_is_refused_until_it_is_enabled_again(person: Person) -> None:
    token = person.token()
    assert person.asks(f"Bearer {token}").status == 200
    person.administrator.ok("PATCH", f"users/{person.name}", {"is_disabled": True})
    assert person.asks(f"Bearer {token}").error == UNKNOWN
    person.administrator.ok("PATCH", f"users/{person.name}", {"is_disabled": False})
    assert person.asks(f"Bearer {token}").status == 200


def test_the_token_of_a_deleted_user_is_refused(person: Person) -> None:
    token = person.token()
    assert person.asks(f"Bearer {token}").status == 200
    person.administrator.ok("DELETE", f"users/{person.name}")
    assert person.asks(f"Bearer {token}").error == UNKNOWN


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer mk_",
        "Bearer mk_" + "A" * 43,
        "Bearer a.b.c",
        "Basic",
        "Basic !!!",
        "Basic YQ==",
        "Basic Og==",
        "Digest username=root",
        "Signature",
        'Signature keyId="a/b/c",algorithm="rsa-sha256",headers="date",signature="AA=="',
        "Negotiate abc",
    ],
)
def test_who_proves_nothing_is_told_the_same_whatever_was_wrong(guarded: Guarded, authorization: str) -> None:
    headers = {"authorization": authorization} if authorization else {}
    answer = guarded.stranger(**headers).call("GET", "users")
    assert answer.error == UNKNOWN
    assert answer.body["message"] == guarded.stranger().call("GET", "users").body["message"]
    assert set(re.findall(r"(\w+) (?:realm|version)=", answer.headers["www-authenticate"])) == {
        "Basic",
        "Bearer",
        "Signature",
    }


def test_names_of_tokens_are_unique_for_their_user(new_person: Callable[..., Person]) -> None:
    one, other = new_person(), new_person()
    one.token("ci")
    other.token("ci")
    again = one.administrator.call("POST", f"users/{one.name}/tokens", {"name": "ci"})
    assert again.error == (400, "RESOURCE_ALREADY_EXISTS", "NotAuthorizedOrResourceAlreadyExists")


@pytest.mark.parametrize(
    ("field", "value"), [("scope", "ALL"), ("days", 0), ("days", 40_000), ("name", ""), ("name", "a/b")]
)
def test_what_is_no_token_names_the_field(person: Person, field: str, value: object) -> None:
    body = {"name": "ci", field: value}
    answer = person.administrator.call("POST", f"users/{person.name}/tokens", body)
    assert answer.status == 400
    assert f"'{field}'" in answer.body["message"]


def test_what_has_a_secret_takes_no_retry_token(person: Person) -> None:
    answer: Answer = person.administrator.call(
        "POST", f"users/{person.name}/tokens", {"name": "ci"}, headers={"opc-retry-token": "a"}
    )
    assert answer.status == 400
    assert "'opc-retry-token'" in answer.body["message"]


def test_an_expired_token_is_refused_and_the_last_use_is_kept(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        guarded = guard(server)
        token = Person(guarded.url, guarded.administrator, "root").token("short", days=1)
        headers = {"authorization": f"Bearer {token}"}
        assert guarded.stranger(**headers).call("GET", "users").status == 200
        server.stop()
        with sqlite3.connect(tmp_path / "data" / "modelkeep.db") as database:
            ((used,),) = database.execute("SELECT last_used_at FROM access_tokens WHERE name = 'short'").fetchall()
            assert abs(used / 1000 - time.time()) < 600
            kept = b"".join(repr(row).encode() for row in database.execute("SELECT * FROM access_tokens"))
            assert token.encode() not in kept
            database.execute("UPDATE access_tokens SET expires_at = ? WHERE name = 'short'", (used,))
        database.close()
        server.start()
        assert guard_again(server, headers) == UNKNOWN
        assert token not in server.log.read_text()


def guard_again(server: RunningServer, headers: dict[str, str]) -> tuple[int, str, str]:
    return Guarded(server, None).stranger(**headers).call("GET", "users").error  # type: ignore[arg-type]
