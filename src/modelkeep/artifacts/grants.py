"""Signed URLs to this server: who has one may do the one thing that it names, until its time is over."""

import base64
import hmac
from typing import Annotated
from urllib.parse import quote

import msgspec

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.exchange import Exchange
from modelkeep.core.scope import Scope

LONGEST_SECONDS = 7 * 24 * 60 * 60
_SIGNATURE_BYTES = 32

Expiration = Annotated[
    int, msgspec.Meta(description="Seconds.", extra_json_schema={"minimum": 1, "maximum": LONGEST_SECONDS})
]


class Grant(msgspec.Struct, array_like=True, frozen=True):
    """What a URL allows. `part` is 0 where it is about a whole file; `expires` is in milliseconds since 1970."""

    method: str
    workspace: int
    location: str
    path: str
    expires: int
    upload_id: str = ""
    part: int = 0


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Grant)


def signed_url(exchange: Exchange, grant: Grant) -> str:
    """The URL under which this server honours a grant; its path names the tenancy, so it needs no headers."""
    tenancy = exchange.scope.tenancy
    if tenancy is None or tenancy.workspace_key is None:
        raise LookupError("this operation was declared without a workspace")
    claims = _encode(grant)
    token = base64.urlsafe_b64encode(_signature(exchange.scope.page_key, claims) + claims).rstrip(b"=").decode()
    platform, workspace = (quote(key, safe="") for key in (tenancy.platform_key, tenancy.workspace_key))
    return (
        f"{exchange.origin}/20260430/aiDataPlatforms/{platform}/workspaces/{workspace}"
        f"/mlops/api/2.0/mlflow-artifacts/signed/{token}"
    )


def read_grant(scope: Scope, token: str) -> Grant:
    """What a token allows, in this workspace and now; raises where it allows nothing."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        signature, claims = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _signature(scope.page_key, claims)):
            raise _refused("its signature is not this server's")
        grant = _decoder.decode(claims)
    except (ValueError, msgspec.MsgspecError):
        raise _refused("it is damaged") from None
    if grant.workspace != scope.workspace:
        raise _refused("it belongs to another workspace")
    if grant.expires <= scope.now:
        raise _refused("its time is over")
    return grant


def check_expiration(seconds: int) -> int:
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise invalid_parameter("expiration", f"{seconds} is out of range; 1 to {LONGEST_SECONDS} seconds are allowed.")
    return seconds


def _signature(key: bytes, claims: bytes) -> bytes:
    # Page tokens are signed with the same key; they never begin like this.
    return hmac.digest(key, b"artifact grant\0" + claims, "sha256")


def _refused(problem: str) -> ApiError:
    return ApiError(ErrorKind.NOT_AUTHORIZED, f"This signed URL is not honoured: {problem}.")
