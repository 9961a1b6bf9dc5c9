"""The database: whether it answers and is this release's, its settings, its clock, and what waits in it."""

from collections.abc import Iterator

from modelkeep.core.clock import now_ms
from modelkeep.core.settings import Settings
from modelkeep.server.database import database_state, database_url
from modelkeep.server.doctor.findings import Finding, error, ok, warning
from modelkeep.storage.diagnosis import Diagnosis, diagnose
from modelkeep.storage.errors import DatabaseUnusable
from modelkeep.storage.migrate import HEAD
from modelkeep.storage.sqlite.lock import DATABASE_NAME

_SKEW_MS, _LARGE_SKEW_MS = 1_000, 60_000
_OLD_MS = 3_600_000
_MEANING = {
    "fsync": "it may lose its data in a power cut",
    "full_page_writes": "it may lose its data in a power cut",
    "synchronous_commit": "it may lose writes that were answered",
}


def examine_database(settings: Settings) -> tuple[list[Finding], int | None]:
    """What was found, and how many users there are; None where that is not known."""
    if not settings.database and not (settings.data / DATABASE_NAME).exists():
        return [ok("database", "There is none yet; the first start makes it.")], 0
    try:
        state = database_state(settings)
    except DatabaseUnusable as problem:
        return [error("database", str(problem), "A server does not start like this.")], None
    found = f"{state.engine}, schema revision {state.revision or 'none'} (this release: {HEAD})."
    if state.later and not state.current:
        return [error("database", found, "Start the release that wrote it, or a later one.")], None
    if not state.current:
        later = "The next start brings it up to date." if settings.migrate_on_start else "Run 'modelkeep db upgrade'."
        finding = warning if settings.migrate_on_start else error
        return [finding("database", found, later)], None
    diagnosis = diagnose(database_url(settings))
    return [ok("database", found), *_findings(settings, diagnosis)], diagnosis.users


def _findings(settings: Settings, diagnosis: Diagnosis) -> Iterator[Finding]:
    yield from _clock(settings, diagnosis)
    yield from _health(diagnosis)
    if settings.database:
        yield from _postgres(settings, diagnosis)
    yield from _outbox(diagnosis)
    yield from _removals(diagnosis)
    if settings.read_replica:
        yield _replica(settings)


def _clock(settings: Settings, diagnosis: Diagnosis) -> Iterator[Finding]:
    if settings.database:
        skew = abs(diagnosis.clock_skew_ms)
        found = f"This machine's clock and the database's differ by {skew} ms."
        if skew > _LARGE_SKEW_MS:
            yield error("clock", found, "Run NTP on both: retry tokens, leases and times depend on it.")
        elif skew > _SKEW_MS:
            yield warning("clock", found, "Run NTP on both: servers of one database should agree about the time.")
        else:
            yield ok("clock", found)
        return
    ahead = (diagnosis.newest_write_ms or 0) - now_ms()
    if ahead > _SKEW_MS:
        found = f"The newest write is {ahead / 1_000:,.0f} seconds in the future."
        yield warning("clock", found, "The clock was set back: run NTP, and correct it.")
    else:
        yield ok("clock", "It is not behind the newest write.")


def _health(diagnosis: Diagnosis) -> Iterator[Finding]:
    if diagnosis.damage:
        yield error("database", f"It is damaged: {diagnosis.damage}", "Stop the server and restore a backup.")
    for name in diagnosis.careless:
        yield error("database", f"{name} is off: {_MEANING[name]}.", f"Turn {name} on in postgresql.conf, and reload.")


def _postgres(settings: Settings, diagnosis: Diagnosis) -> Iterator[Finding]:
    if diagnosis.is_standby:
        yield error(
            "database",
            "It is a standby, which takes no writes.",
            "Name the primary, or all hosts with target_session_attrs=read-write.",
        )
    wanted = settings.workers * (settings.readers + settings.writers)
    free = diagnosis.max_connections - diagnosis.connections
    used = f"{diagnosis.connections} of {diagnosis.max_connections}"
    found = f"{used} connections are in use; this server takes up to {wanted}."
    if wanted > free:
        yield warning("connections", found, "Raise max_connections, or lower workers, readers or writers.")
    else:
        yield ok("connections", found)


def _outbox(diagnosis: Diagnosis) -> Iterator[Finding]:
    depth = diagnosis.outbox
    if depth.dead:
        yield warning("webhooks", f"{depth.dead} deliveries were given up.", "See 'modelkeep webhook dead PLATFORM'.")
    age = now_ms() - depth.oldest if depth.oldest is not None else 0
    if age > _OLD_MS:
        hours = age / _OLD_MS
        yield warning(
            "webhooks", f"An event waits for {hours:,.0f} hours.", "Is a receiver away, or no server running?"
        )


def _removals(diagnosis: Diagnosis) -> Iterator[Finding]:
    count, problem = diagnosis.unremoved
    if count:
        yield warning(
            "removals",
            f"Artifacts of {count} deleted runs, models or workspaces could not be removed: {problem.rstrip('.')}.",
            "A server tries again, once an hour at least: look at the place of the artifacts and its permissions.",
        )


def _replica(settings: Settings) -> Finding:
    try:
        replica = diagnose(settings.read_replica)
    except DatabaseUnusable as problem:
        return warning("read replica", str(problem), "Searches go to the primary meanwhile.")
    if not replica.is_standby:
        return warning("read replica", "It is no standby.", "Name a standby of the same database.")
    return ok("read replica", "It answers and is a standby.")
