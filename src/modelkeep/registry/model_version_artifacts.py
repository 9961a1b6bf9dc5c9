"""The artifacts of model versions, read where the version's source has them."""

import msgspec
import sqlalchemy as sa

from modelkeep.artifacts.paths import check_folder, check_path, join
from modelkeep.core.errors import invalid_parameter, model_version_not_found, run_not_found
from modelkeep.core.operation import operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.registry.guards import VERSION
from modelkeep.storage.query import Query
from modelkeep.storage.schema import model_versions
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.artifact_places import Place
from modelkeep.tracking.artifacts import send_file
from modelkeep.tracking.origins import run_in

_OF_RUN = "runs:/"
_v = model_versions.c
_FIND = Query(
    sa.select(_v.storage_location, _v.source, _v.workspace_id).where(
        _v.platform_id == sa.bindparam("platform"),
        _v.name == sa.bindparam("name"),
        _v.version == sa.bindparam("which"),
    )
)


class ModelVersionArtifact(msgspec.Struct):
    """A file below a version's source."""

    name: str
    version: str
    path: str


@operation("mlflow/model-versions/get-artifact", needs=Permission.READ, on=VERSION, after=send_file)
def get_model_version_artifact(tx: Transaction, scope: Scope, request: ModelVersionArtifact) -> Place:
    """Read a file of a model version. MLflow's pages ask for it at `/model-versions/get-artifact`."""
    if not request.version.isdecimal() or len(request.version) > 15:
        raise invalid_parameter("version", f"{request.version[:40]!r} is no number.")
    path = check_path(request.path)
    row = tx.one(_FIND, platform=scope.platform, name=request.name, which=int(request.version))
    if row is None:
        raise model_version_not_found(request.name, request.version)
    location, source, workspace = row
    # The registry is the platform's, artifacts are a workspace's: the version knows which one it came from.
    home = workspace if workspace is not None else scope.workspace
    if home is None:
        raise invalid_parameter("name", "this version came from no workspace; ask below the path of one.")
    return _place(tx, home, location or source, path)


def _place(tx: Transaction, workspace: int, location: str, path: str) -> Place:
    """A path below a version's source; `runs:/id/folder` is a folder of the artifacts of a run."""
    if not location.startswith(_OF_RUN):
        return Place(workspace, location, path)
    run_id, _, folder = location.removeprefix(_OF_RUN).partition("/")
    run = run_in(tx, workspace, run_id)
    if run is None:
        raise run_not_found(run_id)
    return Place(workspace, run.artifact_uri, join(check_folder(folder), path))
