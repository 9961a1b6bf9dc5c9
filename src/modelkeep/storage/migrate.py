"""Brings a database to the schema that this release speaks, by the one history that both engines share."""

from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from modelkeep.storage.errors import DatabaseUnusable
from modelkeep.storage.schema import metadata

HEAD = "0011"
"""The newest revision in `migrations/versions`. Known here so that a start need not load Alembic to see it."""
NEEDS = "0005"
"""The newest revision that a server must know to run on HEAD's schema. It stays behind HEAD as long as what is new
there is no more than tables, columns and indexes that an older server may leave alone."""

_LOCK = 0x6D6F64656C6B
# Text is compared byte by byte, as SQLite does it: the order of pages and the ranges of names depend on it, and a
# database's own collation may be any and may change with its system.
_COLLATE = sa.text(
    """
    DO $$
    DECLARE found record;
    BEGIN
        FOR found IN
            SELECT table_name, column_name, data_type, character_maximum_length AS most
            FROM information_schema.columns
            WHERE table_schema = current_schema() AND data_type IN ('text', 'character varying')
                AND collation_name IS DISTINCT FROM 'C'
        LOOP
            EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE %s COLLATE "C"', found.table_name, found.column_name,
                CASE WHEN found.most IS NULL THEN 'text' ELSE 'varchar(' || found.most || ')' END);
        END LOOP;
    END $$
    """
)
# Alembic's own table.
_revision = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
_SCRIPTS = Path(__file__).parent / "migrations"


class State(NamedTuple):
    """Where a database stands."""

    revision: str | None
    """None where there is no schema yet."""
    needs: str | None
    """The newest revision that a server must know to run on it."""
    engine: str
    """The database's product and version."""

    @property
    def later(self) -> bool:
        """It is of a later release than this one."""
        return self.revision is not None and self.revision > HEAD

    @property
    def current(self) -> bool:
        """This release can run on it as it is."""
        return self.revision == HEAD or (self.later and self.needs is not None and self.needs <= HEAD)


def check(url: str) -> State:
    """Look at a database and change nothing.

    Raises `DatabaseUnusable` for what is no database or another program's.
    """
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            return _state(connection)
    except sa.exc.DBAPIError as error:
        raise _unusable(error) from None
    finally:
        engine.dispose()


def require(url: str) -> None:
    """Raise `DatabaseUnusable` where this release cannot run on the database as it is."""
    state = check(url)
    if state.later and not state.current:
        raise _unknown(state)
    if not state.current:
        has = f"schema revision {state.revision}" if state.revision else "no schema yet"
        raise DatabaseUnusable(f"The database has {has}, this release needs {HEAD}: run 'modelkeep db upgrade'.")


def upgrade(url: str) -> None:
    """Apply what is missing, all of it or nothing. Cheap where nothing is.

    Raises `DatabaseUnusable` for what is no database, is another program's, or is of a later release.
    """
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            state = _state(connection)
        if not state.current:
            _apply(engine)
    except sa.exc.DBAPIError as error:
        raise _unusable(error) from None
    finally:
        engine.dispose()


def open_engine(url: str) -> sa.Engine:
    """SQLAlchemy's engine of a database, for schemas and for questions that no server asks."""
    if not url.startswith(("postgresql:", "postgres:")):
        engine = sa.create_engine(url)
        _begin_at_begin(engine)
        return engine
    try:
        import psycopg

        from modelkeep.storage.postgres.url import connection_options
    except ImportError:
        raise DatabaseUnusable(
            "PostgreSQL needs a driver that is not installed: pip install 'modelkeep[postgres]'."
        ) from None
    options = connection_options(url)
    # A pooler on the way may lose what was prepared.
    return sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(**options, prepare_threshold=None))


def _unusable(error: sa.exc.DBAPIError) -> DatabaseUnusable:
    return DatabaseUnusable(f"The database cannot be used: {' '.join(str(error.orig).split()).rstrip('.?')}.")


def _unknown(state: State) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"The database has schema revision {state.revision}, which this release does not know; it knows {HEAD} and "
        "those before. Start the release that wrote it, or a later one."
    )


def _apply(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Servers that start together: one applies what is missing, the others wait and find it done.
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        state = _state(connection)
        if state.current:
            return
        if state.later:
            raise _unknown(state)
        if state.revision is None:
            _create(connection)
        else:
            _go_through_history(connection)
        if engine.dialect.name == "postgresql":
            keep_text_by_bytes(connection)
        connection.execute(sa.text("DELETE FROM schema_needs"))
        connection.execute(sa.text("INSERT INTO schema_needs (revision) VALUES (:needs)"), {"needs": NEEDS})


def _create(connection: sa.Connection) -> None:
    """Make an empty database's tables as they are now. The history gives the same, and is long in loading."""
    metadata.create_all(connection, checkfirst=False)
    if not sa.inspect(connection).has_table(_revision.name):
        _revision.create(connection)
    connection.execute(sa.insert(_revision).values(version_num=HEAD))


def _go_through_history(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_SCRIPTS))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def keep_text_by_bytes(connection: sa.Connection) -> None:
    """Give all text in a PostgreSQL database the order of its bytes, where it has another."""
    connection.execute(_COLLATE)


def _begin_at_begin(engine: sa.Engine) -> None:
    """Python's driver opens no transaction for a schema change by itself: a crash would leave half of one."""

    @sa.event.listens_for(engine, "connect")
    def _(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def _(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")


def _state(connection: sa.Connection) -> State:
    dialect = connection.dialect
    version = ".".join(map(str, dialect.server_version_info or ()))
    product = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(dialect.name, dialect.name)
    if dialect.name == "postgresql":
        encoding = connection.execute(sa.text("SHOW server_encoding")).scalar()
        if encoding != "UTF8":
            raise DatabaseUnusable(f"The database keeps text as {encoding}; name one that was made with UTF8.")
    tables = set(sa.inspect(connection).get_table_names())
    revision = _one(connection, "SELECT version_num FROM alembic_version") if "alembic_version" in tables else None
    if (revision is None and tables - {"alembic_version"}) or (revision is not None and not revision.isdecimal()):
        raise DatabaseUnusable("The database has tables of another program; name one that is empty.")
    needs = _one(connection, "SELECT revision FROM schema_needs") if "schema_needs" in tables else None
    return State(revision, needs, f"{product} {version}")


def _one(connection: sa.Connection, question: str) -> str | None:
    found: str | None = connection.execute(sa.text(question)).scalar()
    return found
