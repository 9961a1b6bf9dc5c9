"""A user: what is known of it, its password, its tokens and keys. Of oneself, or of anyone for administrators."""

from starlette.responses import Response

from modelkeep.core.errors import ApiError, ErrorKind, invalid_parameter
from modelkeep.core.operation import Empty
from modelkeep.core.permission import Permission
from modelkeep.identity.keys import AddedKey, ApiKey, list_keys
from modelkeep.identity.session_tokens import SessionTokenEntry, list_session_tokens
from modelkeep.identity.tokens import AccessToken, CreatedToken, OfUser, list_tokens
from modelkeep.identity.users import (
    SetPassword,
    UpdateUser,
    User,
    UserName,
    delete_user,
    get_user,
    set_password,
    update_user,
)
from modelkeep.registry.platforms import list_platforms
from modelkeep.ui.forms import Form
from modelkeep.ui.links import link
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.texts import confirm
from modelkeep.ui.view import action, view


@view("/users/{name}")
async def user(page: Page) -> Response:
    """One user."""
    return await show_user(page)


async def show_user(page: Page, new_token: CreatedToken | None = None, new_key: AddedKey | None = None) -> Response:
    """The page of a user, with what was made just now and is shown this once."""
    shown = await load_user(page)
    credentials = await _credentials(page, shown.name)
    tokens, keys, sessions = credentials or ([], [], [])
    own = shown.name == page.caller.name
    places = await page.call(list_platforms, Empty()) if credentials else None
    response = page.render(
        "people/user.html",
        place="me" if own else "people",
        user=shown,
        own=own,
        manages=credentials is not None,
        tokens=tokens,
        keys=keys,
        sessions=sessions,
        scopes=[permission.name for permission in Permission],
        platforms=[platform.id for platform in places.items] if places else [],
        update=update_user,
        delete=delete_user,
        new_token=new_token,
        new_key=new_key,
    )
    if new_token:
        response.headers["cache-control"] = "no-store"
    return response


async def load_user(page: Page) -> User:
    """The user of the address."""
    return (await page.call(get_user, UserName(page.parameter("name")))).user


async def _credentials(page: Page, name: str) -> tuple[list[AccessToken], list[ApiKey], list[SessionTokenEntry]] | None:
    """The access tokens, keys and session tokens of a user, None where the caller may not manage them."""
    try:
        tokens = await page.call(list_tokens, OfUser(name))
    except ApiError as error:
        if error.kind is not ErrorKind.NOT_AUTHORIZED:
            raise
        return None
    keys, sessions = await page.call(list_keys, OfUser(name)), await page.call(list_session_tokens, OfUser(name))
    return tokens.access_tokens, keys.api_keys, sessions.session_tokens


@action("/users/{name}/details", shows=user)
async def change_user(page: Page, form: Form) -> Response:
    """What an administrator gives a user; what the form does not name stays."""
    name = page.parameter("name")
    texts = {field: form.text(field) for field in ("display_name", "email", "issuer", "subject")}
    flags = {field: field in form for field in ("is_administrator", "is_disabled", "acts_for_others")}
    await page.call(update_user, UpdateUser(name=name, **texts, **flags))  # type: ignore[arg-type]
    return page.go_to(link("users", name), f"{name} was saved.")


@action("/users/{name}/password", shows=user)
async def change_password(page: Page, form: Form) -> Response:
    """Set a password; all browsers' log-ins of the user end."""
    name, password = page.parameter("name"), form.raw("password")
    if password != form.raw("repeated"):
        raise invalid_parameter("repeated", "it is not the same. Type the new password twice. Nothing was changed.")
    details = SetPassword(name=name, password=password, current_password=form.raw("current_password") or None)
    await page.call(set_password, details)
    return page.go_to(
        link("users", name), f"The password of {name} was changed. Browsers that were logged in have to log in again."
    )


@view("/users/{name}/delete")
async def delete_form(page: Page) -> Response:
    shown = await load_user(page)
    page.demand(delete_user)
    return page.render("people/delete_user.html", place="people", user=shown)


@action("/users/{name}/delete", shows=delete_form)
async def remove_user(page: Page, form: Form) -> Response:
    name = page.parameter("name")
    confirm(form.text("confirmed"), name)
    await page.call(delete_user, UserName(name))
    return page.go_to(link("users"), f"The user {name} was deleted.")
