"""Which database a server uses: PostgreSQL where a URL names one, SQLite in the data directory otherwise."""

from modelkeep.core.settings import Settings, without_password
from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import DatabaseUnusable
from modelkeep.storage.migrate import upgrade
from modelkeep.storage.sqlite.connection import DATABASE_NAME
from modelkeep.storage.sqlite.engine import SqliteEngine


def make_engine(settings: Settings) -> Engine:
    """The engine, not started yet."""
    if not settings.database:
        return SqliteEngine(
            settings.data,
            readers=settings.readers,
            write_group=settings.write_group,
            max_waiting_writes=settings.max_waiting_writes,
        )
    try:
        from modelkeep.storage.postgres.engine import PostgresEngine
    except ImportError:
        raise DatabaseUnusable(
            "PostgreSQL needs a driver that is not installed: pip install 'modelkeep[postgres]'."
        ) from None
    return PostgresEngine(
        settings.database,
        readers=settings.readers,
        writers=settings.writers,
        write_group=settings.write_group,
        max_waiting_writes=settings.max_waiting_writes,
        prepare=settings.prepare_statements,
    )


def bring_up_to_date(settings: Settings) -> None:
    """Apply the migrations that the database has not seen yet. Raises `DatabaseUnusable`."""
    upgrade(settings.database or f"sqlite:///{settings.data / DATABASE_NAME}")


def shown_database(settings: Settings) -> str:
    """The database for people to read: no password in it."""
    return without_password(settings.database) or str(settings.data)
