"""Session tokens: a key pair of the caller's own, good for a while, as `oci session authenticate` gives one.

The token is a JWT that names the user and holds the public key. This server signs it, and alone can verify it.
"""

import hashlib
import hmac
import secrets
from typing import Annotated, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.fields import Timestamp
from modelkeep.core.guard import CALLER
from modelkeep.core.operation import Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.keys import check_strength, read_public_key
from modelkeep.identity.tokens import own_user
from modelkeep.storage.transaction import Transaction

_ISSUER = "modelkeep"
_AUDIENCE = "request signatures"
_ALGORITHM = "HS256"
_LONGEST_MINUTES = 24 * 60
KIND = "session token"


class CreateSessionToken(msgspec.Struct, kw_only=True):
    """The public half, in PEM, of a key pair that was made for this session."""

    user: str
    public_key: str
    minutes: Annotated[int, msgspec.Meta(description="How long it holds: 1 to 1,440.")] = 60


class SessionToken(msgspec.Struct):
    """The token, to be named in signatures as `ST$` and the token."""

    token: str
    expires_at: Timestamp


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
    expires_at = scope.now + request.minutes * 60_000
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": str(user),
        "jti": secrets.token_urlsafe(16),
        "iat": scope.now // 1000,
        "exp": expires_at // 1000,
        "jwk": jwt.algorithms.RSAAlgorithm.to_jwk(read_public_key(request.public_key)),
    }
    tx.about(KIND, request.user, "")
    return SessionToken(jwt.encode(claims, _signing_key(scope.page_key), _ALGORITHM), expires_at)


class Session(NamedTuple):
    """What a valid session token says."""

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
            options={"require": ["exp", "sub"]},
        )
        key = check_strength(jwt.algorithms.RSAAlgorithm.from_jwk(claims["jwk"]), "jwk")
    except jwt.PyJWTError:
        return None
    return Session(int(claims["sub"]), key, int(claims["exp"]) * 1000)


def _signing_key(server_key: bytes) -> bytes:
    """A key for this purpose alone, made from the one that the servers of a database share."""
    return hmac.new(server_key, b"session tokens", hashlib.sha256).digest()
