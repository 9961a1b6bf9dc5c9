"""How a browser logs in: by a password, or at the identity provider by an authorisation code with PKCE.

What the second needs to remember between its two requests is in a signed cookie, so that any server can end what
another began.
"""

import base64
import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from modelkeep.core.clock import now_ms
from modelkeep.core.errors import ApiError, not_authenticated
from modelkeep.core.scope import Scope
from modelkeep.core.settings import Settings
from modelkeep.identity import lookup
from modelkeep.identity.browser_sessions import close_session, open_session
from modelkeep.identity.changes import IdentityWatch
from modelkeep.identity.tokens import digest_of
from modelkeep.server.authentication.passwords import PasswordCheck
from modelkeep.server.log_in_records import AT_PROVIDER, BY_PASSWORD, LOG_OUT, log_in_attempt, record_log_in
from modelkeep.server.refusals import Refusals
from modelkeep.storage.engine import Engine
from modelkeep.storage.transaction import Transaction

if TYPE_CHECKING:
    from modelkeep.server.authentication.provided_users import ProvidedUsers

_HOUR_MS = 3_600_000
_MINUTES_TO_LOG_IN = 10
_ALGORITHM = "HS256"


class Session(NamedTuple):
    """What the browser keeps as a cookie, and for how many seconds; `onward` is where it wanted to go."""

    secret: str
    seconds: int
    onward: str = "/"


class LogIns:
    """Logs browsers in and out."""

    def __init__(
        self,
        engine: Engine,
        watch: IdentityWatch,
        settings: Settings,
        server_key: bytes,
        passwords: PasswordCheck,
        provided: "ProvidedUsers | None",
        refusals: Refusals,
    ) -> None:
        self._refusals = refusals
        self._engine = engine
        self._watch = watch
        self._hours = settings.session_hours
        self._scopes = settings.oidc_scopes
        self._passwords = passwords
        self._provided = provided
        self._key = hmac.new(server_key, b"log-ins", hashlib.sha256).digest()
        self.at_provider = provided is not None and bool(settings.oidc_client_id)
        """Whether browsers can log in at the identity provider."""

    async def by_password(self, scope: Scope, name: str, password: str) -> Session:
        """Raises `not_authenticated`, and where too many passwords were wrong. `scope` is of somebody unknown."""
        try:
            user = await self._user_of(scope.address, name, password)
            return await self._open(user, scope, BY_PASSWORD)
        except ApiError as error:
            self._refusals.note(error, log_in_attempt(scope, BY_PASSWORD, name))
            raise

    async def _user_of(self, address: str, name: str, password: str) -> int:
        if not password or not name.isprintable() or len(name) > 255 or len(password) > 1_024:
            raise not_authenticated()
        user = await self._engine.look_up(lambda tx: lookup.by_name(tx, name))
        right = await self._passwords.verify(address, name, user.material if user else "", password)
        if user is None or not right:
            raise not_authenticated()
        return user.id

    async def begin(self, redirect_uri: str, onward: str) -> tuple[str, str]:
        """Where the browser logs in, and the cookie that it has to bring back."""
        import jwt

        if self._provided is None or not self.at_provider:
            raise not_authenticated()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        url = await self._provided.provider.authorization_url(redirect_uri, self._scopes, state, nonce, challenge)
        begun = {"state": state, "nonce": nonce, "verifier": verifier, "onward": onward, "uri": redirect_uri}
        begun["exp"] = int(time.time()) + _MINUTES_TO_LOG_IN * 60  # type: ignore[assignment]
        return url, jwt.encode(begun, self._key, _ALGORITHM)

    async def end(self, cookie: str, state: str, code: str, scope: Scope) -> Session:
        """Raises `not_authenticated` where this browser began no such log-in, or the provider knows no such code."""
        try:
            user, onward = await self._redeem(cookie, state, code)
            return (await self._open(user, scope, AT_PROVIDER))._replace(onward=onward)
        except ApiError as error:
            self._refusals.note(error, log_in_attempt(scope, AT_PROVIDER, ""))
            raise

    async def _redeem(self, cookie: str, state: str, code: str) -> tuple[int, str]:
        """The user, and where the browser wanted to go."""
        import jwt

        if self._provided is None or not self.at_provider:
            raise not_authenticated()
        try:
            begun = jwt.decode(cookie, self._key, [_ALGORITHM], options={"require": ["exp"]})
        except jwt.PyJWTError:
            raise not_authenticated() from None
        if not code or not hmac.compare_digest(str(begun["state"]).encode(), state.encode()):
            raise not_authenticated()
        claims = await self._provided.provider.redeem(code, begun["uri"], begun["verifier"], begun["nonce"])
        return await self._provided.by_claims(claims), begun["onward"]

    async def log_out(self, secret: str, scope: Scope) -> None:
        """The cookie is worth nothing afterwards."""
        digest = digest_of(secret)

        def work(tx: Transaction) -> None:
            user = lookup.by_session(tx, digest)
            close_session(tx, digest)
            if user is not None:
                record_log_in(tx, scope, LOG_OUT, user.id, user.name)

        await self._engine.write(work, _raise)
        self._watch.changed()

    async def _open(self, user: int, scope: Scope, deed: str) -> Session:
        secret, now = secrets.token_urlsafe(32), now_ms()
        expires_at = now + self._hours * _HOUR_MS
        digest = digest_of(secret)

        def work(tx: Transaction) -> None:
            known = lookup.by_id(tx, user)
            if known is None:
                raise not_authenticated()
            open_session(tx, user, digest, now, expires_at, scope.address)
            record_log_in(tx, scope, deed, user, known.name)

        await self._engine.write(work, _raise)
        return Session(secret, self._hours * 3_600)


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error
