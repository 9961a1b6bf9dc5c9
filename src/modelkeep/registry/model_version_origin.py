"""Where a model version came from: the workspace in which its run and its logged model are."""

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import model_version_not_found
from modelkeep.core.operation import operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.guards import VERSION
from modelkeep.registry.model_versions import NamedVersion
from modelkeep.registry.rules import check_model_name, version_number
from modelkeep.storage.query import Query
from modelkeep.storage.schema import model_versions, workspaces
from modelkeep.storage.transaction import Transaction

_v, _w = model_versions.c, workspaces.c
_FIND = Query(
    sa.select(_w.key, _v.run_id, _v.logged_model_id)
    .select_from(sa.outerjoin(model_versions, workspaces, _w.id == _v.workspace_id))
    .where(
        _v.platform_id == sa.bindparam("platform"),
        _v.name == sa.bindparam("name"),
        _v.version == sa.bindparam("which"),
    )
)


class ModelVersionOrigin(msgspec.Struct):
    """`workspace` is "" for a version made above all workspaces, and where its workspace is gone."""

    workspace: str
    run_id: str
    model_id: str


@operation("model-versions/origin", needs=Permission.READ, on=VERSION)
def get_model_version_origin(tx: Transaction, scope: Scope, request: NamedVersion) -> ModelVersionOrigin:
    """Get the workspace, run and logged model that a version came from. Neither dialect has such an operation."""
    check_model_name(request.name, scope.limits)
    number = version_number(request.name, request.version)
    row = tx.one(_FIND, platform=scope.platform, name=request.name, which=number)
    if row is None:
        raise model_version_not_found(request.name, number)
    workspace, run_id, model_id = row
    return ModelVersionOrigin(workspace or "", run_id, model_id)
