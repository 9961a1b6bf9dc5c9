"""Which database a server uses: PostgreSQL where a URL names one, SQLite in the data directory otherwise."""

from modelkeep.core.settings import Settings, without_password
from modelkeep.storage.engine import Engine
from modelkeep.storage.errors import DatabaseUnusable
from modelkeep.storage.migrate import State, check, require, upgrade
from modelkeep.storage.sqlite.engine import SqliteEngine
from modelkeep.storage.sqlite.lock import DATABASE_NAME, DirectoryLock


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
        read_replica=settings.read_replica,
    )


def database_url(settings: Settings) -> str:
    """The database as migrations name it."""
    return settings.database or f"sqlite:///{settings.data / DATABASE_NAME}"


def bring_up_to_date(settings: Settings) -> None:
    """Apply the migrations that the database has not seen yet, where a start may do so. Raises `DatabaseUnusable`."""
    (upgrade if settings.migrate_on_start else require)(database_url(settings))


def require_database(settings: Settings) -> None:
    """Raise `DatabaseUnusable` where there is no database, or one that this release cannot run on as it is."""
    _require_file(settings)
    require(database_url(settings))


def upgrade_database(settings: Settings) -> State:
    """Apply missing migrations while no server runs on SQLite, or whoever runs on PostgreSQL; where it stands then.

    Raises `DatabaseUnusable` and `DataDirectoryError`.
    """
    if settings.database:
        upgrade(settings.database)
    else:
        lock = DirectoryLock(settings.data, patience=0)
        try:
            upgrade(database_url(settings))
        finally:
            lock.release()
    return database_state(settings)


def database_state(settings: Settings) -> State:
    """Where the database stands. Raises `DatabaseUnusable`."""
    _require_file(settings)
    return check(database_url(settings))


def _require_file(settings: Settings) -> None:
    """SQLite would make an empty one."""
    if not settings.database and not (settings.data / DATABASE_NAME).exists():
        raise DatabaseUnusable(f"There is no database in {str(settings.data)!r}.")


def shown_database(settings: Settings) -> str:
    """The database for people to read: no password in it."""
    return without_password(settings.database) or str(settings.data)
