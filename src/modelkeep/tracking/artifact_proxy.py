"""The workspace's own artifacts by path: what locations that begin with `mlflow-artifacts:` are read and written by."""

import msgspec

from modelkeep.artifacts.paths import check_folder, check_path
from modelkeep.artifacts.stores import Stores
from modelkeep.core.exchange import Exchange
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.artifact_guards import ARTIFACT, FOLDER
from modelkeep.tracking.artifact_places import FileInfo, Place, in_workspace
from modelkeep.tracking.artifacts import keep_file, send_file

_PATH = "mlflow-artifacts/artifacts/{artifact_path}"


class ArtifactPath(msgspec.Struct):
    """A path below the workspace's root."""

    artifact_path: str


@operation(_PATH, needs=Permission.READ, on=ARTIFACT, reach=Reach.WORKSPACE, after=send_file, takes_rest=True)
def download_artifact(tx: Transaction, scope: Scope, request: ArtifactPath) -> Place:
    """Read a file. Ranges, `if-none-match` and `if-range` are honoured."""
    return in_workspace(scope, check_path(request.artifact_path))


@operation(
    _PATH,
    verb="PUT",
    needs=Permission.MANAGE,
    on=ARTIFACT,
    reach=Reach.WORKSPACE,
    after=keep_file,
    takes_bytes=True,
    takes_rest=True,
)
def upload_artifact(tx: Transaction, scope: Scope, request: ArtifactPath) -> Place:
    """Keep a file; the body is its content. It is whole and durable when this is answered, or not there."""
    return in_workspace(scope, check_path(request.artifact_path))


async def remove(stores: Stores, place: Place, exchange: Exchange) -> Empty:
    store, path = place.open(stores, exchange)
    await store.delete(path)
    return Empty()


@operation(
    _PATH, verb="DELETE", needs=Permission.MANAGE, on=ARTIFACT, reach=Reach.WORKSPACE, after=remove, takes_rest=True
)
def delete_artifact(tx: Transaction, scope: Scope, request: ArtifactPath) -> Place:
    """Remove a file, or a folder with all that is in it. What is not there is no error."""
    return in_workspace(scope, check_path(request.artifact_path.removesuffix("/")))


class ListFolder(msgspec.Struct):
    """`path` is a folder below the workspace's root."""

    path: str | None = None


class FolderList(msgspec.Struct):
    """Paths are relative to the folder asked for."""

    files: list[FileInfo]


async def list_names(stores: Stores, place: Place, exchange: Exchange) -> FolderList:
    store, path = place.open(stores, exchange)
    return FolderList(
        [
            FileInfo(file.name, file.size is None, msgspec.UNSET if file.size is None else file.size)
            for file in await store.children(path)
        ]
    )


@operation("mlflow-artifacts/artifacts", needs=Permission.READ, on=FOLDER, reach=Reach.WORKSPACE, after=list_names)
def list_folder_of_artifacts(tx: Transaction, scope: Scope, request: ListFolder) -> Place:
    """List a folder, all of it."""
    return in_workspace(scope, check_folder(request.path))
