"""Brings a database to the schema that this release speaks, by the one history that both engines share."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from modelkeep.storage.errors import DatabaseUnusable

HEAD = "0004"
"""The newest revision in `migrations/versions`. Known here so that a start need not load Alembic to see it."""

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
_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(url: str) -> None:
    """Apply what is missing, all of it or nothing. Cheap where nothing is.

    Raises `DatabaseUnusable` for what is no database, is another program's, or is of a later release.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            revision = _revision(connection)
        if revision != HEAD:
            _apply(engine)
    except sa.exc.DBAPIError as error:
        raise DatabaseUnusable(f"The database cannot be used: {_one_line(error.orig)}.") from None
    finally:
        engine.dispose()


def _engine(url: str) -> sa.Engine:
    if not url.startswith(("postgresql:", "postgres:")):
        engine = sa.create_engine(url)
        _begin_at_begin(engine)
        return engine
    import psycopg

    # libpq reads the URL itself: it knows lists of hosts and all the parameters that SQLAlchemy does not.
    return sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url, connect_timeout=5))


def _one_line(error: object) -> str:
    return " ".join(str(error).split()).rstrip(".")


def _apply(engine: sa.Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    configuration = Config()
    configuration.set_main_option("script_location", str(_SCRIPTS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Servers that start together: one applies what is missing, the others wait and find it done.
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        revision = _revision(connection)
        if revision is None and set(sa.inspect(connection).get_table_names()) - {"alembic_version"}:
            raise DatabaseUnusable("The database has tables of another program; name one that is empty.")
        configuration.attributes["connection"] = connection
        try:
            command.upgrade(configuration, "head")
        except CommandError:
            raise DatabaseUnusable(
                f"The database has schema revision {revision}, which this release does not know; it knows {HEAD} and "
                "those before. Start the release that wrote it, or a later one."
            ) from None
        if engine.dialect.name == "postgresql":
            connection.execute(_COLLATE)


def _begin_at_begin(engine: sa.Engine) -> None:
    """Python's driver opens no transaction for a schema change by itself: a crash would leave half of one."""

    @sa.event.listens_for(engine, "connect")
    def _(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def _(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found
