"""A full disk: reads are answered, writes are refused in clear words, and all goes on by itself once there is room."""

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.proofs.clients import Clients
from tests.proofs.effort import Effort
from tests.proofs.faults.shim import FailingFiles
from tests.proofs.faults.small_disk import SmallDisk, small_disk
from tests.proofs.history import Verdict
from tests.proofs.ledger import Ledger
from tests.support.api import Api
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


@pytest.fixture(params=["mounted", "shim"])
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Full]:
    """The same by a file system that is full, and by writes that fail as on one."""
    if request.param == "shim":
        files = FailingFiles(tmp_path, "modelkeep.db")
        with RunningServer(tmp_path / "data", environment=files.environment) as server:
            yield Full(server, lambda: files.fail_writes(_FULL, errno.ENOSPC), files.heal)
        return
    disk: SmallDisk = request.getfixturevalue("disk")
    with RunningServer(tmp_path / "data", "--data", str(disk.path / "data")) as server:
        yield Full(server, disk.fill, disk.empty)


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
        # Small writes may find room in what the log has already; this one does not.
        body = {"name": model, "source": "s3://b/k", "description": "x" * 90_000}
        answer = caller.call("POST", "model-versions/create", body)
        assert answer.error == (503, "TEMPORARILY_UNAVAILABLE", "ServiceUnavailable")
        assert "full" in answer.body["message"]
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
