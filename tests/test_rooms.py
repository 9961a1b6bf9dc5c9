"""The rooms of the house: imports point downward only, and drivers stay in `storage/`."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import modelkeep

SOURCE = Path(modelkeep.__file__).parent
ROOMS = (
    "cli",
    "ui",
    "server",
    "exporting",
    "importing",
    "registry",
    "tracking",
    "artifacts",
    "identity",
    "search",
    "storage",
    "core",
)
"""From the street to the ground."""
DRIVERS = {"sqlite3", "psycopg", "psycopg_pool", "aiosqlite"}
WEB = {"granian", "starlette", "uvloop"}
COMPOSERS = {
    "server/application.py",
    "server/database.py",
    "server/doctor/database.py",
    "server/serve.py",
    "cli/caller.py",
    "cli/backup.py",
}
"""The files that put a server together, and so may name an engine."""


class Import(NamedTuple):
    """One import, wherever in the file it stands."""

    file: str
    line: int
    module: str

    @property
    def room(self) -> str:
        return self.file.partition("/")[0]


def _imports() -> Iterator[Import]:
    for path in sorted(SOURCE.rglob("*.py")):
        file = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                for name in node.names:
                    yield Import(file, node.lineno, name.name)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}:{node.lineno} imports by dots"
                module = node.module or ""
                # `from modelkeep.registry import aliases` imports a module of that room.
                yield from (Import(file, node.lineno, f"{module}.{name.name}") for name in node.names)


IMPORTS = list(_imports())


def test_every_file_stands_in_a_room() -> None:
    outside = {path.name for path in SOURCE.glob("*.py")}
    inside = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert outside == {"__init__.py", "__main__.py"}
    assert inside <= set(ROOMS)
    assert {"cli", "server", "registry", "tracking", "search", "storage", "core"} <= inside


def test_imports_point_downward_only() -> None:
    upward = []
    for found in IMPORTS:
        package, _, rest = found.module.partition(".")
        room = rest.partition(".")[0]
        inside = package == "modelkeep" and room in ROOMS and found.room in ROOMS
        if inside and ROOMS.index(room) < ROOMS.index(found.room):
            upward.append(found)
    assert upward == []


def _importers(modules: set[str]) -> list[Import]:
    return [found for found in IMPORTS if found.module.partition(".")[0] in modules]


def test_only_storage_imports_a_driver() -> None:
    importers = _importers(DRIVERS)
    assert importers
    assert [found for found in importers if found.room != "storage"] == []


@pytest.mark.parametrize("room", ["core", "cli"])
def test_sql_is_neither_in_the_ground_nor_in_the_street(room: str) -> None:
    assert [found for found in _importers({"sqlalchemy", "alembic"}) if found.room == room] == []


def test_only_the_server_knows_the_web() -> None:
    importers = _importers(WEB)
    assert importers
    assert [found for found in importers if found.room not in ("server", "ui")] == []


def test_only_what_composes_a_server_names_an_engine() -> None:
    importers = {found.file for found in IMPORTS if found.module.startswith("modelkeep.storage.sqlite")}
    assert {file for file in importers if not file.startswith("storage/")} <= COMPOSERS


def test_the_rooms_below_know_nothing_of_http() -> None:
    below = ROOMS[ROOMS.index("registry") :]
    knowing = _importers({"http", "httpx", "starlette", "granian", "urllib.request"})
    assert [found for found in knowing if found.room in below] == []
