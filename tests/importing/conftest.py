"""Sources made by MLflow's own stores, and a place to import into on either engine."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.importing.filled import fill
from tests.importing.kept import Kept
from tests.support.command import Outcome, run
from tests.support.postgres import new_database


class Place:
    """A data directory, and for PostgreSQL a database of its own, that no server holds."""

    def __init__(self, data: Path, variables: dict[str, str]) -> None:
        self.data = data
        self.variables = variables

    def bring(self, source: str | Path, *flags: str, **variables: str) -> Outcome:
        """`modelkeep import mlflow`."""
        return run("import", "mlflow", source, "--data", self.data, *flags, **self.variables, **variables)

    def bring_archive(self, archive: Path, *flags: str) -> Outcome:
        """`modelkeep import archive`."""
        return run("import", "archive", archive, "--data", self.data, *flags, **self.variables)

    def export(self, archive: Path, *flags: str) -> Outcome:
        """`modelkeep export`."""
        return run("export", archive, "--data", self.data, *flags, **self.variables)

    @property
    def flags(self) -> list[str]:
        """What `modelkeep serve` needs to serve it."""
        url = self.variables.get("MODELKEEP_DATABASE")
        return ["--database", url] if url else []


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty place to import into, once on either engine."""
    with ExitStack() as stack:
        postgres = request.param == "postgresql"
        variables = {"MODELKEEP_DATABASE": stack.enter_context(new_database())} if postgres else {}
        yield Place(tmp_path / "target", variables)


@pytest.fixture
def postgres_place(tmp_path: Path) -> Iterator[Place]:
    """The same on PostgreSQL alone."""
    with new_database() as url:
        yield Place(tmp_path / "target", {"MODELKEEP_DATABASE": url})


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    """The same on SQLite alone, for what no engine differs in."""
    return Place(tmp_path / "target", {})


class Filled:
    """A source and the ids of what is in it."""

    def __init__(self, place: str, ids: dict[str, Any]) -> None:
        self.place = place
        self.ids = ids


def _quiet() -> None:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """An MLflow database in a SQLite file, with artifacts beside it."""
    _quiet()
    folder = tmp_path_factory.mktemp("mlflow")
    before = Path.cwd()
    os.chdir(folder)
    try:
        return Filled(str(folder / "mlflow.db"), fill(f"sqlite:///{folder / 'mlflow.db'}"))
    finally:
        os.chdir(before)


@pytest.fixture(scope="session")
def filled_postgres() -> Iterator[Filled]:
    """An MLflow database in PostgreSQL."""
    _quiet()
    with new_database() as url:
        spelled = url.replace("postgresql://", "postgresql+psycopg://", 1)
        yield Filled(spelled, fill(spelled, artifacts=False))


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """An `mlruns` folder."""
    _quiet()
    folder = tmp_path_factory.mktemp("files") / "mlruns"
    return Filled(str(folder), fill(f"file://{folder}"))


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A server on SQLite with one of everything, and its archive."""
    _quiet()
    return Kept(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="session")
def kept_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """The same on PostgreSQL."""
    _quiet()
    with new_database() as url:
        yield Kept(tmp_path_factory.mktemp("kept"), "--database", url)
