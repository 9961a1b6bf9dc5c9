"""What keeps a server from PostgreSQL is one line and exit code 1; nothing was changed, and no password is told."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from modelkeep.storage.migrate import HEAD
from tests.support.command import Outcome, run
from tests.support.own_postgres import OwnPostgres, free_port
from tests.support.server import RunningServer

_SECRET = "quite-secret"
_COMMANDS = (["serve", "--port", "0"], ["serve", "--port", "0", "--workers", "2"], ["db", "upgrade"], ["db", "check"])


def _refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 1, outcome
    (line,) = outcome.errors.strip().splitlines()
    assert line.startswith("modelkeep: ")
    for word in words:
        assert word in line
    assert _SECRET not in outcome.errors + outcome.output


def _run(command: list[str], data: Path, url: str) -> Outcome:
    return run(*command, "--data", data, "--database", url)


@pytest.fixture(scope="module")
def guarded() -> Iterator[OwnPostgres]:
    """It wants a password, and `anna` has one."""
    rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    with OwnPostgres(host_rules=rules) as own:
        with psycopg.connect(own.url, autocommit=True) as connection:
            connection.execute("CREATE ROLE anna LOGIN PASSWORD 'right'")
            connection.execute("CREATE DATABASE old WITH ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        yield own


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_wrong_password(data_directory: Path, guarded: OwnPostgres, command: list[str]) -> None:
    url = f"postgresql://anna:{_SECRET}@127.0.0.1:{guarded.port}/postgres"
    _refused(_run(command, data_directory, url), "password authentication failed", "anna")


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_host_that_does_not_answer(data_directory: Path, command: list[str]) -> None:
    url = f"postgresql://anna:{_SECRET}@127.0.0.1:{free_port()}/postgres"
    _refused(_run(command, data_directory, url), "Connection refused")


def test_a_host_that_takes_connections_and_says_nothing(data_directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://anna:{_SECRET}@127.0.0.1:{silent.getsockname()[1]}/x?connect_timeout=2"
        _refused(_run(["serve", "--port", "0"], data_directory, url), "timeout")


def test_a_host_that_is_not_known(data_directory: Path) -> None:
    _refused(_run(["serve", "--port", "0"], data_directory, f"postgresql://a:{_SECRET}@absent.invalid/x"), "absent.inv")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        (f"mysql://anna:{_SECRET}@localhost/x", "postgresql://"),
        (f"postgresql://anna:{_SECRET}%zz@localhost/x", "cannot be read"),
        (f"postgresql://anna:{_SECRET}@localhost/x?colour=blue", "cannot be read"),
        (f"postgresql://anna:{_SECRET}@localhost:many/x", "cannot be used"),
    ],
)
def test_what_is_no_url(data_directory: Path, url: str, word: str) -> None:
    for command in _COMMANDS:
        _refused(_run(command, data_directory, url), word)


def test_a_database_that_does_not_exist(data_directory: Path, guarded: OwnPostgres) -> None:
    url = f"postgresql://postgres@127.0.0.1:{guarded.port}/absent"
    _refused(_run(["serve", "--port", "0"], data_directory, url), "absent", "does not exist")


def test_a_database_that_does_not_keep_all_characters(data_directory: Path, guarded: OwnPostgres) -> None:
    url = f"postgresql://postgres@127.0.0.1:{guarded.port}/old"
    _refused(_run(["serve", "--port", "0"], data_directory, url), "LATIN1", "UTF8")


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE songs (title text)",
        "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('f5a4f2784254')",
    ],
)
def test_a_database_of_another_program(data_directory: Path, database: str, made: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(made.encode())
    for command in _COMMANDS:
        _refused(_run(command, data_directory, database), "another program")
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert found == (1,)


def test_a_schema_of_a_later_release(data_directory: Path, database: str) -> None:
    assert _run(["db", "upgrade"], data_directory, database).code == 0
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        assert _run(["db", "check"], data_directory, database).code == 0
        connection.execute("UPDATE schema_needs SET revision = '9998'")
    assert _run(["db", "check"], data_directory, database).code == 1
    for command in (["serve", "--port", "0"], ["db", "upgrade"]):
        _refused(_run(command, data_directory, database), "9999", "does not know")
    assert _run(["db", "downgrade-check", "9998"], data_directory, database).code == 0
    assert _run(["db", "downgrade-check", HEAD], data_directory, database).code == 1


def test_a_schema_that_a_start_may_not_bring_up_to_date(data_directory: Path, database: str) -> None:
    serve = ["serve", "--port", "0", "--no-migrate-on-start"]
    _refused(_run(serve, data_directory, database), "modelkeep db upgrade")
    assert _run(["db", "check"], data_directory, database).code == 1
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert found == (0,)
    assert _run(["db", "upgrade"], data_directory, database).code == 0
    assert _run(["db", "check"], data_directory, database).code == 0
    with RunningServer(data_directory, *serve[3:], "--database", database) as server:
        assert server.stop() == 0


def test_a_driver_that_is_missing(tmp_path: Path, data_directory: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('not here')")
    url = f"postgresql://anna:{_SECRET}@localhost/x"
    # Before what the tests themselves are run with, not in its place: the sources may be there.
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    for command in _COMMANDS:
        outcome = run(*command, "--data", data_directory, "--database", url, PYTHONPATH=path)
        _refused(outcome, "modelkeep[postgres]")


def test_no_password_is_shown_by_a_server_that_runs(data_directory: Path, guarded: OwnPostgres) -> None:
    with psycopg.connect(guarded.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE berta LOGIN SUPERUSER PASSWORD '{_SECRET}'".encode())
    url = f"postgresql://berta:{_SECRET}@127.0.0.1:{guarded.port}/postgres"
    with RunningServer(data_directory, "--database", url, "--log-level", "debug") as server:
        guarded.stop()
        guarded.start()
        assert server.stop() == 0
    assert _SECRET not in server.problems.decode() + server.log.read_text()
    assert _SECRET not in run("config", "--database", url).output


def test_a_postgresql_that_may_lose_what_was_answered_is_told_of(data_directory: Path, database: str) -> None:
    careless = f"{database}{'&' if '?' in database else '?'}options=-c%20synchronous_commit%3Doff"
    for url, told in ((database, False), (careless, True)):
        with RunningServer(data_directory, "--database", url) as server:
            assert server.stop() == 0
        assert (b"synchronous_commit = off" in server.problems) is told
