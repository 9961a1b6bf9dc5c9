"""The credentials of a request: access tokens, passwords, signatures, an identity provider's tokens, browsers' cookies.

What was proved is remembered until something changes, so that most requests ask nothing of the database. A signature
is verified each time all the same; only its key is remembered.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from modelkeep.core.clock import now_ms
from modelkeep.core.errors import not_authenticated, not_authorized
from modelkeep.core.scope import Principal
from modelkeep.identity import lookup
from modelkeep.identity.changes import IdentityWatch
from modelkeep.identity.lookup import KnownUser
from modelkeep.identity.session_tokens import read_session_token
from modelkeep.identity.tokens import PREFIX, digest_of
from modelkeep.server.authentication import COMMAND_LINE, Call, Proof
from modelkeep.server.authentication.cookies import session_of
from modelkeep.server.authentication.last_use import LastUse
from modelkeep.server.authentication.open_mode import named_user
from modelkeep.server.authentication.passwords import PasswordCheck, read_basic
from modelkeep.server.authentication.signatures import (
    check_coverage,
    check_date,
    is_signed,
    read_signature,
    signed_digest,
)
from modelkeep.storage.engine import Engine
from modelkeep.storage.transaction import Transaction

_MOST_REMEMBERED = 50_000
_FOR_EVER = 1 << 62
_SESSION_TOKEN = "ST$"  # noqa: S105 - how signatures mark one


@dataclass(slots=True)
class Known:
    """A credential that was proved, good while nothing has changed and its time is not over."""

    user: KnownUser
    principal: Principal
    generation: int
    expires_at: int
    key: RSAPublicKey | None = None
    kind: str = ""
    used_at: int = 0
    proved_until: int = _FOR_EVER
    """Until when it need not be proved again, though it be looked up again."""

    @property
    def credential(self) -> int:
        return self.user.credential


class Credentials:
    """Tells callers apart by what they prove themselves with."""

    def __init__(
        self,
        engine: Engine,
        watch: IdentityWatch,
        *,
        server_key: bytes,
        command_secret: str,
        passwords: PasswordCheck,
        last_use: LastUse,
        signature_skew_ms: int,
        password_ms: int,
        hosts: Sequence[str],
        tokens_of_provider: Callable[[str], Any] | None = None,
        proxies: Sequence[str] = (),
        proxy_user_header: str = "",
    ) -> None:
        self._proxies = frozenset(proxies)
        self._proxy_user_header = proxy_user_header.lower()
        self._engine = engine
        self._watch = watch
        self._server_key = server_key
        self._command_secret = command_secret.encode()
        self._passwords = passwords
        self._last_use = last_use
        self._skew_ms = signature_skew_ms
        self._password_ms = password_ms
        self._hosts = hosts
        self._tokens_of_provider = tokens_of_provider
        self._known: dict[bytes | str, Known] = {}
        self._verifying: dict[bytes, asyncio.Future[Known]] = {}
        self._key = secrets.token_bytes(32)

    async def identify(self, call: Call) -> Proof:
        authorization = call.headers.get("authorization")
        digest = None
        if authorization is None:
            if "authorization" in call.headers:
                raise not_authenticated()
            by_proxy = self._named_by_proxy(call)
            known = await (self._by_name(by_proxy) if by_proxy else self._by_cookie(call))
        else:
            scheme, _, parameters = authorization.partition(" ")
            scheme = scheme.lower()
            if scheme == "signature":
                known, digest = await self._by_signature(call, parameters)
            elif scheme == "bearer":
                known = await self._by_bearer(call, parameters.strip())
            elif scheme == "basic":
                known = await self._by_password(call, parameters)
            else:
                raise not_authenticated()
        name = named_user(call.headers)
        if name is not None and name != known.principal.name:
            return Proof(await self._on_behalf(known, name), digest)
        return Proof(known.principal, digest)

    def _recall(self, key: bytes | str) -> Known | None:
        known = self._known.get(key)
        if known is None or known.generation != self._watch.generation:
            return None
        now = now_ms()
        if known.expires_at <= now:
            raise not_authenticated()
        if known.proved_until <= now:
            return None
        if known.kind:
            self._last_use.note(known, now)
        return known

    async def _find(
        self,
        key: bytes | str,
        find: Callable[[Transaction], KnownUser | None],
        kind: str = "",
        public_key: Callable[[KnownUser], RSAPublicKey] | None = None,
        expires_at: int = _FOR_EVER,
    ) -> Known:
        """Look a credential up, and remember what it proves. The generation is taken first: what changes meanwhile
        is looked up again.
        """
        generation = self._watch.generation
        user = await self._engine.look_up(find)
        if user is None or (user.expires_at or _FOR_EVER) <= now_ms():
            self._known.pop(key, None)
            raise not_authenticated()
        parsed = public_key(user) if public_key is not None else None
        ends = min(user.expires_at or _FOR_EVER, expires_at)
        known = Known(user, user.principal(), generation, ends, parsed, kind)
        self._remember(key, known)
        if kind:
            self._last_use.note(known, now_ms())
        return known

    def _remember(self, key: bytes | str, known: Known) -> None:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = known

    async def _by_bearer(self, call: Call, token: str) -> Known:
        if token.startswith(PREFIX):
            return await self._by_token(token)
        if self._command_secret and hmac.compare_digest(token.encode(), self._command_secret):
            return _COMMAND
        if self._tokens_of_provider is not None and token.count(".") == 2:
            return await self._by_provider(token)
        raise not_authenticated()

    async def _by_token(self, token: str) -> Known:
        digest = digest_of(token)
        key = b"token" + digest
        known = self._recall(key)
        if known is None:
            known = await self._find(key, lambda tx: lookup.by_token(tx, digest), "token")
        return known

    async def _by_provider(self, token: str) -> Known:
        """A token that an identity provider has signed; what it proved is remembered as long as it holds."""
        digest = b"jwt" + digest_of(token)
        known = self._recall(digest)
        if known is not None:
            return known
        if self._tokens_of_provider is None:
            raise not_authenticated()
        user, proved_until, expires_at = await self._tokens_of_provider(token)
        known = await self._find(digest, lambda tx: lookup.by_id(tx, user), expires_at=expires_at)
        known.proved_until = proved_until
        return known

    async def _by_name(self, name: str) -> Known:
        """A user whose name somebody says who may."""
        key = b"named" + name.encode()
        return self._recall(key) or await self._find(key, lambda tx: lookup.by_name(tx, name))

    def _named_by_proxy(self, call: Call) -> str:
        """The user whom a trusted proxy has authenticated, "" where none says so."""
        if not self._proxy_user_header or call.peer not in self._proxies:
            return ""
        return call.headers.get(self._proxy_user_header) or ""

    async def _by_cookie(self, call: Call) -> Known:
        session = session_of(call)
        if session is None:
            raise not_authenticated()
        digest = digest_of(session)
        key = b"cookie" + digest
        return self._recall(key) or await self._find(key, lambda tx: lookup.by_session(tx, digest))

    async def _by_signature(self, call: Call, parameters: str) -> tuple[Known, str | None]:
        signature = read_signature(parameters)
        if not call.path:
            raise not_authenticated()
        digest = check_coverage(call, signature.headers)
        check_date(call, signature.headers, now_ms(), self._skew_ms)
        known = self._recall(signature.key_id) or await self._key_of(signature.key_id)
        if known.key is None:
            raise not_authenticated()
        if not is_signed(call, signature.headers, self._hosts, signed_digest(known.key, signature.signature)):
            raise not_authenticated()
        return known, digest

    async def _key_of(self, key_id: str) -> Known:
        if not key_id.startswith(_SESSION_TOKEN):
            return await self._find(key_id, lambda tx: lookup.by_key(tx, key_id), "key", _public_key)
        session = read_session_token(self._server_key, key_id.removeprefix(_SESSION_TOKEN))
        if session is None:
            raise not_authenticated()
        return await self._find(
            key_id,
            lambda tx: lookup.by_session_token(tx, session.id, session.user),
            "",
            lambda user: session.key,
            session.expires_at,
        )

    async def _by_password(self, call: Call, parameters: str) -> Known:
        name, password = read_basic(parameters)
        if password.startswith(PREFIX):
            known = await self._by_token(password)
            if known.principal.name != name:
                raise not_authenticated()
            return known
        key = b"password" + hashlib.blake2b(f"{name}:{password}".encode(), key=self._key, digest_size=32).digest()
        known_now = self._recall(key)
        if known_now is not None:
            return known_now
        # Of many requests that come at once with one password, the first has it verified for all.
        verifying = self._verifying.get(key)
        if verifying is None:
            verifying = self._verifying[key] = asyncio.ensure_future(self._verify(key, call.address, name, password))
            verifying.add_done_callback(lambda done: self._verified(key, done))
        return await asyncio.shield(verifying)

    def _verified(self, key: bytes, done: "asyncio.Future[Known]") -> None:
        del self._verifying[key]
        if not done.cancelled():
            done.exception()

    async def _verify(self, key: bytes, address: str, name: str, password: str) -> Known:
        generation = self._watch.generation
        user = await self._engine.look_up(lambda tx: lookup.by_name(tx, name))
        before, now = self._known.get(key), now_ms()
        if before is not None and before.proved_until > now and user is not None and _same_password(before.user, user):
            # Something has changed, but not this.
            proved_until = before.proved_until
        else:
            right = await self._passwords.verify(address, name, user.material if user else "", password)
            if not right or user is None:
                self._known.pop(key, None)
                raise not_authenticated()
            proved_until = now_ms() + self._password_ms
        known = Known(user, user.principal(), generation, _FOR_EVER, proved_until=proved_until)
        self._remember(key, known)
        return known

    async def _on_behalf(self, known: Known, name: str) -> Principal:
        """The user whom a gateway calls for, with that user's rights and no more than the gateway's token allows."""
        caller = known.principal
        if not known.user.acts_for_others:
            raise not_authorized(caller.name, "act for others", "a user who acts for others")
        named = await self._by_name(name)
        return replace(named.principal, ceiling=caller.ceiling, only_platform=caller.only_platform, caller=caller.name)


def _same_password(before: KnownUser, now: KnownUser) -> bool:
    return before.id == now.id and hmac.compare_digest(before.material, now.material)


def _public_key(user: KnownUser) -> RSAPublicKey:
    key = load_pem_public_key(user.material.encode())
    if not isinstance(key, RSAPublicKey):
        raise not_authenticated()
    return key


_COMMAND = Known(KnownUser(0, COMMAND_LINE.name, True, True, ()), COMMAND_LINE, 0, _FOR_EVER)
