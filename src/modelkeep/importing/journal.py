"""How far an import has come, kept in the database in the same transactions as what it has brought."""

from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from modelkeep.storage.query import Query
from modelkeep.storage.schema import imports, platforms, workspaces
from modelkeep.storage.transaction import Transaction

_i, _p, _w = imports.c, platforms.c, workspaces.c
_FIND_PLACE = Query(
    sa.select(_p.id, _w.id)
    .join_from(platforms, workspaces, _w.platform_id == _p.id)
    .where(_p.key == sa.bindparam("platform"), _w.key == sa.bindparam("workspace"))
)
_FIND = Query(
    sa.select(_i.id, _i.state, _i.finished_at).where(
        _i.workspace_id == sa.bindparam("workspace"), _i.source == sa.bindparam("which")
    )
)
_BEGIN = Query(
    sa.insert(imports)
    .values(workspace_id=sa.bindparam("workspace"), source=sa.bindparam("which"), started_at=sa.bindparam("now"))
    .returning(_i.id)
)
_NOTE = Query(
    sa.update(imports)
    .where(_i.id == sa.bindparam("row"))
    .values(state=sa.bindparam("text"), finished_at=sa.bindparam("end", type_=sa.BigInteger))
)


class Target(NamedTuple):
    """The workspace that is written to, and its platform, by their row ids."""

    platform: int
    workspace: int


class Progress(msgspec.Struct):
    """Where each kind goes on; `done` has those that are at their end."""

    positions: dict[str, str] = {}
    written: dict[str, int] = {}
    done: list[str] = []


class Journal:
    """The row of one import."""

    def __init__(self, row: int, progress: Progress, *, resumed: bool) -> None:
        self._row = row
        self.progress = progress
        self.resumed = resumed

    def note(self, tx: Transaction, kind: str, position: str, written: int) -> None:
        """How many of a kind are written with this transaction, and where it goes on."""
        self.progress.positions[kind] = position
        self.progress.written[kind] = written
        self._keep(tx, None)

    def note_end(self, tx: Transaction, kind: str) -> None:
        self.progress.done = sorted({*self.progress.done, kind})
        self._keep(tx, None)

    def finish(self, tx: Transaction, now: int) -> None:
        """All of it is there. Another run begins at the beginning, and brings what is new."""
        tx.run(_NOTE, row=self._row, text="", end=now)

    def _keep(self, tx: Transaction, end: int | None) -> None:
        tx.run(_NOTE, row=self._row, text=msgspec.json.encode(self.progress).decode(), end=end)


def find_target(tx: Transaction, platform: str, workspace: str) -> Target | None:
    row = tx.one(_FIND_PLACE, platform=platform, workspace=workspace)
    return Target(*row) if row else None


def open_journal(tx: Transaction, target: Target, source: str, now: int) -> Journal:
    """The journal of an import from this source, begun where there is none."""
    found = tx.one(_FIND, workspace=target.workspace, which=source)
    if found is None:
        begun = tx.one(_BEGIN, workspace=target.workspace, which=source, now=now)
        return Journal(begun[0] if begun else 0, Progress(), resumed=False)
    row, text, _ = found
    return Journal(row, msgspec.json.decode(text, type=Progress) if text else Progress(), resumed=bool(text))
