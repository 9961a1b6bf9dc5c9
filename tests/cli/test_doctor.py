"""`modelkeep doctor` finds what is wrong, says what to do, and is content with what is well."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from modelkeep.core.settings import Settings
from modelkeep.server.doctor.configuration import examine_reach
from modelkeep.server.doctor.disk import examine_directory
from tests.support.api import Api
from tests.support.command import Outcome, run
from tests.support.postgres import new_database
from tests.support.receiver import Receiver
from tests.support.server import RunningServer


def _doctor(data: Path, *flags: str | Path, **variables: str) -> Outcome:
    return run("doctor", "--json", "--data", data, *flags, **variables)


def _found(outcome: Outcome, check: str) -> list[tuple[str, str, str]]:
    findings: list[dict[str, Any]] = json.loads(outcome.output)
    return [(one["state"], one["found"], one["advice"]) for one in findings if one["check"] == check]


def _states(outcome: Outcome) -> set[str]:
    return {one["state"] for one in json.loads(outcome.output)}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that a server has served, its owner's alone."""
    data = tmp_path_factory.mktemp("doctor") / "data"
    with RunningServer(data):
        pass
    data.chmod(0o700)
    return data


def test_what_is_well_is_ok_and_exit_code_0(served: Path) -> None:
    outcome = _doctor(served)
    assert outcome.code == 0, outcome
    assert _states(outcome) <= {"ok", "warning"}
    (database,) = _found(outcome, "database")
    assert database[0] == "ok"
    assert "schema revision" in database[1]
    assert "flush takes" in _found(outcome, "disk")[0][1] or _found(outcome, "disk")[0][0] == "warning"
    assert _found(outcome, "artifacts")[0][:1] == ("ok",)
    assert not list((served / "artifacts" / "workspaces").glob("0"))


def test_each_line_says_what_was_found_and_what_to_do(served: Path) -> None:
    outcome = run("doctor", "--data", served, "--host", "0.0.0.0", "--auth", "none")
    assert outcome.code == 1
    assert "error   access: It listens on 0.0.0.0 and asks nobody who they are" in outcome.output
    assert "→ Set MODELKEEP_AUTH to required" in outcome.output


def test_it_may_be_asked_while_a_server_runs(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        outcome = _doctor(data_directory)
        assert outcome.code == 0, outcome
        Api(server.url, "/api/2.0/mlflow").post("registered-models/create", name="churn")


def test_an_empty_place_is_well_and_stays_empty(tmp_path: Path) -> None:
    outcome = _doctor(tmp_path / "new")
    assert outcome.code == 0
    assert _states(outcome) <= {"ok", "warning"}
    assert not (tmp_path / "new").exists()


def test_settings_that_cannot_be_used_are_a_finding(tmp_path: Path) -> None:
    outcome = _doctor(tmp_path, MODELKEEP_PORT="70000")
    assert outcome.code == 1
    ((state, found, _),) = _found(outcome, "configuration")
    assert state == "error"
    assert "70000" in found


def test_a_variable_that_is_no_setting_is_named(served: Path) -> None:
    state, found, _ = _found(_doctor(served, MODELKEEP_PROT="5000"), "configuration")[0]
    assert state == "warning"
    assert "MODELKEEP_PROT" in found


def test_a_database_of_a_later_release_is_an_error(data_directory: Path) -> None:
    with RunningServer(data_directory):
        pass
    with sqlite3.connect(data_directory / "modelkeep.db") as later:
        later.execute("UPDATE alembic_version SET version_num = '9999'")
        later.execute("UPDATE schema_needs SET revision = '9999'")
    later.close()
    outcome = _doctor(data_directory)
    assert outcome.code == 1
    assert _found(outcome, "database")[0][0] == "error"


def test_a_file_that_is_no_database_is_an_error(data_directory: Path) -> None:
    data_directory.mkdir()
    (data_directory / "modelkeep.db").write_bytes(b"no database " * 1_000)
    outcome = _doctor(data_directory)
    assert outcome.code == 1
    assert _found(outcome, "database")[0][0] == "error"


def test_a_directory_that_others_may_change_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    findings = {finding.check: finding for finding in examine_directory(Settings(data=tmp_path))}
    assert findings["data directory"].state == "error"
    assert findings["data directory"].advice == f"chmod 700 {tmp_path}"


@pytest.mark.parametrize(("free", "state"), [(50 << 20, "error"), (500 << 20, "warning"), (50 << 30, "ok")])
def test_a_disk_that_is_nearly_full_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(total=100 << 30, free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    (room, *_) = (one for one in examine_directory(Settings(data=tmp_path)) if one.check == "disk space")
    assert (room.state, f"{free >> 20:,} MiB" in room.found) == (state, True)


def test_a_clock_that_was_set_back_is_told(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        Api(server.url, "/api/2.0/mlflow").post("registered-models/create", name="churn")
    with sqlite3.connect(data_directory / "modelkeep.db") as ahead:
        assert ahead.execute("UPDATE write_records SET at = at + 3600000").rowcount
    ahead.close()
    state, found, advice = _found(_doctor(data_directory), "clock")[0]
    assert (state, "in the future" in found, "NTP" in advice) == ("warning", True, True)


def test_a_damaged_database_is_an_error(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        for number in range(300):
            api.post("registered-models/create", name=f"model-{number}", description="d" * 500)
    with (data_directory / "modelkeep.db").open("r+b") as file:
        file.seek(-60 * 4096, 2)
        file.write(b"\xff" * 50 * 4096)
    outcome = _doctor(data_directory)
    assert outcome.code == 1
    assert "error" in [state for state, *_ in _found(outcome, "database")]


def test_a_key_that_others_may_read_and_a_certificate_that_ends_soon(tmp_path: Path, served: Path) -> None:
    assert run("tls", "self-signed", tmp_path).code == 0
    key = next(tmp_path.glob("*.key"))
    key.chmod(0o644)
    outcome = _doctor(served, "--tls-cert", next(tmp_path.glob("*.crt")), "--tls-key", key)
    ((state, found, advice),) = _found(outcome, "tls key")
    assert (state, advice) == ("warning", f"chmod 600 {key}")
    assert "0644" in found
    assert "holds until" in _found(outcome, "tls")[0][1]


def test_artifacts_that_cannot_be_kept_are_an_error(tmp_path: Path, served: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    outcome = _doctor(served, "--artifacts", str(tmp_path / "file"))
    assert outcome.code == 1
    assert _found(outcome, "artifacts")[0][0] == "error"


def test_dead_letters_are_told(data_directory: Path) -> None:
    flags = ("--webhook-allow-http", "--webhook-allow-private", "--webhook-attempts", "1")
    with Receiver(lambda message: 500) as receiver, RunningServer(data_directory, *flags) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        event = {"entity": "REGISTERED_MODEL", "action": "CREATED"}
        api.post("webhooks", name="ci", url=receiver.url, events=[event])
        api.post("registered-models/create", name="churn")
        while not api.get("internal/webhook-deliveries", state="DEAD")["deliveries"]:
            continue
        ((state, found, advice),) = _found(_doctor(data_directory), "webhooks")
    assert (state, found) == ("warning", "1 deliveries were given up.")
    assert "modelkeep webhook dead" in advice


@pytest.mark.parametrize(
    ("settings", "users", "states"),
    [
        ({"host": "127.0.0.1", "auth": "none"}, 0, ["ok"]),
        ({"host": "0.0.0.0", "auth": "none"}, 0, ["error", "warning"]),
        ({"host": "0.0.0.0"}, 0, ["error", "warning"]),
        ({"host": "0.0.0.0"}, 1, ["ok", "warning"]),
        ({"host": "0.0.0.0", "public_url": "https://models.example.com"}, 1, ["ok"]),
        (
            {"host": "0.0.0.0", "auth": "required", "public_url": "https://x", "webhook_allow_private": True},
            1,
            ["ok", "warning"],
        ),
    ],
)
def test_who_can_reach_it(settings: dict[str, Any], users: int, states: list[str]) -> None:
    assert [finding.state for finding in examine_reach(Settings(**settings), users)] == states


def test_postgresql_is_asked_for_its_settings_its_clock_and_its_connections(tmp_path: Path) -> None:
    with new_database() as url:
        with RunningServer(tmp_path / "data", "--database", url):
            pass
        outcome = _doctor(tmp_path / "data", MODELKEEP_DATABASE=url)
        assert _found(outcome, "database")[0][0] == "ok"
        assert _found(outcome, "clock")[0][0] == "ok"
        assert _found(outcome, "connections")[0][0] == "ok"
        greedy = _doctor(tmp_path / "data", "--readers", "100", "--workers", "10", MODELKEEP_DATABASE=url)
        assert _found(greedy, "connections")[0][0] == "warning"
        careless = f"{url}{'&' if '?' in url else '?'}options=-csynchronous_commit%3Doff"
        outcome = _doctor(tmp_path / "data", MODELKEEP_DATABASE=careless)
        assert outcome.code == 1
        assert [found for found in _found(outcome, "database") if "synchronous_commit is off" in found[1]]


def test_a_database_that_does_not_answer_is_an_error_without_its_password(tmp_path: Path) -> None:
    outcome = _doctor(tmp_path, MODELKEEP_DATABASE="postgresql://me:hush@127.0.0.1:9/none")
    assert outcome.code == 1
    assert _found(outcome, "database")[0][0] == "error"
    assert "hush" not in outcome.output + outcome.errors
