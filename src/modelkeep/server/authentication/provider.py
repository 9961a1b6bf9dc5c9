"""An identity provider that speaks OpenID Connect: its documents, its keys, and the tokens that it signs."""

import asyncio
import json
import time
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt

from modelkeep.core.errors import not_authenticated, unavailable
from modelkeep.core.settings import Settings, listed

_TIMEOUT_SECONDS = 10
_MOST_BYTES = 1024 * 1024
_DISCOVERY = "/.well-known/openid-configuration"
_DOCUMENTS_SECONDS = 3_600
_KEYS_SECONDS = 600
_FETCH_AGAIN_SECONDS = 5
_LEEWAY_SECONDS = 30
_LONGEST_TOKEN = 16_384


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A provider's documents are where its issuer says, and nowhere else."""


_opener = build_opener(_NoRedirects)


class Provider:
    """What is fetched is remembered; an unknown key has the keys fetched again, though not at every token."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._client_id = settings.oidc_client_id
        self._client_secret = settings.oidc_client_secret
        self._audience = settings.oidc_audience or settings.oidc_client_id
        self._algorithms = listed(settings.oidc_algorithms)
        self._document: dict[str, Any] = {}
        self._document_until = 0.0
        self._keys: list[jwt.PyJWK] = []
        self._keys_until = self._fetch_after = 0.0
        self._fetching = asyncio.Lock()

    async def document(self) -> dict[str, Any]:
        """The provider's own description. Raises 503 where it does not answer."""
        if self._document_until <= time.monotonic():
            document = await _fetch(Request(self._issuer + _DISCOVERY))  # noqa: S310 - the scheme is checked at start
            if str(document.get("issuer", "")).rstrip("/") != self._issuer:
                raise unavailable("The identity provider calls itself by another name than --oidc-issuer.")
            self._document, self._document_until = document, time.monotonic() + _DOCUMENTS_SECONDS
        return self._document

    async def claims(self, token: str, audience: str = "") -> dict[str, Any]:
        """What a token says, once its signature, issuer, audience and times are found right."""
        if len(token) > _LONGEST_TOKEN:
            raise not_authenticated()
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise not_authenticated() from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in self._algorithms:
            raise not_authenticated()
        claims = self._verified(token, algorithm, kid, audience)
        if claims is None:
            await self._fetch_keys()
            claims = self._verified(token, algorithm, kid, audience)
        if claims is None:
            raise not_authenticated()
        return claims

    def _verified(self, token: str, algorithm: str, kid: str | None, audience: str) -> dict[str, Any] | None:
        """None where none of the keys at hand has signed it; raises where what was signed does not count."""
        if self._keys_until <= time.monotonic():
            return None
        for key in self._keys:
            if kid is not None and key.key_id is not None and key.key_id != kid:
                continue
            try:
                return jwt.decode(
                    token,
                    key.key,
                    [algorithm],
                    audience=audience or self._audience,
                    issuer=(self._issuer, self._issuer + "/"),
                    leeway=_LEEWAY_SECONDS,
                    options={"require": ["exp", "iss", "aud", "sub"]},
                )
            except (jwt.InvalidSignatureError, jwt.InvalidKeyError, TypeError):
                continue
            except (jwt.PyJWTError, ValueError):
                raise not_authenticated() from None
        return None

    async def _fetch_keys(self) -> None:
        async with self._fetching:
            if self._fetch_after > time.monotonic():
                return
            self._fetch_after = time.monotonic() + _FETCH_AGAIN_SECONDS
            document = await self.document()
            found = await _fetch(Request(str(document["jwks_uri"])))  # noqa: S310
            self._keys = _usable(found)
            self._keys_until = time.monotonic() + _KEYS_SECONDS

    async def authorization_url(self, redirect_uri: str, scopes: str, state: str, nonce: str, challenge: str) -> str:
        """Where a browser logs in."""
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{(await self.document())['authorization_endpoint']}?{urlencode(query)}"

    async def redeem(self, code: str, redirect_uri: str, verifier: str, nonce: str) -> dict[str, Any]:
        """What the provider says of the user whose browser brought this code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        if self._client_secret:
            form["client_secret"] = self._client_secret
        endpoint = str((await self.document())["token_endpoint"])
        answer = await _fetch(Request(endpoint, urlencode(form).encode()), refusals=True)  # noqa: S310
        claims = await self.claims(str(answer.get("id_token", "")), self._client_id)
        if claims.get("nonce") != nonce:
            raise not_authenticated()
        return claims


def _usable(found: dict[str, Any]) -> list[jwt.PyJWK]:
    keys = []
    for key in found.get("keys", []):
        try:
            if key.get("use", "sig") == "sig" and key.get("kty") in ("RSA", "EC", "OKP"):
                keys.append(jwt.PyJWK(key, algorithm=key.get("alg")))
        except (jwt.PyJWTError, AttributeError, ValueError):
            continue
    return keys


async def _fetch(request: Request, *, refusals: bool = False) -> dict[str, Any]:
    def fetch() -> dict[str, Any]:
        with _opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            found = json.loads(answer.read(_MOST_BYTES))
        if not isinstance(found, dict):
            raise TypeError("the provider's answer is no object")
        return found

    try:
        return await asyncio.to_thread(fetch)
    except URLError as error:
        if refusals and getattr(error, "code", 0) in range(400, 500):
            raise not_authenticated() from None
        raise unavailable("The identity provider does not answer; try again in a moment.") from None
    except (OSError, ValueError, TypeError):
        raise unavailable("The identity provider does not answer as one does.") from None
