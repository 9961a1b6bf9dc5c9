"""Workspaces as rows of the database and as they are answered."""

import msgspec

from modelkeep.core.clock import as_rfc3339
from modelkeep.storage.schema import workspaces
from modelkeep.storage.transaction import Row

_w = workspaces.c
COLUMNS = (
    _w.key,
    _w.display_name,
    _w.description,
    _w.type,
    _w.default_catalog_key,
    _w.created_at,
    _w.updated_at,
    _w.created_by,
    _w.updated_by,
    _w.id,
    _w.revision,
)
"""What `from_row` reads, in its order."""


class Workspace(msgspec.Struct, rename="camel"):
    """A workspace. Times are RFC 3339."""

    key: str
    display_name: str
    description: str
    type: str
    default_catalog_key: str
    time_created: str
    time_updated: str
    created_by: str
    updated_by: str
    created_by_name: str
    updated_by_name: str
    lifecycle_state: str = "ACTIVE"
    lifecycle_details: str = ""
    is_private_network_enabled: bool = False


def from_row(row: Row) -> Workspace:
    """The workspace of a row that starts with `COLUMNS`."""
    key, display_name, description, kind, catalog, created, updated, created_by, updated_by, *_ = row
    return Workspace(
        key,
        display_name,
        description,
        kind,
        catalog,
        as_rfc3339(created),
        as_rfc3339(updated),
        created_by,
        updated_by,
        created_by,
        updated_by,
    )
