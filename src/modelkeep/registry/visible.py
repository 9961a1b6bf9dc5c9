"""Which registered models and versions a caller may see: those granted, and those created in a workspace granted."""

import sqlalchemy as sa

from modelkeep.core.scope import Scope
from modelkeep.identity.grants import MODEL_GRANTS
from modelkeep.identity.sight import Seeing, Seen, Sight, in_granted_workspaces
from modelkeep.storage.expressions import unindexed
from modelkeep.storage.schema import model_versions, registered_models
from modelkeep.storage.transaction import Transaction

_m, _v = registered_models.c, model_versions.c
_of = registered_models.alias("created_there").c
_PLATFORM = sa.bindparam("platform", type_=sa.BigInteger)

_LISTED = sa.union_all(MODEL_GRANTS.resources(), sa.select(_of.id).where(in_granted_workspaces(_of.workspace_id)))
_EACH_VERSION = sa.or_(
    MODEL_GRANTS.any(_v.model_id),
    sa.exists().where(_of.id == _v.model_id, in_granted_workspaces(_of.workspace_id)).correlate(model_versions),
)
MODELS = Seen(
    _m.id,
    _LISTED,
    sa.or_(MODEL_GRANTS.any(_m.id), in_granted_workspaces(_m.workspace_id)),
)
VERSIONS = Seen(_v.model_id, _LISTED, _EACH_VERSION, many=True)


def look(seen: Seen, tx: Transaction, scope: Scope) -> Seeing:
    """How much of a platform's models or versions the caller sees."""
    return seen.look(tx, scope, sees_all=scope.access.platform > 0)


def seen_here(seen: Seen, table: sa.Table, sight: Sight, *, found: bool = False) -> tuple[sa.ColumnElement[bool], ...]:
    """The rows of the platform that are seen.

    Few are found from the grants, and those that are `found` otherwise by what finds them, not from the platform.
    """
    platform = table.c.platform_id
    here = (unindexed(platform) if found or sight is Sight.FEW else platform) == _PLATFORM
    return (here,) if sight is Sight.ALL else (here, seen.condition(sight))
