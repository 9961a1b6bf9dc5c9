"""Uploads in parts: the client asks for URLs, sends a part to each, and says when all are there."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec

from modelkeep.artifacts.grants import Grant, signed_url
from modelkeep.artifacts.incoming import UPLOAD_SECONDS
from modelkeep.artifacts.paths import check_folder, check_path, join
from modelkeep.artifacts.store import Part, Parts, unsupported
from modelkeep.artifacts.stores import Stores
from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.exchange import Exchange
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.artifact_guards import ARTIFACT
from modelkeep.tracking.artifact_places import Place, in_workspace

MOST_PARTS = 10_000


class CreateMultipartUpload(msgspec.Struct):
    """`path` is the file on the client's machine; its last segment becomes the name in the folder `artifact_path`."""

    artifact_path: str
    path: str
    num_parts: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1, "maximum": MOST_PARTS})] = 1


class Credential(msgspec.Struct):
    """Where one part is sent to, by PUT and with these headers."""

    url: str
    part_number: int
    headers: dict[str, str]


class StartedMultipartUpload(msgspec.Struct):
    """The upload's id, and a credential for each part."""

    upload_id: str
    credentials: list[Credential]


class UploadPlan(NamedTuple):
    """The file that is uploaded, and what its parts are said to be."""

    place: Place
    upload_id: str = ""
    parts: Sequence[Part] = ()
    asked: int = 0


async def start(stores: Stores, plan: UploadPlan, exchange: Exchange) -> StartedMultipartUpload:
    parts, path = _parts(stores, plan, exchange)
    started = await parts.start(path, plan.asked)
    urls = started.urls
    if urls is None:
        until = exchange.scope.now + UPLOAD_SECONDS * 1000
        urls = [
            signed_url(exchange, Grant("PUT", *plan.place, until, started.upload_id, number))
            for number in range(1, plan.asked + 1)
        ]
    return StartedMultipartUpload(
        started.upload_id, [Credential(url, number, {}) for number, url in enumerate(urls, start=1)]
    )


async def complete(stores: Stores, plan: UploadPlan, exchange: Exchange) -> Empty:
    parts, path = _parts(stores, plan, exchange)
    await parts.complete(path, plan.upload_id, plan.parts)
    return Empty()


async def abort(stores: Stores, plan: UploadPlan, exchange: Exchange) -> Empty:
    parts, path = _parts(stores, plan, exchange)
    await parts.abort(path, plan.upload_id)
    return Empty()


@operation(
    "mlflow-artifacts/mpu/create/{artifact_path}",
    verb="POST",
    needs=Permission.MANAGE,
    on=ARTIFACT,
    reach=Reach.WORKSPACE,
    after=start,
    takes_rest=True,
)
def create_multipart_upload(tx: Transaction, scope: Scope, request: CreateMultipartUpload) -> UploadPlan:
    """Begin an upload in parts."""
    if not 1 <= request.num_parts <= MOST_PARTS:
        raise invalid_parameter("num_parts", f"{request.num_parts} is out of range; 1 to {MOST_PARTS} are allowed.")
    return UploadPlan(_place(scope, request.artifact_path, request.path), asked=request.num_parts)


class CompleteMultipartUpload(msgspec.Struct):
    """The parts, each with the etag that its PUT was answered with."""

    artifact_path: str
    path: str
    upload_id: str
    parts: Annotated[list[Part], msgspec.Meta(max_length=MOST_PARTS)]


@operation(
    "mlflow-artifacts/mpu/complete/{artifact_path}",
    verb="POST",
    needs=Permission.MANAGE,
    on=ARTIFACT,
    reach=Reach.WORKSPACE,
    after=complete,
    takes_rest=True,
)
def complete_multipart_upload(tx: Transaction, scope: Scope, request: CompleteMultipartUpload) -> UploadPlan:
    """Make the file of its parts. Asked for twice with the same parts, it is done once."""
    if not request.parts:
        raise missing_parameter("parts")
    numbers = [part.part_number for part in request.parts]
    if numbers != sorted(set(numbers)) or not 1 <= numbers[0] <= numbers[-1] <= MOST_PARTS:
        raise invalid_parameter("parts", f"their numbers must ascend from 1 to at most {MOST_PARTS}.")
    return UploadPlan(_place(scope, request.artifact_path, request.path), request.upload_id, request.parts)


class AbortMultipartUpload(msgspec.Struct):
    """An upload that is given up."""

    artifact_path: str
    path: str
    upload_id: str


@operation(
    "mlflow-artifacts/mpu/abort/{artifact_path}",
    verb="POST",
    needs=Permission.MANAGE,
    on=ARTIFACT,
    reach=Reach.WORKSPACE,
    after=abort,
    takes_rest=True,
)
def abort_multipart_upload(tx: Transaction, scope: Scope, request: AbortMultipartUpload) -> UploadPlan:
    """Give an upload up; its parts are removed."""
    return UploadPlan(_place(scope, request.artifact_path, request.path), request.upload_id)


def _place(scope: Scope, folder: str, local_file: str) -> Place:
    name = local_file.replace("\\", "/").rpartition("/")[2]
    if local_file and not name:
        raise invalid_parameter("path", f"{local_file[:200]!r} is a folder; the path of a file is needed.")
    return in_workspace(scope, check_path(join(check_folder(folder, "artifact_path"), check_path(name))))


def _parts(stores: Stores, plan: UploadPlan, exchange: Exchange) -> tuple[Parts, str]:
    store, path = plan.place.open(stores, exchange)
    if store.parts is None:
        raise unsupported("Multipart upload")
    return store.parts, path
