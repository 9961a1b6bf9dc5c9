"""What a client sees when the server itself is in trouble: an honest error, and nothing of the inside."""

import asyncio
import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from modelkeep.artifacts.stores import Stores
from modelkeep.core.errors import ErrorKind, not_authenticated
from modelkeep.core.exchange import HeaderList, NotSent, Reply
from modelkeep.core.scope import Dialect, Principal, Scope
from modelkeep.core.settings import Settings
from modelkeep.identity.changes import IdentityWatch
from modelkeep.server.access_log import AccessLog
from modelkeep.server.application import Application
from modelkeep.server.authentication import Call, Proof
from modelkeep.server.catalogue import all_operations, etag_readers
from modelkeep.server.dispatch import Dispatcher
from modelkeep.server.errors import as_api_error, error_answer
from modelkeep.server.execution import Executor
from modelkeep.server.figures import Figures
from modelkeep.server.http import Answer, HttpRequest
from modelkeep.server.observation import Observation
from modelkeep.server.refusals import Refusals
from modelkeep.server.retry import Replays
from modelkeep.server.tenants import Tenants
from modelkeep.storage.errors import DatabaseUnusable, Overloaded, Unavailable
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.sqlite.engine import SqliteEngine
from modelkeep.storage.transaction import Transaction
from tests.support.api import Api
from tests.support.server import RunningServer


def test_an_unexpected_error_is_500_without_a_trace_and_the_log_has_it(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        with sqlite3.connect(data_directory / "modelkeep.db") as database:
            database.execute("ALTER TABLE registered_model_aliases RENAME TO elsewhere")
        database.close()
        answer = Api(server.url).call("GET", "/api/2.0/mlflow/registered-models/alias?name=m&alias=a")
        assert answer.error == (500, "INTERNAL_ERROR", "InternalServerError")
        assert "no such table" not in answer.content.decode()
        assert answer.headers["opc-request-id"]
        assert Api(server.url).call("GET", "/health").status == 200


def test_a_server_whose_database_does_not_answer_is_up_and_not_ready(data_directory: Path) -> None:
    with RunningServer(data_directory) as server:
        assert Api(server.url).call("GET", "/ready").status == 200
        with sqlite3.connect(data_directory / "modelkeep.db") as database:
            database.execute("ALTER TABLE platforms RENAME TO elsewhere")
        database.close()
        assert Api(server.url).call("GET", "/ready").status == 503
        assert Api(server.url).call("GET", "/health").status == 200


async def _nowhere(url: str, headers: HeaderList, body: bytes) -> Reply:
    raise NotSent(url)


class _Nobody:
    async def identify(self, call: Call) -> Proof:
        raise not_authenticated()


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/api/2.0/mlflow/registered-models/get", Dialect.MLFLOW),
        ("/20260430/aiDataPlatforms/default/mlops/api/2.0/mlflow/registered-models/get", Dialect.ORACLE),
    ],
)
def test_a_caller_who_is_not_known_is_401(tmp_path: Path, path: str, dialect: Dialect) -> None:
    async def ask() -> tuple[int, dict[str, str]]:
        upgrade(f"sqlite:///{tmp_path / 'modelkeep.db'}")
        engine = SqliteEngine(tmp_path, readers=1, write_group=8, max_waiting_writes=8)
        await engine.start()
        watch = IdentityWatch(engine)
        dispatcher = Dispatcher(
            all_operations(),
            Executor(
                engine,
                Replays(24, etag_readers()),
                0,
                Stores(Settings(data=tmp_path), b"key"),
                watch,
                lambda: None,
            ),
            Tenants(engine, watch),
            _Nobody(),
            Observation(AccessLog(enabled=False), Figures(), None),
            limits=Settings().limits,
            page_key=b"key",
            max_body_bytes=1000,
            max_artifact_bytes=0,
            post=_nowhere,
            public_url="",
            refusals=Refusals(engine, 10),
        )

        async def no_body(limit: int) -> bytes:
            return b""

        answer, _ = await dispatcher.answer(HttpRequest("GET", path, "name=m", {}, "", no_body))
        await engine.close()
        assert isinstance(answer, Answer)
        return answer.status, json.loads(answer.body)

    status, body = asyncio.run(ask())
    assert status == 401
    assert (body["error_code"], body["code"]) == ("UNAUTHENTICATED", "NotAuthenticated")


def test_a_write_beyond_those_that_may_wait_is_refused_and_the_others_are_done(tmp_path: Path) -> None:
    async def flood() -> tuple[list[Any], list[str]]:
        engine = SqliteEngine(tmp_path, readers=1, write_group=8, max_waiting_writes=2)
        await engine.start()
        other = sqlite3.connect(tmp_path / "modelkeep.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        done: list[str] = []

        def write(name: str) -> asyncio.Task[str]:
            def work(tx: Transaction) -> str:
                done.append(name)
                return name

            def otherwise(tx: Transaction, error: Exception) -> str:
                raise error

            return asyncio.create_task(engine.write(work, otherwise))

        writes = [write("held up by another process")]
        await asyncio.sleep(0.1)
        writes += [write(f"waiting {number}") for number in range(3)]
        await asyncio.sleep(0.1)
        other.execute("COMMIT")
        other.close()
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        await engine.close()
        return outcomes, done

    outcomes, done = asyncio.run(flood())
    assert outcomes[:3] == ["held up by another process", "waiting 0", "waiting 1"]
    assert isinstance(outcomes[3], Overloaded)
    assert done == outcomes[:3]


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (Overloaded(), 429, ErrorKind.TOO_MANY_REQUESTS),
        (Unavailable("the disk is full"), 503, ErrorKind.UNAVAILABLE),
    ],
)
def test_a_database_in_trouble_says_when_to_come_back(error: Exception, status: int, kind: ErrorKind) -> None:
    answer = error_answer(as_api_error(error, "an-id"), Dialect.ORACLE)
    assert answer.status == status
    assert json.loads(answer.body)["code"] == kind.value.oracle_code
    assert ("retry-after", "1") in answer.headers


def test_a_failing_start_leaves_nothing_that_keeps_the_process(tmp_path: Path) -> None:
    (tmp_path / "modelkeep.db").write_bytes(b"this is no database" * 100)

    async def start() -> None:
        await Application(Settings(data=tmp_path, access_log=False)).start()

    with pytest.raises(DatabaseUnusable, match="file is not a database"):
        asyncio.run(start())
    assert not any(thread.name.startswith("modelkeep") for thread in threading.enumerate())


def test_a_change_of_identities_that_is_kept_is_answered_whatever_fails_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def create_user() -> tuple[Answer, int]:
        upgrade(f"sqlite:///{tmp_path / 'modelkeep.db'}")
        engine = SqliteEngine(tmp_path, readers=1, write_group=8, max_waiting_writes=8)
        await engine.start()
        watch = IdentityWatch(engine)
        await watch.look()
        before = watch.generation
        stores = Stores(Settings(data=tmp_path), b"key")
        executor = Executor(engine, Replays(24, etag_readers()), 0, stores, watch, lambda: None)
        (operation,) = (found for found in all_operations() if found.name == "create_user")
        scope = Scope(Principal("root", administrator=True), Dialect.ORACLE, 0, "test", Settings().limits, b"")
        request = msgspec.convert({"name": "anna"}, operation.request)

        async def fail(*ignored: object) -> None:
            raise Unavailable("the disk failed")

        monkeypatch.setattr(engine, "look_up", fail)
        answer = await executor.write(operation, scope, request, None, None)
        await engine.close()
        stores.close()
        return answer, watch.generation - before

    answer, changed = asyncio.run(create_user())
    assert answer.status in (200, 201)
    assert changed, "what is remembered of identities no longer holds"
