"""Where nobody has to log in, and when that ends."""

import json
from pathlib import Path

import pytest

from tests.identity.conftest import guard
from tests.identity.people import PASSWORD
from tests.support.api import Api
from tests.support.command import run
from tests.support.server import RunningServer

_USERS = "/api/3.0/modelkeep/users"


def test_a_server_on_the_network_without_users_refuses_to_start(tmp_path: Path) -> None:
    ended = run("serve", "--data", tmp_path / "data", "--host", "0.0.0.0", "--port", "0")
    assert ended.code == 1
    assert "modelkeep user create NAME --admin" in ended.errors
    assert "--auth none" in ended.errors


def test_it_starts_where_that_is_meant(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data", "--host", "0.0.0.0", "--auth", "none") as server:
        assert Api(server.url).call("GET", _USERS).status == 200


def test_it_starts_with_users_and_requires_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = run("user", "create", "alma", "--admin", "--password-stdin", "--data", data, given=PASSWORD + "\n")
    assert made.code == 0, made
    with RunningServer(data, "--host", "0.0.0.0") as server:
        assert Api(server.url).call("GET", _USERS).status == 401


def test_on_loopback_it_is_open_and_says_how_to_close_it_until_the_first_user_is_made(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        assert Api(server.url).call("GET", _USERS).status == 200
        guard(server)
        assert Api(server.url).call("GET", _USERS).status == 401
        server.stop()
        assert b"modelkeep user create alma --admin" in server.problems


def test_required_is_required_before_there_is_anybody(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data", "--auth", "required") as server:
        assert Api(server.url).call("GET", _USERS).status == 401


def test_commands_of_the_directorys_owner_work_while_a_server_has_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with RunningServer(data, "--auth", "required") as server:
        lock = data / "modelkeep.lock"
        assert lock.stat().st_mode & 0o777 == 0o600
        secret = json.loads(lock.read_text())["secret"]
        created = run(
            "user", "create", "bela", "--password-stdin", "--json", "--data", data, given=PASSWORD + "\n"
        ).json
        assert created["name"] == "bela"
        assert [user["name"] for user in run("user", "list", "--json", "--data", data).json] == ["bela"]
        token = run("token", "create", "bela", "ci", "--days", "1", "--data", data).output.strip()
        headers = {"authorization": f"Bearer {token}"}
        assert Api(server.url).call("GET", f"{_USERS}/bela", headers=headers).status == 200
        assert run("user", "disable", "bela", "--data", data).code == 0
        assert Api(server.url).call("GET", f"{_USERS}/bela", headers=headers).status == 401
        assert secret not in server.log.read_text()
        server.stop()
        server.start()
        old = {"authorization": f"Bearer {secret}"}
        assert Api(server.url).call("GET", _USERS, headers=old).status == 401


def test_groups_and_roles_are_managed_by_commands(tmp_path: Path) -> None:
    data = ("--data", tmp_path / "data")
    assert run("user", "create", "alma", "--no-password", *data).code == 0
    assert run("group", "create", "risk", *data).code == 0
    assert run("group", "add-member", "risk", "alma", *data).code == 0
    assert run("role", "create", "auditors", "--platform", "default", *data).code == 0
    assert run("role", "add-member", "auditors", "group:risk", "--platform", "default", *data).code == 0
    assert run("role", "show", "auditors", "--platform", "default", "--json", *data).json["members"] == [
        {"kind": "group", "name": "risk"}
    ]
    assert run("user", "show", "alma", "--json", *data).json["groups"] == ["risk"]
    assert run("group", "remove-member", "risk", "alma", *data).code == 0
    assert run("group", "list", "--json", *data).json[0]["members"] == []


def test_a_password_is_never_an_argument(tmp_path: Path) -> None:
    made = run("user", "create", "alma", "--data", tmp_path / "data")
    assert made.code == 1
    assert "--password-stdin" in made.errors
    given = run("user", "create", "alma", "--password", "hush-hush", "--data", tmp_path / "data")
    assert given.code == 2
    assert "unexpected extra argument" in given.errors


@pytest.mark.parametrize(
    "flags",
    [
        ("--auth", "maybe"),
        ("--oidc-issuer", "https://id.example.com"),
        ("--oidc-issuer", "id.example.com", "--oidc-client-id", "a"),
        ("--oidc-issuer", "https://id.example.com", "--oidc-client-id", "a", "--oidc-algorithms", "HS256"),
        ("--proxy-user-header", "x-user"),
        ("--tls-client-ca", "ca.pem"),
    ],
)
def test_settings_that_would_leave_a_door_open_are_refused(tmp_path: Path, flags: tuple[str, ...]) -> None:
    ended = run("serve", "--data", tmp_path / "data", "--port", "0", *flags)
    assert ended.code == 1
    assert ended.errors.count("\n") == 1


def test_secrets_of_settings_are_not_shown() -> None:
    shown = run("config", MODELKEEP_OIDC_CLIENT_SECRET="hush-hush")
    assert "hush-hush" not in shown.output
    assert shown.json["oidc_client_secret"]["value"] == "***"
