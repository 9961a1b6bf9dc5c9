"""API keys: the public halves of the keys by which Oracle's clients sign their requests."""

import hashlib
import re

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.fields import Timestamp
from modelkeep.core.guard import CALLER
from modelkeep.core.operation import Empty, Reach, operation
from modelkeep.core.permission import Permission
from modelkeep.core.scope import Scope
from modelkeep.identity.changes import note_identity_change
from modelkeep.identity.principals import values_of
from modelkeep.identity.tokens import OfUser, own_user
from modelkeep.storage.errors import UniqueViolation
from modelkeep.storage.query import Query
from modelkeep.storage.schema import api_keys
from modelkeep.storage.transaction import Transaction

KIND = "API key"
DEFAULT_TENANCY = "ocid1.tenancy.modelkeep..modelkeep"
_OCID = re.compile(r"([0-9a-zA-Z_-]+[.:])([0-9a-zA-Z_-]*[.:]){3,}[0-9a-zA-Z_-]+")
_LONGEST_OCID = 255
_LEAST_BITS, _MOST_BITS = 2_048, 8_192
_LONGEST_PEM = 8_192

_k = api_keys.c
_LIST = Query(
    sa.select(_k.fingerprint, _k.key_id, _k.created_at, _k.created_by, _k.last_used_at)
    .where(_k.user_id == sa.bindparam("user"))
    .order_by(_k.id)
)
_INSERT = Query(sa.insert(api_keys).values(values_of(api_keys, "id", "last_used_at")))
_DELETE = Query(
    sa.delete(api_keys).where(_k.user_id == sa.bindparam("user"), _k.fingerprint == sa.bindparam("fingerprint"))
)


class ApiKey(msgspec.Struct):
    """A key. `key_id` is what signatures name: tenancy, user and fingerprint."""

    fingerprint: str
    key_id: str
    created_at: Timestamp
    created_by: str
    last_used_at: int | None = None


class AddKey(msgspec.Struct, kw_only=True):
    """A public RSA key of 2,048 bits or more, in PEM. The OCIDs are those of the client's profile; without them some
    are made.
    """

    user: str
    public_key: str
    tenancy: str = ""
    user_ocid: str = ""


class AddedKey(msgspec.Struct):
    """The key, and the three lines of a client's profile that name it."""

    api_key: ApiKey
    profile: dict[str, str]


@operation(
    "modelkeep/users/{user}/keys",
    verb="POST",
    writes=True,
    needs=Permission.READ,
    on=CALLER,
    reach=Reach.SERVER,
    status=201,
)
def add_key(tx: Transaction, scope: Scope, request: AddKey) -> AddedKey:
    """Add an API key to a user: to anyone, for administrators, or to oneself."""
    user = own_user(tx, scope, request.user, "add keys to others")
    key = read_public_key(request.public_key)
    fingerprint = fingerprint_of(key)
    tenancy = _check_ocid("tenancy", request.tenancy or DEFAULT_TENANCY)
    user_ocid = _check_ocid("user_ocid", request.user_ocid or f"ocid1.user.modelkeep..{user}")
    added = ApiKey(fingerprint, f"{tenancy}/{user_ocid}/{fingerprint}", scope.now, scope.principal.name)
    try:
        tx.run(
            _INSERT,
            user_id=user,
            key_id=added.key_id,
            fingerprint=fingerprint,
            public_key=key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            created_at=scope.now,
            created_by=scope.principal.name,
        )
    except UniqueViolation:
        raise ApiError(ErrorKind.ALREADY_EXISTS, f"There is a key '{added.key_id}' already.") from None
    note_identity_change(tx)
    tx.about(KIND, added.key_id, "")
    return AddedKey(added, {"tenancy": tenancy, "user": user_ocid, "fingerprint": fingerprint})


class ApiKeys(msgspec.Struct):
    """A user's keys, the oldest first."""

    api_keys: list[ApiKey]


@operation("modelkeep/users/{user}/keys", needs=Permission.READ, on=CALLER, reach=Reach.SERVER, scans=True)
def list_keys(tx: Transaction, scope: Scope, request: OfUser) -> ApiKeys:
    """List the API keys of a user: of anyone, for administrators, or one's own."""
    user = own_user(tx, scope, request.user, "see keys of others")
    return ApiKeys([ApiKey(*row) for row in tx.all(_LIST, user=user)])


class KeyOfUser(msgspec.Struct):
    """Which key of which user."""

    user: str
    fingerprint: str


@operation(
    "modelkeep/users/{user}/keys/{fingerprint}",
    verb="DELETE",
    writes=True,
    needs=Permission.READ,
    on=CALLER,
    reach=Reach.SERVER,
)
def delete_key(tx: Transaction, scope: Scope, request: KeyOfUser) -> Empty:
    """Revoke an API key; what it signs is refused at once."""
    user = own_user(tx, scope, request.user, "revoke keys of others")
    if not tx.run(_DELETE, user=user, fingerprint=request.fingerprint):
        raise ApiError(ErrorKind.NOT_FOUND, f"'{request.user}' has no key '{request.fingerprint}'.")
    note_identity_change(tx)
    tx.about(KIND, f"{request.user}/{request.fingerprint}", "")
    return Empty()


def fingerprint_of(key: RSAPublicKey) -> str:
    """As Oracle Cloud has it: the MD5 of the key, two digits at a time. It names a key and protects nothing."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.md5(der, usedforsecurity=False).digest().hex(":")


def check_strength(key: object, field: str) -> RSAPublicKey:
    """Raise unless this is an RSA key of a size that can be trusted, and verified in a reasonable time."""
    if not isinstance(key, RSAPublicKey):
        raise invalid_parameter(field, "it is no RSA key.")
    if not _LEAST_BITS <= key.key_size <= _MOST_BITS:
        raise invalid_parameter(field, f"it has {key.key_size} bits, {_LEAST_BITS} to {_MOST_BITS} are allowed.")
    if key.public_numbers().e.bit_length() > 32:
        raise invalid_parameter(field, "its exponent is too large.")
    return key


def read_public_key(pem: str) -> RSAPublicKey:
    """The RSA key in a PEM text."""
    try:
        if len(pem) > _LONGEST_PEM:
            raise ValueError
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise invalid_parameter(
            "public_key", "it cannot be read; a public key in PEM is needed, from 'BEGIN PUBLIC KEY' on."
        ) from None
    return check_strength(key, "public_key")


def _check_ocid(field: str, value: str) -> str:
    if len(value) > _LONGEST_OCID or not _OCID.fullmatch(value):
        raise invalid_parameter(field, f"{value[:_LONGEST_OCID]!r} is no OCID; ocid1.user.oc1..aaaa is one.")
    return value
