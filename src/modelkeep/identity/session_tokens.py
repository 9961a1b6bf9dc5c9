"""Session tokens: a key pair of the caller's own, good for a while, as `oci session authenticate` gives one.

The token is a JWT that names the user and holds the public key. This server signs it, and alone can verify it.
"""

import hashlib
import hmac
import secrets
from typing import Annotated, NamedTuple

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.fields import Timestamp
from modelkeep.core.guard import CALLER
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.keys import check_strength, read_public_key
from modelkeep.identity.principals import values_of
from modelkeep.identity.tokens import OfUser, own_user
from modelkeep.storage.query import Query
from modelkeep.storage.schema import session_tokens
from modelkeep.storage.transaction import Transaction

_ISSUER = "modelkeep"
_AUDIENCE = "request signatures"
_ALGORITHM = "HS256"
_LONGEST_MINUTES = 24 * 60
KIND = "session token"

_s = session_tokens.c
_INSERT = Query(sa.insert(session_tokens).values(values_of(session_tokens)))
_LIST = Query(
    sa.select(_s.id, _s.created_at, _s.created_by, _s.expires_at)
    .where(_s.user_id == sa.bindparam("user"), _s.expires_at > sa.bindparam("now"))
    .order_by(_s.created_at, _s.id)
)
_DELETE = Query(sa.delete(session_tokens).where(_s.user_id == sa.bindparam("user"), _s.id == sa.bindparam("which")))
_FORGET = Query(sa.delete(session_tokens).where(_s.expires_at < sa.bindparam("now")))


class CreateSessionToken(msgspec.Struct, kw_only=True):
    """The public half, in PEM, of a key pair that was made for this session."""

    user: str
    public_key: str
    minutes: Annotated[int, msgspec.Meta(description="How long it holds: 1 to 1,440.")] = 60


class SessionToken(msgspec.Struct):
    """The token, to be named in signatures as `ST$` and the token. By its id it is revoked."""

    token: str
    expires_at: Timestamp
    id: str


@operation(
    "modelkeep/users/{user}/session-tokens",
    verb="POST",
    writes=True,
    needs=Permission.READ,
    on=CALLER,
    reach=Reach.SERVER,
    status=201,
    secret=True,
)
def create_session_token(tx: Transaction, scope: Scope, request: CreateSessionToken) -> SessionToken:
    """Make a session token: of anyone, for administrators, or of one's own."""
    import jwt  # here, since few ever ask for one, and it takes a start long

    user = own_user(tx, scope, request.user, "make session tokens of others")
    if not 1 <= request.minutes <= _LONGEST_MINUTES:
        raise invalid_parameter("minutes", f"{request.minutes} is not allowed; 1 to {_LONGEST_MINUTES} are.")
    expires_at = (scope.now // 1000 + request.minutes * 60) * 1000
    made = secrets.token_hex(12)
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": str(user),
        "jti": made,
        "iat": scope.now // 1000,
        "exp": expires_at // 1000,
        "jwk": jwt.algorithms.RSAAlgorithm.to_jwk(read_public_key(request.public_key)),
    }
    tx.run(_FORGET, now=scope.now)
    tx.run(
        _INSERT,
        id=made,
        user_id=user,
        created_at=scope.now,
        created_by=scope.principal.name,
        expires_at=expires_at,
    )
    tx.about(KIND, f"{request.user}/{made}", "")
    return SessionToken(jwt.encode(claims, _signing_key(scope.page_key), _ALGORITHM), expires_at, made)


class SessionTokenEntry(msgspec.Struct):
    """A session token, without what it is."""

    id: str
    created_at: Timestamp
    created_by: str
    expires_at: Timestamp


class SessionTokens(msgspec.Struct):
    """A user's session tokens that still hold, the oldest first."""

    session_tokens: list[SessionTokenEntry]


@operation("modelkeep/users/{user}/session-tokens", needs=Permission.READ, on=CALLER, reach=Reach.SERVER, scans=True)
def list_session_tokens(tx: Transaction, scope: Scope, request: OfUser) -> SessionTokens:
    """List the session tokens of a user that still hold: of anyone, for administrators, or one's own."""
    user = own_user(tx, scope, request.user, "see session tokens of others")
    return SessionTokens([SessionTokenEntry(*row) for row in tx.all(_LIST, user=user, now=scope.now)])


class SessionTokenOfUser(msgspec.Struct):
    """Which session token of which user."""

    user: str
    id: str


@operation(
    "modelkeep/users/{user}/session-tokens/{id}",
    verb="DELETE",
    writes=True,
    needs=Permission.READ,
    on=CALLER,
    reach=Reach.SERVER,
)
def delete_session_token(tx: Transaction, scope: Scope, request: SessionTokenOfUser) -> Empty:
    """Revoke a session token; what it signs is refused at once."""
    user = own_user(tx, scope, request.user, "revoke session tokens of others")
    if not tx.run(_DELETE, user=user, which=request.id):
        raise ApiError(ErrorKind.NOT_FOUND, f"'{request.user}' has no session token '{request.id}'.")
    note_identity_change(tx)
    tx.about(KIND, f"{request.user}/{request.id}", "")
    return Empty()


class Session(NamedTuple):
    """What a valid session token says. `id` is what it is known by, where it was not revoked."""

    id: str
    user: int
    key: RSAPublicKey
    expires_at: int


def read_session_token(server_key: bytes, token: str) -> Session | None:
    """What a token says, None where it was not made by this server, or its time is over."""
    import jwt

    try:
        claims = jwt.decode(
            token,
            _signing_key(server_key),
            [_ALGORITHM],
            audience=_AUDIENCE,
            issuer=_ISSUER,
            options={"require": ["exp", "sub", "jti"]},
        )
        key = check_strength(jwt.algorithms.RSAAlgorithm.from_jwk(claims["jwk"]), "jwk")
    except jwt.PyJWTError:
        return None
    return Session(str(claims["jti"]), int(claims["sub"]), key, int(claims["exp"]) * 1000)


def _signing_key(server_key: bytes) -> bytes:
    """A key for this purpose alone, made from the one that the servers of a database share."""
    return hmac.new(server_key, b"session tokens", hashlib.sha256).digest()
