"""From the keys in a path to the rows of platform and workspace, remembered for a moment."""

import time

import sqlalchemy as sa

from modelkeep.core.errors import platform_not_found, workspace_not_found
from modelkeep.core.scope import Tenancy
from modelkeep.storage.engine import Engine
from modelkeep.storage.query import Query
from modelkeep.storage.schema import platforms, workspaces
from modelkeep.storage.transaction import Transaction

# Row ids are never used again, so what is remembered can only outlive a deletion, and writes notice that.
_REMEMBERED_SECONDS = 5.0
_MOST_REMEMBERED = 10_000

_FIND_PLATFORM = Query(sa.select(platforms.c.id).where(platforms.c.key == sa.bindparam("name")))
_FIND_WORKSPACE = Query(
    sa.select(workspaces.c.id).where(
        workspaces.c.platform_id == sa.bindparam("platform"), workspaces.c.key == sa.bindparam("name")
    )
)


class Tenants:
    """Resolves platforms and workspaces. Only what exists is remembered."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[str, str | None], tuple[float, Tenancy]] = {}

    async def resolve(self, platform: str, workspace: str | None) -> Tenancy:
        """The tenancy of these keys; raises 404 for the one that does not exist."""
        now = time.monotonic()
        known = self._known.get((platform, workspace))
        if known is not None and known[0] > now:
            return known[1]
        tenancy = await self._engine.look_up(lambda tx: _find(tx, platform, workspace))
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[platform, workspace] = (now + _REMEMBERED_SECONDS, tenancy)
        return tenancy

    def forget(self) -> None:
        """A platform or workspace may have changed."""
        self._known.clear()


def _find(tx: Transaction, platform: str, workspace: str | None) -> Tenancy:
    row = tx.one(_FIND_PLATFORM, name=platform)
    if row is None:
        raise platform_not_found(platform)
    if workspace is None:
        return Tenancy(row[0], platform, None, None)
    inner = tx.one(_FIND_WORKSPACE, platform=row[0], name=workspace)
    if inner is None:
        raise workspace_not_found(platform, workspace)
    return Tenancy(row[0], platform, inner[0], workspace)
