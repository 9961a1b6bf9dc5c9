"""What cannot be imported: one line, exit code 1, and nothing changed."""

import hashlib
import shutil
import sqlite3
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.importing.conftest import Filled, Place
from tests.support.api import Api
from tests.support.command import Outcome
from tests.support.postgres import new_database
from tests.support.server import RunningServer

pytestmark = pytest.mark.filterwarnings("ignore")


def _refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 1, outcome
    assert outcome.output == ""
    assert outcome.errors.startswith("modelkeep: ")
    assert outcome.errors.count("\n") == 1
    for word in words:
        assert word in outcome.errors


def _copy(filled: Filled, folder: Path) -> Path:
    return Path(shutil.copy(filled.place, folder / "copy.db"))


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("absent.db", "There is no file"),
        ("sqlite:///absent.db", "There is no file"),
        ("mysql://host/mlflow", "is no source"),
        ("ftp://host/mlflow", "is no source"),
        ("http://127.0.0.1:9", "does not answer"),
        ("http://no-such-host.invalid", "does not answer"),
        ("postgresql://u:secret@127.0.0.1:9/mlflow", "cannot be read"),
    ],
)
def test_a_place_that_is_none(sqlite_place: Place, source: str, word: str) -> None:
    refused = sqlite_place.bring(source)
    _refused(refused, word)
    assert "secret" not in refused.errors
    assert not sqlite_place.data.exists()


def test_a_file_that_is_no_database(sqlite_place: Place, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database" * 1000)
    _refused(sqlite_place.bring(tmp_path / "text.db"), "not a database")


def test_a_database_of_another_program(sqlite_place: Place, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE experiments (id)")
    _refused(sqlite_place.bring(tmp_path / "other.db"), "it has no table 'runs'")
    with new_database() as url:
        _refused(sqlite_place.bring(url), "it has no table 'experiments'")


def test_a_folder_without_experiments(sqlite_place: Place, tmp_path: Path) -> None:
    _refused(sqlite_place.bring(tmp_path), "no mlruns folder")


def test_a_schema_that_is_not_known(sqlite_place: Place, filled_database: Filled, tmp_path: Path) -> None:
    path = _copy(filled_database, tmp_path)
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("UPDATE alembic_version SET version_num = 'cafe'")
        copy.commit()
    _refused(sqlite_place.bring(path), "schema revision is cafe", "mlflow db upgrade")


@pytest.mark.parametrize(
    ("left", "word"),
    [
        ("CREATE TABLE _alembic_tmp_runs AS SELECT * FROM runs", "'_alembic_tmp_runs'"),
        ("ALTER TABLE runs RENAME TO _alembic_tmp_runs", "no table 'runs'"),
        ("DELETE FROM alembic_version", "schema revision is none"),
        ("INSERT INTO alembic_version VALUES ('cafe')", "cafe"),
    ],
)
def test_a_database_that_is_half_migrated(
    sqlite_place: Place, filled_database: Filled, tmp_path: Path, left: str, word: str
) -> None:
    path = _copy(filled_database, tmp_path)
    with closing(sqlite3.connect(path)) as copy:
        copy.execute(left)
        copy.commit()
    before = path.read_bytes()
    _refused(sqlite_place.bring(path), word)
    assert path.read_bytes() == before


def test_a_workspace_that_does_not_exist(sqlite_place: Place, filled_database: Filled) -> None:
    _refused(sqlite_place.bring(filled_database.place, "--into", "acme/fraud"), "'acme'")
    _refused(sqlite_place.bring(filled_database.place, "--into", "a/b/c"), "is no name")


def test_a_data_directory_that_is_served(filled_database: Filled, sqlite_place: Place) -> None:
    with RunningServer(sqlite_place.data):
        _refused(sqlite_place.bring(filled_database.place), "is already served by process")


@pytest.mark.parametrize("what", ["experiment", "registered model", "run in Default"])
def test_what_is_there_already_and_is_another(place: Place, filled_database: Filled, what: str) -> None:
    with RunningServer(place.data, *place.flags) as server:
        api = Api(server.url, "/api/2.0/mlflow")
        if what == "experiment":
            api.post("experiments/create", name="payments2")
        elif what == "registered model":
            api.post("registered-models/create", name="churn")
        else:
            api.post("runs/create", experiment_id="0")
    _refused(place.bring(filled_database.place), "it is not the same")
    with RunningServer(place.data, *place.flags) as server:
        found = Api(server.url, "/api/2.0/mlflow").post("experiments/search", max_results=10, view_type="ALL")
        assert len(found["experiments"]) == (2 if what == "experiment" else 1)


def test_the_source_is_not_changed(sqlite_place: Place, filled_database: Filled, tmp_path: Path) -> None:
    path = _copy(filled_database, tmp_path)
    before = hashlib.sha256(path.read_bytes()).digest(), sorted(tmp_path.iterdir())
    path.chmod(0o444)
    assert sqlite_place.bring(path).code == 0
    after = hashlib.sha256(path.read_bytes()).digest(), sorted(p for p in tmp_path.iterdir() if p.name != "target")
    assert after == before


def test_a_comparison_that_differs_is_told(sqlite_place: Place, filled_database: Filled) -> None:
    assert sqlite_place.bring(filled_database.place).code == 0
    with closing(sqlite3.connect(sqlite_place.data / "modelkeep.db")) as target:
        target.execute("UPDATE metrics SET value = value + 1 WHERE step = 7")
        target.commit()
    told = sqlite_place.bring(filled_database.place)
    assert told.code == 1
    assert "of the objects differ" in told.errors
    assert "Differs: metrics of run" in told.output


class _Guarded(BaseHTTPRequestHandler):
    """A server that lets in one user alone, and has nothing."""

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        self.rfile.read(length)
        known = self.headers.get("authorization") == f"Basic {b64encode(b'ann:right').decode()}"
        body = b"{}" if known else b"Who are you?"
        self.send_response(200 if known else 401)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - the name is the library's

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is the library's
        return


@pytest.fixture
def guarded() -> Iterator[str]:
    """The address of a server that wants a password, without its scheme."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Guarded)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_wrong_password_and_a_right_one(sqlite_place: Place, guarded: str) -> None:
    refused = sqlite_place.bring(f"http://ann:wrong@{guarded}")
    _refused(refused, "401", "MLFLOW_TRACKING_PASSWORD")
    assert "wrong" not in refused.errors
    assert sqlite_place.bring(f"http://ann:right@{guarded}").code == 0
    variables = {"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "right"}
    assert sqlite_place.bring(f"http://{guarded}", **variables).code == 0
