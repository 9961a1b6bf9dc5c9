"""Who is calling. Open mode knows no identities: everyone is an administrator, under the name they give."""

from typing import Protocol

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.scope import Principal
from modelkeep.server.http import RequestHeaders, read_header

ANONYMOUS = Principal("anonymous", administrator=True)
SIGNED = Principal("signed-url")
"""Whoever has a URL that this server has signed: no administrator, and allowed what the URL says alone."""
_ON_BEHALF_OF = "dh-user-principal"
_NAME_LENGTH = 255


class Authenticator(Protocol):
    """Tells callers apart. Raises `not_authenticated` for one that it does not know."""

    def principal(self, headers: RequestHeaders) -> Principal: ...


class OpenMode:
    """No authentication: `dh-user-principal` names the user, as a trusted gateway would."""

    def principal(self, headers: RequestHeaders) -> Principal:
        name = read_header(headers, _ON_BEHALF_OF)
        if name is None:
            return ANONYMOUS
        if not 1 <= len(name) <= _NAME_LENGTH or not name.isprintable():
            raise invalid_parameter(_ON_BEHALF_OF, f"it must have 1 to {_NAME_LENGTH} printable characters.")
        return Principal(name, administrator=True)
