"""What a caller may see and do on a platform and its workspaces: what flows down from there to all that is in them."""

import sqlalchemy as sa

from modelkeep.core.scope import FULL_ACCESS, NO_ACCESS, Access, Principal
from modelkeep.identity.grants import EXPERIMENT_GRANTS, MODEL_GRANTS, PLATFORM_GRANTS, WORKSPACE_GRANTS
from modelkeep.storage.expressions import json_array
from modelkeep.storage.query import Query
from modelkeep.storage.schema import experiments, platforms, registered_models, workspaces
from modelkeep.storage.transaction import Transaction

_p, _w, _m, _e = platforms.c, workspaces.c, registered_models.c, experiments.c
_HERE = sa.bindparam("platform", type_=sa.BigInteger)
_PLATFORM = Query(sa.select(PLATFORM_GRANTS.held(_HERE)))
_held = WORKSPACE_GRANTS.held(_w.id)
_WORKSPACES = Query(
    sa.select(_w.id, _held).where(_w.platform_id == _HERE, _w.id.in_(WORKSPACE_GRANTS.resources())).order_by(_w.id)
)
# The workspaces in which a single experiment or model may be seen, None for a model of the platform itself.
_WITHIN = Query(
    sa.union(
        sa.select(_e.workspace_id)
        .join_from(experiments, workspaces, _w.id == _e.workspace_id)
        .where(_w.platform_id == _HERE, _e.id.in_(EXPERIMENT_GRANTS.resources())),
        sa.select(_m.workspace_id).where(_m.platform_id == _HERE, _m.id.in_(MODEL_GRANTS.resources())),
    )
)
_DEFAULT = Query(sa.select(_w.id).where(_w.platform_id == _HERE, _w.type == "DEFAULT"))


def known_access(principal: Principal, platform: int) -> Access | None:
    """What can be said without a look at any grant: whoever may do everything, or nothing on this platform."""
    if principal.only_platform not in (None, platform):
        return NO_ACCESS
    return FULL_ACCESS if principal.administrator else None


def load_access(tx: Transaction, principal: Principal, platform: int) -> Access:
    """What a caller was granted on a platform, given by its row id."""
    known = known_access(principal, platform)
    if known is not None:
        return known
    asked = {"platform": platform, "caller_ids": json_array(principal.ids)}
    row = tx.one(_PLATFORM, **asked)
    on_platform = row[0] if row else 0
    on_workspaces: dict[int, int] = dict(tx.all(_WORKSPACES, **asked))
    if on_platform:
        return Access(on_platform, on_workspaces)
    within = {row[0] for row in tx.all(_WITHIN, **asked)} | on_workspaces.keys()
    if within:
        # Every platform has it, so it tells nothing, and it is where MLflow's clients come in.
        within |= {row[0] for row in tx.all(_DEFAULT, platform=platform)}
    return Access(0, on_workspaces, frozenset(within - {None}))
