"""The history of the schema: empty to head and back, and what it builds is what `schema.py` says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from modelkeep.storage import migrate
from modelkeep.storage.errors import DatabaseUnusable
from modelkeep.storage.schema import metadata
from tests.support.postgres import new_database

_SCRIPTS = Path(migrate.__file__).parent / "migrations"


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(_SCRIPTS))
    return configuration


def _go_through_history(url: str) -> None:
    engine = migrate.open_engine(url)
    configuration = _configuration()
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
    engine.dispose()


def _tables(connection: sa.Connection) -> dict[str, str]:
    rows = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
    return {name: " ".join((text or "").split()) for name, text in rows if name != "alembic_version"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'modelkeep.db'}"


@pytest.fixture
def connection(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_the_head_that_the_server_knows_is_the_newest_script() -> None:
    scripts = ScriptDirectory.from_config(_configuration())
    assert scripts.get_heads() == [migrate.HEAD]


def test_an_empty_database_is_brought_to_head_and_once_only(url: str, connection: sa.Connection) -> None:
    migrate.upgrade(url)
    assert MigrationContext.configure(connection).get_current_revision() == migrate.HEAD
    before = _tables(connection)
    migrate.upgrade(url)
    assert _tables(connection) == before


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_history_builds_what_the_schema_says(url: str, connection: sa.Connection) -> None:
    _go_through_history(url)
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    assert compare_metadata(context, metadata) == []


def test_both_ways_to_the_schema_give_the_same_tables_and_indexes(url: str, connection: sa.Connection) -> None:
    _go_through_history(url)
    direct = sa.create_engine("sqlite://")
    with direct.connect() as other:
        metadata.create_all(other)
        migrated, created = _tables(connection), _tables(other)
        assert set(migrated) == set(created)
        indexes = created.keys() - metadata.tables.keys()
        assert {name: migrated[name] for name in indexes} == {name: created[name] for name in indexes}
        for name in metadata.tables:
            for pragma in ("table_xinfo", "index_list", "foreign_key_list"):
                question = sa.text(f"SELECT * FROM pragma_{pragma}(:name)")
                columns = slice(1, None)
                ours, theirs = (
                    sorted(repr(row[columns]) for row in at.execute(question, {"name": name}))
                    for at in (connection, other)
                )
                assert ours == theirs, (name, pragma)
    direct.dispose()


def test_both_ways_to_the_schema_give_the_same_on_postgresql() -> None:
    found = []
    for build in (migrate.upgrade, _go_through_history_and_collate):
        with new_database() as url:
            build(url)
            found.append(_catalogue(url))
    created, migrated = found
    assert created == migrated
    assert len(created) > len(metadata.tables) * 3


def _go_through_history_and_collate(url: str) -> None:
    _go_through_history(url)
    engine = migrate.open_engine(url)
    with engine.begin() as connection:
        migrate.keep_text_by_bytes(connection)
    engine.dispose()


def _catalogue(url: str) -> list[str]:
    """Columns, indexes and constraints, each as a line of text."""
    questions = (
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default,"
        " collation_name, is_identity FROM information_schema.columns WHERE table_schema = current_schema()",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = current_schema()::regnamespace",
    )
    engine = migrate.open_engine(url)
    with engine.connect() as connection:
        lines = [repr(tuple(row)) for question in questions for row in connection.execute(sa.text(question))]
    engine.dispose()
    return sorted(lines)


def test_the_history_goes_back_to_nothing_and_forth_again(url: str, connection: sa.Connection) -> None:
    _go_through_history(url)
    whole = _tables(connection)
    connection.rollback()
    configuration = _configuration()
    configuration.attributes["connection"] = connection
    command.downgrade(configuration, "base")
    connection.commit()
    assert _tables(connection) == {}
    connection.rollback()
    _go_through_history(url)
    assert _tables(connection) == whole


def test_a_database_of_a_later_release_is_refused_in_one_line_and_left_alone(tmp_path: Path, url: str) -> None:
    migrate.upgrade(url)
    with sqlite3.connect(tmp_path / "modelkeep.db") as later:
        later.execute("UPDATE alembic_version SET version_num = '9999'")
        later.execute("UPDATE schema_needs SET revision = '9999'")
    later.close()
    before = (tmp_path / "modelkeep.db").read_bytes()
    with pytest.raises(DatabaseUnusable) as caught:
        migrate.upgrade(url)
    assert "9999" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "modelkeep.db").read_bytes() == before


def test_what_is_no_database_is_refused_in_one_line_and_left_alone(tmp_path: Path, url: str) -> None:
    (tmp_path / "modelkeep.db").write_bytes(b"no database " * 1_000)
    with pytest.raises(DatabaseUnusable) as caught:
        migrate.upgrade(url)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "modelkeep.db").read_bytes() == b"no database " * 1_000


def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "modelkeep.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE VIEW registered_model_aliases AS SELECT 'in the way'")
    with pytest.raises(DatabaseUnusable, match="already exists"):
        migrate.upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master")]
    assert names == ["registered_model_aliases"]


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "modelkeep.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(DatabaseUnusable, match="another program"):
        migrate.upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master")]
    assert names == ["songs"]


def test_a_later_schema_that_this_release_may_run_on_is_left_as_it_is(tmp_path: Path, url: str) -> None:
    migrate.upgrade(url)
    with sqlite3.connect(tmp_path / "modelkeep.db") as later:
        later.execute("UPDATE alembic_version SET version_num = '9999'")
    later.close()
    migrate.upgrade(url)
    migrate.require(url)
    assert migrate.check(url).revision == "9999"


def test_where_a_start_may_not_migrate_it_says_what_is_missing(url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="modelkeep db upgrade"):
        migrate.require(url)
    migrate.upgrade(url)
    migrate.require(url)
