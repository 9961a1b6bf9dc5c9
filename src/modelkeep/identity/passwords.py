"""Passwords: kept as argon2id hashes, never as they are. All of this takes tens of milliseconds, by design."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from modelkeep.core.errors import invalid_parameter, missing_parameter
from modelkeep.core.limits import Limits

LONGEST_PASSWORD = 1_024
# What OWASP asks for at least: 19 MiB, so that a few log-ins at once do not take the memory of a small machine.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
NO_ONES_HASH = "$argon2id$v=19$m=19456,t=2,p=1$NQ5/5yIAs+4/3n3mX2OQSg$TpTWCjeE7eJR233tPAtEUraBiADINHZjtjHs/lZlchE"
"""Verified where there is no user, so that the answer takes as long. Of random bytes that nobody kept, and written here
since making one takes a start 40 ms. It has the costs of `_hasher`."""


def check_password(password: str, limits: Limits, field: str = "password") -> None:
    """Raise where this is no password to choose."""
    if not password:
        raise missing_parameter(field)
    if not limits.min_password_length <= len(password) <= LONGEST_PASSWORD:
        raise invalid_parameter(
            field,
            f"it has {len(password)} characters, {limits.min_password_length} to {LONGEST_PASSWORD} are allowed.",
        )


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Whether this is the password. Where there is no hash, none is, after the same time."""
    try:
        matches = _hasher.verify(password_hash or NO_ONES_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return matches and bool(password_hash)
