"""The artifacts of runs: listed, read and written under the run's own location."""

from typing import NamedTuple

import msgspec

from modelkeep.artifacts.answers import keep, send
from modelkeep.artifacts.paths import check_folder, check_path
from modelkeep.artifacts.stores import Stores
from modelkeep.core.exchange import Content, Exchange
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.artifact_places import FileInfo, Place, list_page, of_run
from modelkeep.tracking.guards import RUN


class ListArtifacts(msgspec.Struct):
    """`path` is a folder below the run's artifacts."""

    run_id: str | None = None
    run_uuid: str | None = None
    path: str | None = None
    page_token: str | None = None


class ArtifactList(msgspec.Struct, omit_defaults=True):
    """Paths are relative to `root_uri`."""

    root_uri: str
    files: list[FileInfo]
    next_page_token: str = ""


class FolderPlan(NamedTuple):
    """A folder to list, from the page that the token names on."""

    place: Place
    page_token: str | None


async def list_folder(stores: Stores, plan: FolderPlan, exchange: Exchange) -> ArtifactList:
    files, token = await list_page(stores, plan.place, exchange, plan.page_token)
    return ArtifactList(plan.place.location, files, token)


@operation("mlflow/artifacts/list", needs=Permission.READ, on=RUN, reach=Reach.WORKSPACE, after=list_folder)
def list_artifacts(tx: Transaction, scope: Scope, request: ListArtifacts) -> FolderPlan:
    """List a folder of a run's artifacts."""
    place = of_run(tx, scope, request.run_id, request.run_uuid, check_folder(request.path))
    return FolderPlan(place, request.page_token)


class RunArtifact(msgspec.Struct):
    """A file below a run's artifacts."""

    path: str
    run_id: str | None = None
    run_uuid: str | None = None


async def send_file(stores: Stores, place: Place, exchange: Exchange) -> Content:
    return await send(*place.open(stores, exchange), exchange)


@operation("mlflow/get-artifact", needs=Permission.READ, on=RUN, reach=Reach.WORKSPACE, after=send_file)
def get_artifact(tx: Transaction, scope: Scope, request: RunArtifact) -> Place:
    """Read a file of a run's artifacts. MLflow's pages ask for it at `/get-artifact`."""
    return of_run(tx, scope, request.run_id, request.run_uuid, check_path(request.path))


async def keep_file(stores: Stores, place: Place, exchange: Exchange) -> Empty:
    await keep(*place.open(stores, exchange), exchange)
    return Empty()


@operation(
    "mlflow/upload-artifact",
    verb="POST",
    needs=Permission.MANAGE,
    on=RUN,
    reach=Reach.WORKSPACE,
    after=keep_file,
    takes_bytes=True,
)
def upload_run_artifact(tx: Transaction, scope: Scope, request: RunArtifact) -> Place:
    """Keep a file among a run's artifacts; the body is its content."""
    return of_run(tx, scope, request.run_id, request.run_uuid, check_path(request.path))
