"""Where the artifacts of a run, a logged model or a workspace are: what an operation finds before any byte moves."""

from typing import NamedTuple

import msgspec

from modelkeep.artifacts.paths import join
from modelkeep.artifacts.store import Store
from modelkeep.artifacts.stores import Stores
from modelkeep.core.errors import logged_model_not_found, missing_parameter, run_not_found
from modelkeep.core.exchange import Exchange
from modelkeep.core.scope import Scope
from modelkeep.search.order import make_page_token, read_page_token
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.origins import find_logged_model, find_run

_WHOLE = "mlflow-artifacts:/"


class Place(NamedTuple):
    """A path below a location, as a run or logged model of this workspace has it."""

    workspace: int
    location: str
    path: str

    def open(self, stores: Stores, exchange: Exchange) -> tuple[Store, str]:
        """The store, and the path within it."""
        store, folder = stores.find(self.workspace, self.location, exchange.origin)
        return store, join(folder, self.path)


class FileInfo(msgspec.Struct):
    """One file or folder."""

    path: str
    is_dir: bool
    file_size: int | msgspec.UnsetType = msgspec.UNSET


def in_workspace(scope: Scope, path: str) -> Place:
    """A path below the workspace's own root."""
    return Place(scope.home, _WHOLE, path)


def of_run(tx: Transaction, scope: Scope, run_id: str | None, run_uuid: str | None, path: str) -> Place:
    """A path below a run's artifacts. `run_uuid` is what older clients call the run's id."""
    identity = run_id or run_uuid
    if not identity:
        raise missing_parameter("run_id")
    run = find_run(tx, scope, identity)
    if run is None:
        raise run_not_found(identity)
    return Place(scope.home, run.artifact_uri, path)


def of_logged_model(tx: Transaction, scope: Scope, model_id: str, path: str) -> Place:
    """A path below a logged model's artifacts."""
    model = find_logged_model(tx, scope, model_id)
    if model is None:
        raise logged_model_not_found(model_id)
    return Place(scope.home, model.artifact_location, path)


async def list_page(
    stores: Stores, place: Place, exchange: Exchange, page_token: str | None
) -> tuple[list[FileInfo], str]:
    """A page of what is directly in the folder, and the token of the next. Paths are from the location on."""
    store, folder = place.open(stores, exchange)
    files = await store.children(folder)
    bound_to = "\0".join(("artifacts", *map(str, place)))
    key = exchange.scope.page_key
    if page_token:
        (last,) = read_page_token(key, bound_to, page_token)
        files = [file for file in files if file.name > last]
    page = files[: stores.page]
    token = make_page_token(key, bound_to, [page[-1].name]) if len(files) > len(page) else ""
    return [
        FileInfo(join(place.path, file.name), file.size is None, msgspec.UNSET if file.size is None else file.size)
        for file in page
    ], token
