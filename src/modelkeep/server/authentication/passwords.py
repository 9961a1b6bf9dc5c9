"""User names and passwords: verified on threads of their own, and only so often where they are wrong."""

import asyncio
import base64
import binascii
from concurrent.futures import ThreadPoolExecutor

from modelkeep.core.errors import not_authenticated, too_many_log_ins
from modelkeep.identity.passwords import LONGEST_PASSWORD, verify_password
from modelkeep.server.authentication.failures import FailedLogIns

_LONGEST_NAME = 255
_THREADS = 2
_MOST_WAITING = 256


def read_basic(parameters: str) -> tuple[str, str]:
    """Name and password; raises `not_authenticated` for what is neither."""
    try:
        name, colon, password = base64.b64decode(parameters.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise not_authenticated() from None
    if not colon or not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
        raise not_authenticated()
    if not 0 < len(password) <= LONGEST_PASSWORD:
        raise not_authenticated()
    return name, password


class PasswordCheck:
    """Verifies passwords, on threads of their own."""

    def __init__(self, failures: FailedLogIns) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="modelkeep-password")
        self._waiting = 0
        self._failures = failures

    async def verify(self, address: str, name: str, password_hash: str, password: str) -> bool:
        """Whether this is the password. Raises where too many were wrong, or too many are being verified."""
        if self._waiting >= _MOST_WAITING:
            raise too_many_log_ins(1)
        self._waiting += 1
        try:
            await self._failures.take(address, name)
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(self._threads, verify_password, password_hash, password)
            if right:
                await self._failures.give_back(address, name)
        finally:
            self._waiting -= 1
        return right

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
