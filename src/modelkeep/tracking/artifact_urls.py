"""Presigned URLs: whoever has one may read or write the one file that it names, for a while.

A cloud's store signs its own, so that the bytes do not pass through this server; for the local disk this server does.
"""

from typing import NamedTuple

import msgspec

from modelkeep.artifacts.answers import keep, send
from modelkeep.artifacts.grants import Expiration, Grant, check_expiration, read_grant, signed_url
from modelkeep.artifacts.local_parts import LocalParts
from modelkeep.artifacts.paths import check_path
from modelkeep.artifacts.store import no_such_upload
from modelkeep.artifacts.stores import Stores
from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.exchange import Content, Exchange
from modelkeep.core.guard import SIGNED
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.storage.transaction import Transaction
from modelkeep.tracking.artifact_guards import ARTIFACT
from modelkeep.tracking.artifact_places import Place, in_workspace, of_logged_model, of_run
from modelkeep.tracking.artifact_proxy import ArtifactPath
from modelkeep.tracking.guards import OWNER, RUN

_DOWNLOAD_SECONDS = 300
_UPLOAD_SECONDS = 900


class UrlPlan(NamedTuple):
    """The file that a URL is asked for, and how long it shall hold."""

    place: Place
    seconds: int


class DownloadUrl(msgspec.Struct):
    """`headers` must be sent with the request; `file_size` tells how to read it in ranges."""

    url: str
    headers: dict[str, str]
    file_size: int


async def download_url(stores: Stores, plan: UrlPlan, exchange: Exchange) -> DownloadUrl:
    store, path = plan.place.open(stores, exchange)
    held = await store.look(path)
    signed = await store.sign("GET", path, plan.seconds)
    url = signed.url if signed else _own_url("GET", plan, exchange)
    return DownloadUrl(url, signed.headers if signed else {}, held.size)


@operation(
    "mlflow-artifacts/presigned/{artifact_path}",
    needs=Permission.READ,
    on=ARTIFACT,
    reach=Reach.WORKSPACE,
    after=download_url,
    takes_rest=True,
)
def get_presigned_download_url(tx: Transaction, scope: Scope, request: ArtifactPath) -> UrlPlan:
    """A URL by which a file of the workspace can be read, in ranges and without further headers."""
    return UrlPlan(in_workspace(scope, check_path(request.artifact_path)), _DOWNLOAD_SECONDS)


class CreatePresignedUploadUrl(msgspec.Struct):
    """Exactly one of `run_id` and `model_id` says whose artifact it is. `expiration` is in seconds."""

    path: str
    run_id: str | None = None
    model_id: str | None = None
    expiration: Expiration = _UPLOAD_SECONDS


class PresignedUploadUrl(msgspec.Struct):
    """Where to PUT the file, with these headers."""

    presigned_url: str
    headers: dict[str, str]


async def upload_url(stores: Stores, plan: UrlPlan, exchange: Exchange) -> PresignedUploadUrl:
    store, path = plan.place.open(stores, exchange)
    signed = await store.sign("PUT", path, plan.seconds)
    if signed:
        return PresignedUploadUrl(signed.url, signed.headers)
    return PresignedUploadUrl(_own_url("PUT", plan, exchange), {})


@operation(
    "mlflow/artifacts/presigned-upload-url",
    verb="POST",
    needs=Permission.MANAGE,
    on=OWNER,
    reach=Reach.WORKSPACE,
    after=upload_url,
)
def create_presigned_upload_url(tx: Transaction, scope: Scope, request: CreatePresignedUploadUrl) -> UrlPlan:
    """A URL by which an artifact of a run or logged model can be written."""
    if bool(request.run_id) == bool(request.model_id):
        raise invalid_parameter("run_id", "exactly one of 'run_id' and 'model_id' must be given.")
    path, seconds = check_path(request.path), check_expiration(request.expiration)
    if request.model_id:
        return UrlPlan(of_logged_model(tx, scope, request.model_id, path), seconds)
    return UrlPlan(of_run(tx, scope, request.run_id, None, path), seconds)


class CreatePresignedDownloadUrl(msgspec.Struct):
    """`expiration` is in seconds."""

    run_id: str
    path: str
    expiration: Expiration = _DOWNLOAD_SECONDS


class PresignedDownloadUrl(msgspec.Struct):
    """Where to GET the file, with these headers."""

    presigned_url: str
    headers: dict[str, str]
    file_size: int


async def run_download_url(stores: Stores, plan: UrlPlan, exchange: Exchange) -> PresignedDownloadUrl:
    found = await download_url(stores, plan, exchange)
    return PresignedDownloadUrl(found.url, found.headers, found.file_size)


@operation(
    "mlflow/artifacts/presigned-download-url",
    verb="POST",
    needs=Permission.READ,
    on=RUN,
    reach=Reach.WORKSPACE,
    after=run_download_url,
)
def create_presigned_download_url(tx: Transaction, scope: Scope, request: CreatePresignedDownloadUrl) -> UrlPlan:
    """A URL by which an artifact of a run can be read."""
    seconds = check_expiration(request.expiration)
    return UrlPlan(of_run(tx, scope, request.run_id, None, check_path(request.path)), seconds)


class SignedRequest(msgspec.Struct):
    """What this server has signed earlier."""

    grant: str


async def send_granted(stores: Stores, grant: Grant, exchange: Exchange) -> Content:
    return await send(*_place(grant).open(stores, exchange), exchange)


_SIGNED = "mlflow-artifacts/signed/{grant}"


@operation(
    _SIGNED, needs=Permission.READ, on=SIGNED, reach=Reach.WORKSPACE, after=send_granted, signed=True, takes_rest=True
)
def download_signed(tx: Transaction, scope: Scope, request: SignedRequest) -> Grant:
    """Read the file that the URL names."""
    return _granted(scope, request, "GET")


async def keep_granted(stores: Stores, grant: Grant, exchange: Exchange) -> Empty:
    store, path = _place(grant).open(stores, exchange)
    if not grant.upload_id:
        await keep(store, path, exchange)
    elif isinstance(store.parts, LocalParts):
        etag = await store.parts.receive(path, grant.upload_id, grant.part, exchange.upload())
        exchange.answer_headers.append(("etag", etag))
    else:
        raise no_such_upload(grant.upload_id)
    return Empty()


@operation(
    _SIGNED,
    verb="PUT",
    needs=Permission.MANAGE,
    on=SIGNED,
    reach=Reach.WORKSPACE,
    after=keep_granted,
    takes_bytes=True,
    signed=True,
    takes_rest=True,
)
def upload_signed(tx: Transaction, scope: Scope, request: SignedRequest) -> Grant:
    """Keep the file, or the part of an upload, that the URL names."""
    return _granted(scope, request, "PUT")


def _granted(scope: Scope, request: SignedRequest, method: str) -> Grant:
    grant = read_grant(scope, request.grant)
    if grant.method != method:
        raise ApiError(ErrorKind.NOT_AUTHORIZED, f"This signed URL is not honoured: it is for {grant.method}.")
    return grant


def _place(grant: Grant) -> Place:
    return Place(grant.workspace, grant.location, grant.path)


def _own_url(method: str, plan: UrlPlan, exchange: Exchange) -> str:
    return signed_url(exchange, Grant(method, *plan.place, exchange.scope.now + plan.seconds * 1000))
