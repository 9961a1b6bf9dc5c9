"""From the keys in a path to the rows of platform and workspace, and to what the caller was granted there.

All of it is remembered: the rows for a moment, the grants until any have changed.
"""

import time

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, platform_not_found, workspace_not_found
from modelkeep.core.scope import FULL_ACCESS, Access, Principal, Tenancy
from modelkeep.identity.access import known_access, load_access
from modelkeep.identity.changes import IdentityWatch
from modelkeep.server.authorization import Refused
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

    def __init__(self, engine: Engine, watch: IdentityWatch) -> None:
        self._engine = engine
        self._watch = watch
        self._known: dict[tuple[str, str | None], tuple[float, Tenancy]] = {}
        self._granted: dict[tuple[tuple[int, ...], int], tuple[int, float, Access]] = {}

    async def enter(self, principal: Principal, platform: str, workspace: str | None) -> tuple[Tenancy, Access]:
        """The tenancy of these keys and what the caller was granted there.

        Raises 404 for the one that does not exist or in which the caller sees nothing at all.
        """
        if principal.administrator and principal.only_platform is None:
            return await self.resolve(platform, workspace), FULL_ACCESS
        # The platform first: who may not see it is not told which workspaces it has.
        above = await self.resolve(platform, None)
        access = await self._access(principal, above.platform)
        if not access.any:
            raise Refused(platform_not_found(platform), "platform", platform)
        if workspace is None:
            return above, access
        tenancy = await self.resolve(platform, workspace)
        if not access.reaches(tenancy.workspace or 0):
            raise Refused(workspace_not_found(platform, workspace), "workspace", f"{platform}/{workspace}")
        return tenancy, access

    async def find(self, platform: str, workspace: str | None) -> Tenancy | None:
        """The tenancy of these keys, None where there is no such: for who must not be told whether there is."""
        try:
            return await self.resolve(platform, workspace)
        except ApiError:
            return None

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

    async def _access(self, principal: Principal, platform: int) -> Access:
        plain = known_access(principal, platform)
        if plain is not None:
            return plain
        now, generation = time.monotonic(), self._watch.generation
        known = self._granted.get((principal.ids, platform))
        if known is not None and known[0] == generation and known[1] > now:
            return known[2]
        access = await self._engine.look_up(lambda tx: load_access(tx, principal, platform))
        if len(self._granted) >= _MOST_REMEMBERED:
            self._granted.clear()
        self._granted[principal.ids, platform] = (generation, now + _REMEMBERED_SECONDS, access)
        return access

    def forget(self) -> None:
        """A platform or workspace may have changed."""
        self._known.clear()
        self._granted.clear()


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
