"""Flushes and writes of SQLite's files that fail, and power cuts: errors are honest, and what was answered is there."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.proofs.clients import Clients
from tests.proofs.effort import LONG, Effort, Round
from tests.proofs.faults.shim import FailingFiles, lose_what_was_not_flushed, take_all_for_flushed
from tests.proofs.ledger import Ledger
from tests.support.api import Api
from tests.support.server import RunningServer

_CLIENTS, _QUICK = 8, 1


@pytest.mark.parametrize("fault", ["flush", "write", "short write", "power cut"])
def test_what_was_answered_is_there_and_errors_are_honest(tmp_path: Path, fault: str) -> None:
    effort = Effort("fault")
    files = FailingFiles(tmp_path, "modelkeep.db")
    data = tmp_path / "data"
    if fault == "power cut":
        files.keep_durable()
    with RunningServer(data, environment=files.environment) as server:
        for one in effort.rounds(_QUICK):
            with one:
                _round(server, files, one, fault, effort)
    effort.seen[f"faults: {fault}"] = files.injected
    if fault != "power cut":
        assert files.injected


def _round(server: RunningServer, files: FailingFiles, one: Round, fault: str, effort: Effort) -> None:
    """Faults under load, then the end of the process, and at worst of the machine; then the check."""
    ledger = Ledger(server.url, _CLIENTS, f"round-{one.seed}")
    with Clients([server.url], _CLIENTS, one.seed, ledger.write, ledger.history) as clients:
        for _ in range(4 if LONG else 2):
            clients.wait_for(one.random.randint(20, 120))
            _inject(files, one, fault)
        clients.wait_for(20)
        server.kill()
    files.heal()
    if fault == "power cut":
        lose_what_was_not_flushed(server.data)
    _check_file(server.data)
    if fault == "power cut":
        take_all_for_flushed(server.data)
    server.start()
    ends = ledger.check(server.url)
    for end, count in ends.items():
        effort.seen[f"writes {end}"] += count
    assert ends["done"]


def _inject(files: FailingFiles, one: Round, fault: str) -> None:
    count = one.random.randint(1, 6)
    if fault == "flush":
        files.fail_flushes(count)
    elif fault == "write":
        files.fail_writes(count)
    elif fault == "short write":
        files.shorten_writes(count)


def _check_file(data: Path) -> None:
    with closing(sqlite3.connect(data / "modelkeep.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_answer_after_a_failed_flush_does_not_say_that_nothing_was_done(tmp_path: Path) -> None:
    """The log may have the whole of it, and a crash then brings it back."""
    files = FailingFiles(tmp_path, "modelkeep.db")
    with RunningServer(tmp_path / "data", environment=files.environment) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        files.fail_flushes(2)
        answer = api.call("POST", "registered-models/create", {"name": "m"}, headers={"opc-retry-token": "t"})
        assert answer.status == 503
        assert "not known" in answer.body["message"]
        server.kill()
        server.start()
        api = Api(server.url, "/api/2.0/mlflow")
        again = api.ok("POST", "registered-models/create", {"name": "m"}, headers={"opc-retry-token": "t"})
        assert again["registered_model"]["name"] == "m"
