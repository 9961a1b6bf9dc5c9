"""Whether one has to log in at all: by setting, and by whether there are users yet."""

import ipaddress

from modelkeep.core.settings import Settings
from modelkeep.identity.changes import IdentityWatch
from modelkeep.identity.lookup import any_user
from modelkeep.server.authentication import COMMAND_LINE, Authenticator, Call, Proof
from modelkeep.server.authentication.open_mode import OpenMode
from modelkeep.storage.engine import Engine


class Unprotected(Exception):
    """The server would be open to the network; the message is one line for whoever started it."""


class Entrance:
    """Lets everyone in, or only those who prove who they are. With the first user the door closes at once."""

    def __init__(self, engine: Engine, watch: IdentityWatch, settings: Settings, credentials: Authenticator) -> None:
        self._engine = engine
        self._watch = watch
        self._auth = settings.auth
        self._may_open = settings.auth == "none" or (
            settings.auth == "auto" and is_loopback(settings.host) and not settings.oidc_issuer
        )
        self._provider = bool(settings.oidc_issuer)
        self._host = settings.host
        self._credentials = credentials
        self._open: Authenticator = OpenMode()
        self._inside: Authenticator = credentials
        self._as_of = -1

    @property
    def is_open(self) -> bool:
        """Whether nobody has to log in, as seen last."""
        return self._inside is self._open

    async def check(self) -> None:
        """Raise `Unprotected` where a server that is open to the network knows nobody who could log in."""
        await self._look()
        if self._auth == "auto" and not self._provider and not is_loopback(self._host) and not await self._has_users():
            raise Unprotected(
                f"On {self._host} others reach this server, and there are no users yet who could log in. Make the "
                "first by 'modelkeep user create NAME --admin', or say --auth none if everyone may do everything."
            )

    async def identify(self, call: Call) -> Proof:
        if self._as_of != self._watch.generation:
            await self._look()
        return await self._inside.identify(call)

    async def _look(self) -> None:
        as_of = self._watch.generation
        opens = self._may_open and (self._auth == "none" or not await self._has_users())
        self._inside = self._open if opens else self._credentials
        self._as_of = as_of

    async def _has_users(self) -> bool:
        found: bool = await self._engine.look_up(any_user)
        return found


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens here."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class CommandLine:
    """The parts of a server within a command: whoever runs it may read the database anyway."""

    async def identify(self, call: Call) -> Proof:
        return Proof(COMMAND_LINE)
