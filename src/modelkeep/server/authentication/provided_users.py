"""From what an identity provider has signed to a user of this server."""

import time
from typing import Any, NoReturn

from modelkeep.core.clock import now_ms
from modelkeep.core.errors import not_authenticated
from modelkeep.core.scope import Dialect, Principal, Scope
from modelkeep.core.settings import Settings
from modelkeep.identity.changes import IdentityWatch
from modelkeep.identity.lookup import by_subject
from modelkeep.identity.provided import find_provided, receive_provided
from modelkeep.identity.users import UserDetails
from modelkeep.server.authentication.provider import Provider
from modelkeep.server.log_in_records import FIRST_LOG_IN, GROUPS_CHANGED, record_log_in
from modelkeep.storage.engine import Engine
from modelkeep.storage.transaction import Transaction

# A key that the provider has withdrawn is trusted no longer than this, whatever its tokens say.
_PROVED_MS = 300_000
_MOST_GROUPS = 1_000


class ProvidedUsers:
    """The users of one provider."""

    def __init__(self, engine: Engine, watch: IdentityWatch, settings: Settings) -> None:
        self.provider = Provider(settings)
        self._engine = engine
        self._watch = watch
        self._settings = settings

    async def by_token(self, token: str) -> tuple[int, int, int]:
        """User, and until when the token need not be verified again, and holds at all: milliseconds since 1970."""
        claims = await self.provider.claims(token)
        user = await self.by_claims(claims)
        expires_at = int(claims["exp"]) * 1_000
        return user, min(now_ms() + _PROVED_MS, expires_at), expires_at

    async def by_claims(self, claims: dict[str, Any]) -> int:
        """The row id of the user, who is made, or made a member of groups, where the settings say so."""
        issuer, subject = self._settings.oidc_issuer, claims["sub"]
        groups = self._groups(claims)
        known = await self._engine.look_up(lambda tx: find_provided(tx, issuer, subject, groups))
        if known is not None:
            return known.id
        details = UserDetails(
            display_name=_text(claims, "name"), email=_text(claims, "email"), issuer=issuer, subject=subject
        )
        name = _text(claims, self._settings.oidc_name_claim) or subject
        scope = self._scope()

        def receive(tx: Transaction) -> int:
            create = self._settings.oidc_create_users
            before = by_subject(tx, issuer, subject)
            user = receive_provided(tx, scope, name, details, groups, create=create)
            deed = FIRST_LOG_IN if before is None else GROUPS_CHANGED
            record_log_in(tx, scope, deed, user, before.name if before is not None else name)
            return user

        user = await self._engine.write(receive, _raise)
        self._watch.changed()
        return user

    def _groups(self, claims: dict[str, Any]) -> list[str] | None:
        """The names that the provider says, None where it is not asked."""
        name = self._settings.oidc_groups_claim
        if not name:
            return None
        found = claims.get(name, [])
        named = found if isinstance(found, list) else [found]
        if len(named) > _MOST_GROUPS or not all(isinstance(group, str) for group in named):
            raise not_authenticated()
        return named

    def _scope(self) -> Scope:
        principal = Principal("identity-provider", administrator=True)
        request_id = f"log-in-{time.time_ns()}"
        return Scope(principal, Dialect.ORACLE, now_ms(), request_id, self._settings.limits, b"")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _raise(tx: Transaction, error: Exception) -> NoReturn:
    raise error
