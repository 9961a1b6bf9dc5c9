"""User names and passwords: verified on threads of their own, and only so often where they are wrong."""

import asyncio
import base64
import binascii
import math
from concurrent.futures import ThreadPoolExecutor

from modelkeep.core.errors import ApiError, not_authenticated, too_many_log_ins
from modelkeep.identity.passwords import LONGEST_PASSWORD, verify_password
from modelkeep.server.authentication.buckets import Buckets

_LONGEST_NAME = 255
_THREADS = 2
_MOST_WAITING = 256
_SECONDS_A_MINUTE = 60


def read_basic(parameters: str) -> tuple[str, str]:
    """Name and password; raises `not_authenticated` for what is neither."""
    try:
        name, colon, password = base64.b64decode(parameters.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise not_authenticated() from None
    if not colon or not name or len(name) > _LONGEST_NAME or not 0 < len(password) <= LONGEST_PASSWORD:
        raise not_authenticated()
    return name, password


class PasswordCheck:
    """Verifies passwords. Wrong ones are counted by address and by user, in this process."""

    def __init__(self, failures_per_minute: int) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="modelkeep-password")
        self._waiting = 0
        per_second = failures_per_minute / _SECONDS_A_MINUTE
        self._by_address = Buckets(per_second, failures_per_minute)
        self._by_user = Buckets(per_second, failures_per_minute)

    async def verify(self, address: str, name: str, password_hash: str, password: str) -> bool:
        """Whether this is the password. Raises where too many were wrong, or too many are being verified."""
        self._take(address, name)
        right = False
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(self._threads, verify_password, password_hash, password)
        finally:
            self._waiting -= 1
            if right:
                self._by_address.give_back(address)
                self._by_user.give_back(name)
        return right

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _take(self, address: str, name: str) -> None:
        """Counted before it is known to be wrong, so that many at once are not all tried."""
        if self._waiting >= _MOST_WAITING:
            raise too_many_log_ins(1)
        if wait := self._by_address.take(address):
            raise _later(wait)
        if wait := self._by_user.take(name):
            self._by_address.give_back(address)
            raise _later(wait)


def _later(seconds: float) -> ApiError:
    return too_many_log_ins(math.ceil(seconds))
