"""Brings a database to the schema that this release speaks, by the one history that both engines share."""

from pathlib import Path

import sqlalchemy as sa

HEAD = "0001"
"""The newest revision in `migrations/versions`. Known here so that a start need not load Alembic to see it."""

_SCRIPTS = Path(__file__).parent / "migrations"


class UnknownSchema(Exception):
    """The database is of a release that this one does not know; the message is for the operator."""


def upgrade(url: str) -> None:
    """Apply what is missing. Cheap where nothing is; raises `UnknownSchema` for a database from the future."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            revision = _revision(connection)
        if revision == HEAD:
            return
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        configuration = Config()
        configuration.set_main_option("script_location", str(_SCRIPTS))
        try:
            with engine.begin() as connection:
                configuration.attributes["connection"] = connection
                command.upgrade(configuration, "head")
        except CommandError as error:
            raise UnknownSchema(
                f"The database has schema revision {revision}, which this release does not know "
                f"(it knows {HEAD} and those before): {error}"
            ) from None
    finally:
        engine.dispose()


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found
