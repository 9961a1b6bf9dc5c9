"""Puts together what tells callers apart."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from modelkeep.core.settings import Settings, listed
from modelkeep.identity.changes import IdentityWatch
from modelkeep.server.authentication.credentials import Credentials
from modelkeep.server.authentication.entrance import Entrance
from modelkeep.server.authentication.failures import FailedLogIns
from modelkeep.server.authentication.last_use import LastUse
from modelkeep.server.authentication.log_ins import LogIns
from modelkeep.server.authentication.passwords import PasswordCheck
from modelkeep.server.refusals import Refusals
from modelkeep.storage.engine import Engine

if TYPE_CHECKING:
    from modelkeep.server.authentication.provided_users import ProvidedUsers

_MILLISECONDS = 1_000


class Identity:
    """The authenticator of a server, and what works beside it."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        watch: IdentityWatch,
        server_key: bytes,
        command_secret: str,
        refusals: Refusals,
    ) -> None:
        self._passwords = PasswordCheck(FailedLogIns(engine, settings.failed_log_ins_per_minute))
        self._last_use = LastUse(engine)
        self.provided = _provided_users(engine, watch, settings)
        credentials = Credentials(
            engine,
            watch,
            server_key=server_key,
            command_secret=command_secret,
            passwords=self._passwords,
            last_use=self._last_use,
            signature_skew_ms=settings.signature_skew_seconds * _MILLISECONDS,
            password_ms=settings.password_seconds * _MILLISECONDS,
            hosts=[host for host in (*listed(settings.allowed_hosts), urlsplit(settings.public_url).netloc) if host],
            tokens_of_provider=self.provided.by_token if self.provided is not None else None,
            proxies=listed(settings.trusted_proxies),
            proxy_user_header=settings.proxy_user_header,
        )
        self.log_ins = LogIns(engine, watch, settings, server_key, self._passwords, self.provided, refusals)
        self.entrance = Entrance(engine, watch, settings, credentials)

    def tasks(self) -> list["asyncio.Task[None]"]:
        """What runs as long as the server does."""
        return [asyncio.create_task(self._last_use.keep_writing())]

    async def close(self) -> None:
        """Write what is still noted, and let go of threads."""
        await self._last_use.write_at_end()
        self._passwords.close()


def _provided_users(engine: Engine, watch: IdentityWatch, settings: Settings) -> "ProvidedUsers | None":
    """Those of an identity provider. What talks to one is loaded only where one is named."""
    if not settings.oidc_issuer:
        return None
    from modelkeep.server.authentication.provided_users import ProvidedUsers

    return ProvidedUsers(engine, watch, settings)
