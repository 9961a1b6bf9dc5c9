"""How much there is: in a workspace, of what the caller may see; on the server, of everything."""

import msgspec
import sqlalchemy as sa

from modelkeep.core.guard import SERVER, VISIBLE
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.sight import Seen, Sight
from modelkeep.registry.visible import MODELS, VERSIONS, look, seen_here
from modelkeep.storage.query import Query
from modelkeep.storage.schema import (
    experiments,
    logged_models,
    model_versions,
    platforms,
    principals,
    registered_models,
    runs,
    users,
    workspaces,
)
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.experiment_search import SEEN
from modelkeep.tracking.lifecycle import ACTIVE

_e, _r, _l, _v = experiments.c, runs.c, logged_models.c, model_versions.c
_count = sa.func.count()
_ACTIVE_RUN = _r.lifecycle_stage == sa.literal_column(f"'{ACTIVE}'")
_ACTIVE_EXPERIMENT = _e.lifecycle_stage == sa.literal_column(f"'{ACTIVE}'")


def _tracked(sight: Sight) -> Query:
    """Experiments, runs and logged models of a workspace, those that are not deleted."""
    seen = sa.select(_e.id).where(
        _e.workspace_id == sa.bindparam("workspace", type_=sa.BigInteger), _ACTIVE_EXPERIMENT, SEEN.condition(sight)
    )
    of_runs = sa.select(_count).select_from(runs).where(_r.experiment_id.in_(seen), _ACTIVE_RUN)
    of_models = sa.select(_count).select_from(logged_models).where(_l.experiment_id.in_(seen), _l.deleted_at.is_(None))
    of_experiments = sa.select(_count).select_from(seen.subquery("seen"))
    return Query(sa.select(of_experiments.scalar_subquery(), of_runs.scalar_subquery(), of_models.scalar_subquery()))


def _registered(seen: Seen, table: sa.Table, sight: Sight) -> Query:
    here = seen_here(seen, table, sight)
    return Query(sa.select(_count).select_from(table).where(*here, table.c.is_prompt == sa.literal_column("0")))


_TRACKED = {sight: _tracked(sight) for sight in Sight}
_MODELS = {sight: _registered(MODELS, registered_models, sight) for sight in Sight}
_VERSIONS = {sight: _registered(VERSIONS, model_versions, sight) for sight in Sight}
_COUNTED = {
    "platforms": platforms,
    "workspaces": workspaces,
    "registered_models": registered_models,
    "model_versions": model_versions,
    "experiments": experiments,
    "runs": runs,
    "logged_models": logged_models,
    "users": users,
}
_OF_KIND = (
    sa.select(_count).select_from(principals).where(principals.c.kind == sa.literal_column(f"'{kind}'"))
    for kind in ("group", "role")
)
_SERVER = Query(
    sa.select(
        *(sa.select(_count).select_from(table).scalar_subquery() for table in _COUNTED.values()),
        *(counted.scalar_subquery() for counted in _OF_KIND),
    )
)


class WorkspaceCounts(msgspec.Struct):
    """What is not deleted. Models and versions are those of the whole platform."""

    experiments: int
    runs: int
    logged_models: int
    registered_models: int
    model_versions: int


@operation("counts", needs=Permission.READ, on=VISIBLE, reach=Reach.WORKSPACE, scans=True)
def count_workspace(tx: Transaction, scope: Scope, request: Empty) -> WorkspaceCounts:
    """Count what the caller may see in a workspace and of its platform's registry."""
    sight, seeing = SEEN.look(tx, scope, sees_all=scope.access.on_workspace(scope.home) > 0)
    tracked = tx.one(_TRACKED[sight], workspace=scope.home, **seeing)
    registered = []
    for seen, queries in ((MODELS, _MODELS), (VERSIONS, _VERSIONS)):
        sight, seeing = look(seen, tx, scope)
        counted = tx.one(queries[sight], platform=scope.platform, **seeing)
        registered.append(counted[0] if counted else 0)
    return WorkspaceCounts(*(tracked or (0, 0, 0)), *registered)


class ServerCounts(msgspec.Struct):
    """Everything that is kept, with what is deleted and can be restored, and prompts among the models."""

    platforms: int
    workspaces: int
    registered_models: int
    model_versions: int
    experiments: int
    runs: int
    logged_models: int
    users: int
    groups: int
    roles: int


@operation("modelkeep/server-counts", needs=Permission.ADMIN, on=SERVER, reach=Reach.SERVER, scans=True)
def count_server(tx: Transaction, scope: Scope, request: Empty) -> ServerCounts:
    """Count everything on the server."""
    return ServerCounts(*(tx.one(_SERVER) or (0,) * 10))
