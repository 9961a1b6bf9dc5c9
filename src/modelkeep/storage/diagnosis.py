"""What a database says of itself when it is asked how it is. Nothing is changed."""

import time
from typing import NamedTuple

import sqlalchemy as sa

from modelkeep.storage.errors import DatabaseUnusable
from modelkeep.storage.migrate import open_engine
from modelkeep.storage.schema import artifact_removals, users, webhook_deliveries, write_records

_CARELESS = ("fsync", "full_page_writes", "synchronous_commit")
# Looking through more of a file than this takes long.
_MOST_PAGES_CHECKED = 100_000
_MOST_COUNTED = 10_000


class Waiting(NamedTuple):
    """What is in the outbox."""

    oldest: int | None
    dead: int


class Unremoved(NamedTuple):
    """Artifacts of what was deleted that could not be removed, and the latest reason."""

    places: int
    problem: str


class Diagnosis(NamedTuple):
    """`careless` are settings that are off and ought not to be; `damage` is "" where none was seen or looked for."""

    users: int
    newest_write_ms: int | None
    outbox: Waiting
    unremoved: Unremoved
    clock_skew_ms: int = 0
    damage: str = ""
    careless: tuple[str, ...] = ()
    is_standby: bool = False
    connections: int = 0
    max_connections: int = 0


def diagnose(url: str) -> Diagnosis:
    """Ask a database that has this release's schema. Raises `DatabaseUnusable`."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            found = _common(connection)
            of_engine = _of_postgres if engine.dialect.name == "postgresql" else _of_sqlite
            return of_engine(connection, found)
    except sa.exc.DBAPIError as error:
        raise DatabaseUnusable(f"The database cannot be asked: {' '.join(str(error.orig).split())}") from None
    finally:
        engine.dispose()


def _common(connection: sa.Connection) -> Diagnosis:
    delivery, record = webhook_deliveries.c, write_records.c
    alive = sa.select(delivery.created_at).where(delivery.died_at.is_(None)).order_by(delivery.id).limit(1)
    dead = sa.select(delivery.id).where(delivery.died_at.is_not(None)).limit(_MOST_COUNTED).subquery()
    removal = artifact_removals.c
    failing = sa.select(removal.id).where(removal.attempts > 0).limit(_MOST_COUNTED).subquery()
    reason = sa.select(removal.last_error).where(removal.attempts > 0).order_by(removal.due_at.desc()).limit(1)
    return Diagnosis(
        connection.execute(sa.select(sa.func.count()).select_from(users)).scalar_one(),
        connection.execute(sa.select(record.at).order_by(record.id.desc()).limit(1)).scalar(),
        Waiting(
            connection.execute(alive).scalar(),
            connection.execute(sa.select(sa.func.count()).select_from(dead)).scalar_one(),
        ),
        Unremoved(
            connection.execute(sa.select(sa.func.count()).select_from(failing)).scalar_one(),
            connection.execute(reason).scalar() or "",
        ),
    )


def _of_sqlite(connection: sa.Connection, found: Diagnosis) -> Diagnosis:
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    seen = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() if pages <= _MOST_PAGES_CHECKED else "ok"
    return found._replace(damage="" if seen == "ok" else str(seen))


def _of_postgres(connection: sa.Connection, found: Diagnosis) -> Diagnosis:
    before = time.time()
    theirs = float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())::float8").scalar_one())
    ours = (before + time.time()) / 2
    settings = {name: _setting(connection, name) for name in _CARELESS}
    return found._replace(
        clock_skew_ms=round((ours - theirs) * 1_000),
        careless=tuple(name for name, value in settings.items() if value == "off"),
        is_standby=bool(connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one()),
        connections=connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        ).scalar_one(),
        max_connections=int(_setting(connection, "max_connections")),
    )


def _setting(connection: sa.Connection, name: str) -> str:
    return str(connection.execute(sa.select(sa.func.current_setting(name))).scalar_one())
