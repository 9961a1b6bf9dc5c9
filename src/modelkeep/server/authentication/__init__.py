"""Who is calling: from a request's credentials to a principal."""

from typing import NamedTuple, Protocol

from modelkeep.core.scope import Principal
from modelkeep.server.http import RequestHeaders

ANONYMOUS = Principal("anonymous", administrator=True)
"""Everyone, where nobody has to log in."""
SIGNED = Principal("signed-url")
"""Whoever has a URL that this server has signed: no administrator, and allowed what the URL says alone."""
COMMAND_LINE = Principal("command-line", administrator=True)
"""Whoever may read the data directory of this machine, or knows the database's password."""


class Call(NamedTuple):
    """What a request says that may prove who sent it. The path is decoded, and "" where no signature can count."""

    headers: RequestHeaders
    address: str
    method: str = ""
    path: str = ""
    query: str = ""
    rest: str = ""
    """The end of the path that one parameter takes with all its slashes."""
    authority: str | None = None
    """The host, where it came otherwise than by a header."""
    peer: str = ""
    """The address that the connection came from: a proxy's, where `address` is what the proxy says."""


class Proof(NamedTuple):
    """Who calls, and what is still to be seen: the SHA-256 that the body must have, in base64, None for any."""

    principal: Principal
    body_digest: str | None = None


class Authenticator(Protocol):
    """Tells callers apart. Raises `not_authenticated` for one that it does not know."""

    async def identify(self, call: Call) -> Proof: ...
