"""Access tokens: shown once when they are made, and kept as a digest alone."""

import hashlib
import secrets
from typing import Annotated

import msgspec
import sqlalchemy as sa

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.fields import Timestamp
from modelkeep.core.guard import CALLER
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.principals import (
    Kind,
    check_name,
    find_principal,
    platform_id,
    principal_not_found,
    require_administrator,
    require_self,
    values_of,
)
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.query import Query
from modelkeep.storage.schema import access_tokens, platforms
from modelkeep.storage.transaction import Row, Transaction

PREFIX = "mk_"
KIND = "access token"
_SHOWN_CHARACTERS = 7
_MOST_TOKENS = 1_000
_MILLISECONDS_A_DAY = 86_400_000
_LONGEST_DAYS = 36_500
_SCOPES = tuple(permission.name for permission in Permission)

_t = access_tokens.c
_ALL = (
    sa.select(
        _t.name, _t.hint, _t.permission, platforms.c.key, _t.created_at, _t.created_by, _t.expires_at, _t.last_used_at
    )
    .select_from(access_tokens.outerjoin(platforms, platforms.c.id == _t.platform_id))
    .where(_t.user_id == sa.bindparam("user"))
)
_LIST = Query(_ALL.order_by(_t.name).limit(_MOST_TOKENS))
_GET = Query(_ALL.where(_t.name == sa.bindparam("name")))
_INSERT = Query(sa.insert(access_tokens).values(values_of(access_tokens, "id", "last_used_at")))
_DELETE = Query(sa.delete(access_tokens).where(_t.user_id == sa.bindparam("user"), _t.name == sa.bindparam("name")))


class AccessToken(msgspec.Struct):
    """A token, without what it is: `hint` is how it begins."""

    name: str
    hint: str
    scope: str
    platform: str
    created_at: Timestamp
    created_by: str
    expires_at: int | None
    last_used_at: int | None


class CreateToken(msgspec.Struct, kw_only=True):
    """A new token of a user."""

    user: str
    name: str
    scope: Annotated[str, msgspec.Meta(description="The most that can be done with it: READ, MANAGE or ADMIN.")] = (
        "ADMIN"
    )
    platform: Annotated[str, msgspec.Meta(description="The one platform that it reaches; empty for all.")] = ""
    days: Annotated[int | None, msgspec.Meta(description="How long it holds; for ever where it is absent.")] = None


class CreatedToken(msgspec.Struct):
    """The token itself: it is shown this once."""

    token: str
    access_token: AccessToken


@operation(
    "modelkeep/users/{user}/tokens",
    verb="POST",
    writes=True,
    needs=Permission.READ,
    on=CALLER,
    reach=Reach.SERVER,
    status=201,
    secret=True,
)
def create_token(tx: Transaction, scope: Scope, request: CreateToken) -> CreatedToken:
    """Make an access token of a user: of anyone, for administrators, or of one's own."""
    user = own_user(tx, scope, request.user, "make tokens of others")
    check_name(scope, request.name)
    if request.scope not in _SCOPES:
        raise invalid_parameter("scope", f"{request.scope!r} is none; {', '.join(_SCOPES)} are.")
    if request.days is not None and not 1 <= request.days <= _LONGEST_DAYS:
        raise invalid_parameter("days", f"{request.days} days are not allowed; 1 to {_LONGEST_DAYS} are.")
    token = PREFIX + secrets.token_urlsafe(32)
    try:
        tx.run(
            _INSERT,
            user_id=user,
            name=request.name,
            digest=digest_of(token),
            hint=token[:_SHOWN_CHARACTERS],
            permission=int(Permission[request.scope]),
            platform_id=platform_id(tx, request.platform),
            created_at=scope.now,
            created_by=scope.principal.name,
            expires_at=scope.now + request.days * _MILLISECONDS_A_DAY if request.days is not None else None,
        )
    except UniqueViolation:
        raise ApiError(ErrorKind.ALREADY_EXISTS, f"'{request.user}' has a token '{request.name}' already.") from None
    note_identity_change(tx)
    tx.about(KIND, f"{request.user}/{request.name}", "")
    row = tx.one(_GET, user=user, name=request.name)
    if row is None:
        raise _no_token(request.user, request.name)
    return CreatedToken(token, _from_row(row))


class OfUser(msgspec.Struct):
    """Whose."""

    user: str


class AccessTokens(msgspec.Struct):
    """A user's tokens, by name."""

    access_tokens: list[AccessToken]


@operation("modelkeep/users/{user}/tokens", needs=Permission.READ, on=CALLER, reach=Reach.SERVER, scans=True)
def list_tokens(tx: Transaction, scope: Scope, request: OfUser) -> AccessTokens:
    """List the access tokens of a user: of anyone, for administrators, or one's own."""
    user = own_user(tx, scope, request.user, "see tokens of others")
    return AccessTokens([_from_row(row) for row in tx.all(_LIST, user=user)])


class TokenName(msgspec.Struct):
    """Which token of which user."""

    user: str
    name: str


@operation(
    "modelkeep/users/{user}/tokens/{name}",
    verb="DELETE",
    writes=True,
    needs=Permission.READ,
    on=CALLER,
    reach=Reach.SERVER,
)
def delete_token(tx: Transaction, scope: Scope, request: TokenName) -> Empty:
    """Revoke an access token; it stops at once."""
    user = own_user(tx, scope, request.user, "revoke tokens of others")
    if not tx.run(_DELETE, user=user, name=request.name):
        raise _no_token(request.user, request.name)
    note_identity_change(tx)
    tx.about(KIND, f"{request.user}/{request.name}", "")
    return Empty()


def own_user(tx: Transaction, scope: Scope, name: str, deed: str) -> int:
    """The row id of a user whose credentials the caller may manage."""
    user = find_principal(tx, Kind.USER, name)
    if user is None:
        require_administrator(scope, deed)
        raise principal_not_found(Kind.USER, name)
    require_self(scope, user, deed)
    return user


def digest_of(secret: str) -> bytes:
    """What is kept of a secret of 256 random bits: nobody finds it out from its digest."""
    return hashlib.sha256(secret.encode()).digest()


def _no_token(user: str, name: str) -> ApiError:
    return ApiError(ErrorKind.NOT_FOUND, f"'{user}' has no token '{name}'.")


def _from_row(row: Row) -> AccessToken:
    name, hint, permission, platform, *rest = row
    return AccessToken(name, hint, Permission(permission).name, platform or "", *rest)
