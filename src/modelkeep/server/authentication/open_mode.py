"""Where nobody has to log in, everyone is an administrator, under the name they give."""

from modelkeep.core.errors import invalid_parameter
from modelkeep.core.scope import Principal
from modelkeep.server.authentication import ANONYMOUS, Call, Proof
from modelkeep.server.http import RequestHeaders, read_header

_ON_BEHALF_OF = "dh-user-principal"
_NAME_LENGTH = 255
_ANYONE = Proof(ANONYMOUS)


class OpenMode:
    """No authentication: `dh-user-principal` names the user, as a trusted gateway would."""

    async def identify(self, call: Call) -> Proof:
        name = named_user(call.headers)
        return _ANYONE if name is None else Proof(Principal(name, administrator=True))


def named_user(headers: RequestHeaders) -> str | None:
    """On whose behalf a call is made, None where that is not said. Raises for what is no name."""
    name = read_header(headers, _ON_BEHALF_OF)
    if name is not None and (not 1 <= len(name) <= _NAME_LENGTH or not name.isprintable()):
        raise invalid_parameter(_ON_BEHALF_OF, f"it must have 1 to {_NAME_LENGTH} printable characters.")
    return name
