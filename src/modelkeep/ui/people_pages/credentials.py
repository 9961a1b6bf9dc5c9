"""The access tokens, API keys and session tokens of a user. Of oneself, or of anyone for administrators."""

from collections.abc import Collection

from starlette.responses import Response

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.identity.keys import AddKey, KeyOfUser, add_key, delete_key, list_keys
from modelkeep.identity.session_tokens import SessionTokenOfUser, delete_session_token, list_session_tokens
from modelkeep.identity.tokens import CreateToken, OfUser, TokenName, create_token, delete_token, list_tokens
from modelkeep.identity.users import User
from modelkeep.ui.forms import Form
from modelkeep.ui.links import link
from modelkeep.ui.page import Page
from modelkeep.ui.people_pages.user import load_user, show_user, user
from modelkeep.ui.view import action, view


@action("/users/{name}/tokens", shows=user)
async def make_token(page: Page, form: Form) -> Response:
    """Make a token, and show it this once."""
    details = CreateToken(
        user=page.parameter("name"),
        name=form.text("token"),
        scope=form.text("scope"),
        platform=form.text("platform"),
        days=_days(form.text("days")),
    )
    made = await page.call(create_token, details)
    return await show_user(page, new_token=made)


def _ask_to_revoke(page: Page, owner: User, kind: str, called: str, there: Collection[str]) -> Response:
    """The page that asks whether one of the owner's credentials is to be revoked."""
    if called not in there:
        raise ApiError(ErrorKind.NOT_FOUND, f"'{owner.name}' has no {kind} '{called}'.")
    return page.render("people/revoke.html", place="people", user=owner, kind=kind, called=called)


def _days(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid_parameter("days", f"{text[:20]!r} is no number of days; leave it empty for a token without end.")
    return int(text)


@view("/users/{name}/tokens/{token}/revoke")
async def revoke_token_form(page: Page) -> Response:
    shown, name = await load_user(page), page.parameter("token")
    tokens = (await page.call(list_tokens, OfUser(shown.name))).access_tokens
    return _ask_to_revoke(page, shown, "token", name, {token.name for token in tokens})


@action("/users/{name}/tokens/{token}/revoke", shows=revoke_token_form)
async def revoke_token(page: Page, form: Form) -> Response:
    name, token = page.parameter("name"), page.parameter("token")
    await page.call(delete_token, TokenName(name, token))
    return page.go_to(link("users", name), f"The token {token} was revoked.")


@action("/users/{name}/keys", shows=user)
async def keep_key(page: Page, form: Form) -> Response:
    """Add a public key, and show the lines of a client's profile that name it."""
    details = AddKey(
        user=page.parameter("name"),
        public_key=form.raw("public_key").strip(),
        tenancy=form.text("tenancy"),
        user_ocid=form.text("user_ocid"),
    )
    added = await page.call(add_key, details, retry_token=form.raw("retry_token"))
    return await show_user(page, new_key=added)


@view("/users/{name}/keys/{fingerprint}/revoke")
async def revoke_key_form(page: Page) -> Response:
    shown, fingerprint = await load_user(page), page.parameter("fingerprint")
    keys = (await page.call(list_keys, OfUser(shown.name))).api_keys
    return _ask_to_revoke(page, shown, "key", fingerprint, {key.fingerprint for key in keys})


@action("/users/{name}/keys/{fingerprint}/revoke", shows=revoke_key_form)
async def revoke_key(page: Page, form: Form) -> Response:
    name, fingerprint = page.parameter("name"), page.parameter("fingerprint")
    await page.call(delete_key, KeyOfUser(name, fingerprint))
    return page.go_to(link("users", name), f"The key {fingerprint} was revoked.")


@view("/users/{name}/session-tokens/{id}/revoke")
async def revoke_session_token_form(page: Page) -> Response:
    shown, made = await load_user(page), page.parameter("id")
    sessions = (await page.call(list_session_tokens, OfUser(shown.name))).session_tokens
    return _ask_to_revoke(page, shown, "session token", made, {session.id for session in sessions})


@action("/users/{name}/session-tokens/{id}/revoke", shows=revoke_session_token_form)
async def revoke_session_token(page: Page, form: Form) -> Response:
    name, made = page.parameter("name"), page.parameter("id")
    await page.call(delete_session_token, SessionTokenOfUser(name, made))
    return page.go_to(link("users", name), f"The session token {made} was revoked.")
