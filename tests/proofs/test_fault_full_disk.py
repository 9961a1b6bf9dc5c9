"""A full disk: reads are answered, writes are refused in clear words, and all goes on by itself once there is room."""

import contextlib
import errno
import itertools
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from tests.proofs.clients import Clients, wait_until
from tests.proofs.effort import Effort
from tests.proofs.faults.shim import FailingFiles
from tests.proofs.faults.small_disk import SmallDisk, small_disk
from tests.proofs.history import Verdict
from tests.proofs.ledger import Ledger
from tests.support.api import Api
from tests.support.own_postgres import OwnPostgres
from tests.support.server import RunningServer

_CLIENTS, _QUICK = 4, 1
_FULL = 10**9


class Full(NamedTuple):
    """A server whose database's disk can be filled and emptied."""

    server: RunningServer
    fill: Callable[[], None]
    empty: Callable[[], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", mib=24) as disk:
        yield disk


@pytest.fixture(params=["mounted", "shim", "postgresql"])
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Full]:
    """The same by a full file system, by writes that fail as on one, and with a PostgreSQL on a full file system."""
    if request.param == "shim":
        files = FailingFiles(tmp_path, "modelkeep.db")
        with RunningServer(tmp_path / "data", environment=files.environment) as server:
            yield Full(server, lambda: files.fail_writes(_FULL, errno.ENOSPC), files.heal)
    elif request.param == "postgresql":
        with (
            _small_postgres(log_apart=True) as (postgres, disk),
            RunningServer(tmp_path / "data", "--database", postgres.url) as server,
        ):
            yield Full(server, disk.fill, disk.empty)
    else:
        disk = request.getfixturevalue("disk")
        with RunningServer(tmp_path / "data", "--data", str(disk.path / "data")) as server:
            yield Full(server, disk.fill, disk.empty)


@contextlib.contextmanager
def _small_postgres(*, log_apart: bool) -> Iterator[tuple[OwnPostgres, SmallDisk]]:
    """A PostgreSQL on a small disk, which has its log of writes too or not."""
    # Not below pytest's own folder, where PostgreSQL's user may not enter.
    with tempfile.TemporaryDirectory(prefix="modelkeep-disk-") as home:
        Path(home).chmod(0o755)
        with (
            small_disk(Path(home) / "disk", mib=160, names=4_000) as disk,
            OwnPostgres(data=disk.path, log_apart=log_apart) as postgres,
        ):
            yield postgres, disk


def test_reads_are_answered_writes_refused_and_all_goes_on_when_there_is_room(full: Full) -> None:
    effort = Effort("fault")
    for one in effort.rounds(_QUICK):
        with one:
            ledger = Ledger(full.server.url, _CLIENTS, f"full-{one.seed}")
            with Clients([full.server.url], _CLIENTS, one.seed, ledger.write, ledger.history) as clients:
                clients.wait_for(60)
                full.fill()
                clients.wait_for(20, Verdict.NOT_DONE)
                _hold_while_full(full.server, f"full-{one.seed}-model-0")
                full.empty()
                clients.wait_for(40, Verdict.DONE)
            for end, count in ledger.check(full.server.url).items():
                effort.seen[f"writes {end}"] += count
            full.server.kill()
            full.server.start()
            ledger.check(full.server.url)


def _hold_while_full(server: RunningServer, model: str) -> None:
    """What the server says while its disk is full."""
    api = Api(server.url, "/api/2.0/mlflow")
    oracle = Api(server.url, "/20260430/aiDataPlatforms/default/workspaces/default/mlops/api/2.0/mlflow")
    assert api.get("registered-models/get", name=model)["registered_model"]["name"] == model
    assert api.get("model-versions/search", filter=f"name = '{model}'")["model_versions"]
    assert api.ok("POST", "runs/search", {"experiment_ids": ["0"]}) is not None
    assert api.call("GET", "/health").status == 200
    for caller in (api, oracle):
        # Small writes may find room in what the files have already; this one does not, and cannot be compressed.
        body = {"name": model, "source": "s3://b/k", "description": random.randbytes(45_000).hex()}
        answer = caller.call("POST", "model-versions/create", body)
        assert answer.error == (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable")
        assert "full" in answer.body["message"]
        assert "Nothing was done" in answer.body["message"]
        assert answer.headers["retry-after"]


def test_a_postgresql_whose_log_of_writes_finds_no_room_is_away_until_it_is_back(tmp_path: Path) -> None:
    """Such a PostgreSQL ends itself, and whatever watches over it starts it once there is room."""
    effort = Effort("fault")
    with (
        _small_postgres(log_apart=False) as (postgres, disk),
        RunningServer(tmp_path / "data", "--database", postgres.url, "--no-access-log") as server,
    ):
        for one in effort.rounds(_QUICK):
            with one:
                ledger = Ledger(server.url, _CLIENTS, f"log-{one.seed}")
                with Clients([server.url], _CLIENTS, one.seed, ledger.write, ledger.history) as clients:
                    clients.wait_for(60)
                    disk.fill()
                    wait_until(lambda: _ended_by_its_log(postgres))
                    clients.wait_for(20, Verdict.NOT_DONE)
                    _hold_while_away(server, f"log-{one.seed}-model-0")
                    disk.empty()
                    postgres.start()
                    clients.wait_for(40, Verdict.DONE)
                for end, count in ledger.check(server.url).items():
                    effort.seen[f"writes {end}"] += count
        assert b"Traceback" not in server.problems, server.problems.decode()


def _ended_by_its_log(postgres: OwnPostgres) -> bool:
    """Have it begin new files of its log until it finds no room for one; whether it has ended itself."""
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(postgres.url, autocommit=True) as connection:
        for number in itertools.count():
            connection.execute("SELECT pg_switch_wal(), pg_logical_emit_message(true, 'proof', %s)", [str(number)])
    return not postgres.runs


def _hold_while_away(server: RunningServer, model: str) -> None:
    """What the server says while its database is not there."""
    api = Api(server.url, "/api/2.0/mlflow")
    assert api.call("GET", "/health").status == 200
    assert api.call("GET", "/ready").status == 503
    for answer in (
        api.call("GET", "registered-models/get", query={"name": model}),
        api.call("POST", "model-versions/create", {"name": model, "source": "s3://b/k"}),
    ):
        assert answer.error == (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable")
        assert "Nothing was done" in answer.body["message"]
        assert answer.headers["retry-after"]


def test_a_server_that_starts_on_a_full_disk_answers_reads(disk: SmallDisk, tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data", "--data", str(disk.path / "data")) as server:
        Api(server.url, "/api/2.0/mlflow").post("registered-models/create", name="m")
        Api(server.url, "/api/2.0/mlflow").post("model-versions/create", name="m", source="s3://b/k")
        server.kill()
        disk.fill()
        server.start()
        _hold_while_full(server, "m")
        disk.empty()
        assert Api(server.url, "/api/2.0/mlflow").post("model-versions/create", name="m", source="s3://b/k")


@pytest.mark.parametrize("room", [0, 500_000], ids=["no room", "room for a part of it"])
def test_a_full_disk_of_artifacts_keeps_none_by_half(disk: SmallDisk, tmp_path: Path, room: int) -> None:
    content = bytes(range(256)) * 4_000
    with RunningServer(tmp_path / "data", "--artifacts", str(disk.path)) as server:
        api = Api(server.url, "/api/2.0/mlflow-artifacts")
        if room:
            api.ok("PUT", "artifacts/before", content=content)
        disk.fill(leaving=room)
        for path, copies in (("1/small", 1), ("new/folder/large", 10)):
            answer = api.call("PUT", f"artifacts/{path}", content=content * copies)
            assert answer.error == (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable"), answer
            assert "no room" in answer.body["message"]
            assert api.call("GET", f"artifacts/{path}").status == 404
        assert not list((disk.path / ".incoming").glob("new-*"))
        if room:
            assert api.call("GET", "artifacts/before").content == content
        Api(server.url, "/api/2.0/mlflow").post("registered-models/create", name="m")
        disk.empty()
        api.ok("PUT", "artifacts/1/small", content=content)
        assert api.call("GET", "artifacts/1/small").content == content


def test_a_disk_that_takes_no_more_files_refuses_artifacts(disk: SmallDisk, tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data", "--artifacts", str(disk.path)) as server:
        api = Api(server.url, "/api/2.0/mlflow-artifacts")
        disk.fill_with_names()
        answer = api.call("PUT", "artifacts/new/folder/f", content=b"x")
        assert answer.error == (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable")
        disk.empty()
        api.ok("PUT", "artifacts/new/folder/f", content=b"x")


def test_an_artifact_that_was_kept_is_not_said_to_be_not_where_its_record_finds_no_room(tmp_path: Path) -> None:
    files = FailingFiles(tmp_path, "modelkeep.db")
    with RunningServer(tmp_path / "data", environment=files.environment) as server:
        api = Api(server.url, "/api/2.0/mlflow-artifacts")
        files.fail_writes(_FULL, errno.ENOSPC)
        answer = api.call("PUT", "artifacts/f", content=b"x")
        assert answer.error == (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable"), answer
        assert "not known" in answer.body["message"]
        assert api.call("GET", "artifacts/f").content == b"x"
        files.heal()
        api.ok("PUT", "artifacts/f", content=b"y")
        assert api.call("GET", "artifacts/f").content == b"y"
