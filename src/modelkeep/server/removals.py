"""Removes the bytes of what was deleted for good: the transaction that deleted the rows has noted where they are."""

from functools import partial

import sqlalchemy as sa

from modelkeep.artifacts.paths import check_folder
from modelkeep.artifacts.stores import Stores
from modelkeep.core.errors import ApiError
from modelkeep.storage.engine import Engine
from modelkeep.storage.query import Query
from modelkeep.storage.schema import artifact_removals
from modelkeep.storage.transaction import Transaction

_r = artifact_removals.c
_NOTED = Query(sa.select(_r.id, _r.workspace_id, _r.path).order_by(_r.id).limit(100))
_FORGET = Query(sa.delete(artifact_removals).where(_r.id == sa.bindparam("row", type_=sa.BigInteger)))


async def remove_noted(engine: Engine, stores: Stores) -> None:
    """Remove what is noted now. A note is forgotten once its bytes are gone, so a crash has them removed again."""
    while noted := await engine.look_up(lambda tx: tx.all(_NOTED)):
        for _, workspace, path in noted:
            await _remove(stores, workspace, path)

        await engine.write(partial(_forget, [row for row, _, _ in noted]), _raise)


async def _remove(stores: Stores, workspace: int, path: str) -> None:
    try:
        folder = check_folder(path)
    except ApiError:
        # A location that no artifact was ever kept at, since its path would have been refused.
        return
    await stores.workspace(workspace).delete(folder)


def _forget(rows: list[int], tx: Transaction) -> None:
    for row in rows:
        tx.run(_FORGET, row=row)


def _raise(tx: Transaction, error: Exception) -> None:
    raise error
