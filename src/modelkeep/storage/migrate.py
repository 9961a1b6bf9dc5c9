"""Brings a database to the schema that this release speaks, by the one history that both engines share."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from modelkeep.storage.errors import DatabaseUnusable

HEAD = "0002"
"""The newest revision in `migrations/versions`. Known here so that a start need not load Alembic to see it."""

_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(url: str) -> None:
    """Apply what is missing, all of it or nothing. Cheap where nothing is.

    Raises `DatabaseUnusable` for what is no database, or one of a later release.
    """
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        _begin_at_begin(engine)
    try:
        with engine.connect() as connection:
            revision = _revision(connection)
        if revision != HEAD:
            _apply(engine, revision)
    except sa.exc.DBAPIError as error:
        raise DatabaseUnusable(f"The database cannot be used: {error.orig}.") from None
    finally:
        engine.dispose()


def _apply(engine: sa.Engine, revision: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    configuration = Config()
    configuration.set_main_option("script_location", str(_SCRIPTS))
    try:
        with engine.begin() as connection:
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
    except CommandError:
        raise DatabaseUnusable(
            f"The database has schema revision {revision}, which this release does not know; it knows {HEAD} and "
            "those before. Start the release that wrote it, or a later one."
        ) from None


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
