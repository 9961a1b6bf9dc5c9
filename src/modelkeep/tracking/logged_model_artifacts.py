"""The artifacts of logged models."""

import msgspec

from modelkeep.artifacts.paths import check_folder, check_path
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.artifact_places import Place, of_logged_model
from modelkeep.tracking.artifacts import FolderPlan, list_folder, send_file
from modelkeep.tracking.guards import LOGGED_MODEL


class ListLoggedModelArtifacts(msgspec.Struct):
    """`artifact_directory_path` is a folder below the model's artifacts."""

    model_id: str
    artifact_directory_path: str | None = None
    page_token: str | None = None


@operation(
    "mlflow/logged-models/{model_id}/artifacts/directories",
    needs=Permission.READ,
    on=LOGGED_MODEL,
    reach=Reach.WORKSPACE,
    after=list_folder,
)
def list_logged_model_artifacts(tx: Transaction, scope: Scope, request: ListLoggedModelArtifacts) -> FolderPlan:
    """List a folder of a logged model's artifacts."""
    folder = check_folder(request.artifact_directory_path, "artifact_directory_path")
    return FolderPlan(of_logged_model(tx, scope, request.model_id, folder), request.page_token)


class LoggedModelArtifact(msgspec.Struct):
    """A file below a logged model's artifacts."""

    model_id: str
    artifact_file_path: str


@operation(
    "mlflow/logged-models/{model_id}/artifacts/files",
    needs=Permission.READ,
    on=LOGGED_MODEL,
    reach=Reach.WORKSPACE,
    after=send_file,
)
def get_logged_model_artifact(tx: Transaction, scope: Scope, request: LoggedModelArtifact) -> Place:
    """Read a file of a logged model's artifacts."""
    return of_logged_model(tx, scope, request.model_id, check_path(request.artifact_file_path, "artifact_file_path"))
