"""Which platforms and workspaces are written to an archive."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from modelkeep.importing.records import Platform, Workspace
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, workspaces
from modelkeep.storage.transaction import Transaction

_p, _w = platforms.c, workspaces.c
_PLATFORMS = Query(
    sa.select(
        _p.id,
        _p.key,
        _p.description,
        _p.default_artifact_root,
        _p.trace_archival_location,
        _p.trace_archival_retention,
        _p.created_at,
        _p.updated_at,
        _p.created_by,
        _p.revision,
    ).order_by(_p.key)
)
_WORKSPACES = Query(
    sa.select(
        _w.platform_id,
        _w.key,
        _w.id,
        _w.display_name,
        _w.description,
        _w.type,
        _w.default_catalog_key,
        _w.created_at,
        _w.updated_at,
        _w.created_by,
        _w.updated_by,
        _w.last_experiment,
        _w.revision,
        # In the order in which they were made, for so they get their numbers again.
    ).order_by(_w.id)
)


class NoSuchPlace(Exception):
    """The platform or workspace that was named is not there; the message is one line."""


class Chosen(NamedTuple):
    """Platforms with their row ids, and workspaces."""

    platforms: Sequence[tuple[int, Platform]]
    workspaces: Sequence[Workspace]
    home: int | None
    """The row id of the one workspace that was chosen, where one was."""


def choose(tx: Transaction, platform: str, workspace: str) -> Chosen:
    """All of a server, of a platform, or one workspace: "" where none is named. Raises `NoSuchPlace`."""
    found = [(row, Platform(*values)) for row, *values in tx.all(_PLATFORMS) if platform in ("", values[0])]
    if platform and not found:
        raise NoSuchPlace(f"There is no platform {platform!r}.")
    keys = {row: chosen.key for row, chosen in found}
    within = [
        Workspace(keys[of], *values)
        for of, *values in tx.all(_WORKSPACES)
        if of in keys and workspace in ("", values[0])
    ]
    if workspace and not within:
        raise NoSuchPlace(f"There is no workspace {workspace!r} in the platform {platform!r}.")
    return Chosen(found, within, within[0].number if workspace else None)
