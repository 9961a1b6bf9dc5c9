"""The platforms and workspaces of an archive, found in a database or made there.

One that is as its server made it, which nobody has used or changed, becomes what the archive has; any other stays as it
is, and what the archive has for it is brought beside what it holds.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from modelkeep.importing.archive import Archive
from modelkeep.importing.journal import Target, find_target
from modelkeep.importing.records import Platform, Workspace
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    experiment_tags,
    experiments,
    logged_models,
    platforms,
    registered_models,
    runs,
    workspaces,
)
from modelkeep.storage.transaction import Transaction

_FIRST_REVISION = 1
_MOST_SKIPPED = 10_000
_p, _w, _e = platforms.c, workspaces.c, experiments.c
_PLATFORM_COLUMNS = (
    "key",
    "description",
    "default_artifact_root",
    "trace_archival_location",
    "trace_archival_retention",
    "created_at",
    "updated_at",
    "created_by",
    "revision",
)
_WORKSPACE_COLUMNS = (
    "key",
    "display_name",
    "description",
    "type",
    "default_catalog_key",
    "created_at",
    "updated_at",
    "created_by",
    "updated_by",
    "last_experiment",
    "revision",
)
_FIND_PLATFORM = Query(sa.select(_p.id, _p.revision).where(_p.key == sa.bindparam("which")))
_PLATFORM_USED = Query(
    sa.select(registered_models.c.id).where(registered_models.c.platform_id == sa.bindparam("row")).limit(1)
)
_FIND_WORKSPACES = Query(
    sa.select(_w.id, _w.key, _w.display_name, _w.revision).where(
        _w.platform_id == sa.bindparam("platform"),
        sa.or_(_w.key == sa.bindparam("which"), _w.display_name == sa.bindparam("shown")),
    )
)
_ABOVE_DEFAULT = [
    sa.select(sa.literal(1)).where(table.c.experiment_id == _e.id).exists()
    for table in (runs, logged_models, experiment_tags)
]
_WORKSPACE_USED = Query(
    sa.select(_e.id).where(_e.workspace_id == sa.bindparam("row"), sa.or_(_e.number != 0, *_ABOVE_DEFAULT)).limit(1)
)


def _insert(table: sa.Table, *columns: str) -> Query:
    return Query(sa.insert(table).values({column: sa.bindparam(column) for column in columns}).returning(table.c.id))


def _update(table: sa.Table, *columns: str) -> Query:
    values = {column: sa.bindparam(f"_{column}", type_=table.c[column].type) for column in columns}
    return Query(sa.update(table).where(table.c.id == sa.bindparam("row")).values(values))


_NEW_PLATFORM = _insert(platforms, *_PLATFORM_COLUMNS)
_NEW_WORKSPACE = _insert(workspaces, "platform_id", *_WORKSPACE_COLUMNS)
_BECOME_PLATFORM = _update(platforms, *_PLATFORM_COLUMNS[1:])
_BECOME_WORKSPACE = _update(workspaces, *_WORKSPACE_COLUMNS[1:])
_DELETE_WORKSPACE = Query(sa.delete(workspaces).where(_w.id == sa.bindparam("row")))


class NoSuchPlace(Exception):
    """The platform or workspace that was named is not in the archive; the message is one line."""


class TakenName(Exception):
    """Another workspace of the platform has the display name; the message is one line."""


def choose(archive: Archive, platform: str, workspace: str) -> tuple[list[Platform], list[Workspace]]:
    """All of the archive, or of one of its places; "" where none is named. Raises `NoSuchPlace`."""
    platforms = [record for record in archive.platforms() if platform in ("", record.key)]
    keys = {record.key for record in platforms}
    workspaces = [
        record for record in archive.workspaces() if record.platform in keys and workspace in ("", record.key)
    ]
    if platform and not platforms:
        raise NoSuchPlace(f"There is no platform {platform!r} in the archive.")
    if workspace and not workspaces:
        raise NoSuchPlace(f"There is no workspace {workspace!r} of the platform {platform!r} in the archive.")
    return platforms, workspaces


def existing(tx: Transaction, places: Sequence[Workspace]) -> list[tuple[Workspace, Target | None]]:
    """Where each workspace is, None where it is to be made. Raises `TakenName`."""
    found = []
    for place in places:
        platform = tx.one(_FIND_PLATFORM, which=place.platform)
        for _, key, shown, _ in tx.all(
            _FIND_WORKSPACES, platform=platform[0] if platform else 0, which=place.key, shown=place.display_name
        ):
            if key != place.key and shown == place.display_name:
                raise TakenName(
                    f"The workspace {place.platform}/{key} has the display name {shown!r}, which {place.key!r} has in "
                    "the archive."
                )
        found.append((place, find_target(tx, place.platform, place.key)))
    return found


def bring_platform(tx: Transaction, record: Platform) -> None:
    """Make the platform, without workspaces, or have an untouched one become it."""
    values = dict(zip(_PLATFORM_COLUMNS, record, strict=True))
    found = tx.one(_FIND_PLATFORM, which=record.key)
    if found is None:
        tx.one(_NEW_PLATFORM, **values)
    elif found[1] == _FIRST_REVISION and tx.one(_PLATFORM_USED, row=found[0]) is None:
        del values["key"]
        tx.run(_BECOME_PLATFORM, row=found[0], **{f"_{column}": value for column, value in values.items()})


def bring_workspace(tx: Transaction, record: Workspace) -> Target:
    """The same for a workspace; its experiments are brought later.

    A new one gets its old number where that is still to come: a bucket that holds its artifacts under that number then
    serves it where it stands.
    """
    platform = tx.one(_FIND_PLATFORM, which=record.platform)
    home = platform[0] if platform else 0
    values = dict(zip(_WORKSPACE_COLUMNS, (record.key, *record[3:]), strict=True))
    for row, key, _, revision in tx.all(_FIND_WORKSPACES, platform=home, which=record.key, shown=record.display_name):
        if key == record.key:
            if revision == _FIRST_REVISION and tx.one(_WORKSPACE_USED, row=row) is None:
                del values["key"]
                tx.run(_BECOME_WORKSPACE, row=row, **{f"_{column}": value for column, value in values.items()})
            return Target(home, row)
    return Target(home, _insert_workspace(tx, home, record.number, values))


def _insert_workspace(tx: Transaction, platform: int, number: int, values: dict[str, object]) -> int:
    """Neither database gives a number twice, so one that is skipped stays free for good."""
    while True:
        made = tx.one(_NEW_WORKSPACE, platform_id=platform, **values)
        row = int(made[0]) if made else 0
        if row >= number or number - row > _MOST_SKIPPED:
            return row
        tx.run(_DELETE_WORKSPACE, row=row)
