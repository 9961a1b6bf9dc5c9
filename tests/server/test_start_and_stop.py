"""A server's life as its operator sees it: what stops it from starting, and how it ends."""

import json
import signal
import socket
import sqlite3
import ssl
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from modelkeep.storage.migrate import upgrade
from modelkeep.storage.sqlite.lock import DATABASE_NAME
from tests.support.api import Api
from tests.support.command import Outcome, run
from tests.support.server import RunningServer


def _refused(outcome: Outcome, *words: str) -> None:
    """One clear line and exit code 1."""
    assert outcome.code == 1
    (line,) = outcome.errors.strip().splitlines()
    assert line.startswith("modelkeep: ")
    for word in words:
        assert word in line


def test_sigterm_and_sigint_end_it_with_exit_code_0(data_directory: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with RunningServer(data_directory) as server:
            Api(server.url).ok("GET", "/health")
            assert server.stop(number) == 0


def test_what_was_answered_is_there_after_a_restart(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        api.post("registered-models/create", name="churn")
        before = api.call("POST", "model-versions/create", {"name": "churn", "source": "s3://b/k"})
        token = api.ok("GET", "registered-models/search", {"max_results": 1}).get("next_page_token")
        assert token is None
    with RunningServer(data_directory) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        after = api.call("GET", "model-versions/get", query={"name": "churn", "version": "1"})
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])


def test_page_tokens_and_retry_tokens_outlive_a_restart(data_directory: Path) -> None:
    retry = {"opc-retry-token": "t"}
    with RunningServer(data_directory) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        for name in "ab":
            first = api.call("POST", "registered-models/create", {"name": name}, headers=retry if name == "b" else {})
        token = api.get("registered-models/search", max_results=1)["next_page_token"]
    with RunningServer(data_directory) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        rest = api.get("registered-models/search", page_token=token)["registered_models"]
        again = api.call("POST", "registered-models/create", {"name": "b"}, headers=retry)
    assert [model["name"] for model in rest] == ["b"]
    assert again.content == first.content


def test_writes_in_flight_are_finished_before_it_ends(data_directory: Path) -> None:
    answered: list[int] = []
    with RunningServer(data_directory) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        api.post("registered-models/create", name="churn")

        def write() -> None:
            while True:
                try:
                    answer = api.call("POST", "model-versions/create", {"name": "churn", "source": "s3://b/k"})
                except httpx.TransportError:
                    return
                if answer.status != 200:
                    assert answer.body["code"] == "ServiceUnavailable"
                    return
                answered.append(int(answer.body["model_version"]["version"]))

        writers = [threading.Thread(target=write) for _ in range(8)]
        for writer in writers:
            writer.start()
        while len(answered) < 50:
            pass
        assert server.stop() == 0
        for writer in writers:
            writer.join()
    with RunningServer(data_directory) as server:
        kept = Api(server.url, "/api/2.0/mlflow").get("model-versions/search")["model_versions"]
    numbers = {int(version["version"]) for version in kept}
    assert set(answered) <= numbers
    assert len(answered) == len(set(answered))


def test_a_second_server_on_a_data_directory_is_refused(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        outcome = run("serve", "--data", data_directory, "--port", "0")
        _refused(outcome, str(data_directory), "already served", str(server.process.pid))
        assert Api(server.url).ok("GET", "/health") == "OK"


def test_a_port_in_use_is_refused(server: RunningServer, data_directory: Path) -> None:
    _refused(run("serve", "--data", data_directory, "--port", str(server.port)), str(server.port), "in use")


def test_an_address_that_is_not_this_machines_is_refused(data_directory: Path) -> None:
    _refused(run("serve", "--data", data_directory, "--host", "203.0.113.7", "--port", "0"), "203.0.113.7")


def test_a_data_directory_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a directory")
    for path in (file, file / "below"):
        _refused(run("serve", "--data", path, "--port", "0"), str(path), "cannot be written")
    assert file.read_text() == "not a directory"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--workers", "2"], ["--workers"]),
        (["--tls-cert", "absent.crt", "--tls-key", "absent.key"], ["absent.crt"]),
    ],
)
def test_a_setting_that_cannot_be_is_refused(data_directory: Path, flags: list[str], words: list[str]) -> None:
    _refused(run("serve", "--data", data_directory, "--port", "0", *flags), *words)


def test_a_variable_that_cannot_be_is_refused_by_its_name(data_directory: Path) -> None:
    _refused(run("serve", "--data", data_directory, MODELKEEP_PORT="http"), "MODELKEEP_PORT", "'http'")


def test_a_database_from_the_future_is_refused(data_directory: Path) -> None:
    data_directory.mkdir()
    upgrade(f"sqlite:///{data_directory / DATABASE_NAME}")
    with closing(sqlite3.connect(data_directory / DATABASE_NAME)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE schema_needs SET revision = '9999'")
    _refused(run("serve", "--data", data_directory, "--port", "0"), "9999", "does not know")


def test_each_request_is_a_line_of_the_access_log(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        headers = {"opc-request-id": "seen", "dh-user-principal": "alma"}
        root = Api(server.url)
        root.call("POST", "/api/2.0/mlflow/registered-models/create", {"name": "secret-name"}, headers=headers)
        root.call("GET", "/api/2.0/mlflow/registered-models/get?name=absent")
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    created, missing = lines[-2:]
    assert (created["request_id"], created["principal"], created["status"]) == ("seen", "alma", 200)
    assert (created["operation"], created["method"]) == ("create_registered_model", "POST")
    assert created["path"] == "/api/2.0/mlflow/registered-models/create"
    assert created["ms"] > 0
    assert (missing["operation"], missing["status"]) == ("get_registered_model", 404)
    assert "secret-name" not in server.log.read_text()


def test_a_connection_that_says_nothing_does_not_stop_the_way_down(data_directory: Path) -> None:
    with RunningServer(data_directory) as server, socket.create_connection(("127.0.0.1", server.port)) as idle:
        idle.sendall(b"GET /heal")
        assert server.stop() == 0


def test_it_serves_https_with_a_pair_made_by_the_command(tmp_path: Path) -> None:
    made = run("tls", "self-signed", tmp_path / "tls")
    certificate, key = made.output.split()
    assert made.code == 0
    assert Path(key).stat().st_mode & 0o077 == 0
    with RunningServer(tmp_path / "data", "--tls-cert", certificate, "--tls-key", key) as server:
        assert server.url.startswith("https://localhost:")
        trust = ssl.create_default_context(cafile=certificate)
        for host in ("localhost", "127.0.0.1"):
            answer = httpx.get(f"https://{host}:{server.port}/health", verify=trust)
            assert (answer.status_code, answer.text) == (200, "OK")
        assert run("workspace", "list", "--data", server.data, "--json").json[0]["platform"] == "default"
