"""The users of the server, for administrators, and making one."""

from starlette.responses import RedirectResponse, Response

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.identity.users import CreateUser, ListUsers, UserName, create_user, get_user, list_users
from modelkeep.ui.forms import Form
from modelkeep.ui.links import link
from modelkeep.ui.listing import ROWS, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.view import action, view


@view("/users")
async def users(page: Page) -> Response:
    """Users by name, all or those found by words."""
    words = page.asked("q").strip()
    answer = await page.call(list_users, ListUsers(max_results=ROWS, page_token=page.asked("page"), containing=words))
    return page.render(
        "people/users.html",
        place="people",
        users=answer.users,
        query=words,
        create=create_user,
        pages=pages_of(page, answer.next_page_token),
    )


@view("/new-user")
async def new_user(page: Page) -> Response:
    page.demand(create_user)
    return page.render("people/new_user.html", place="people")


@action("/new-user", shows=new_user)
async def add_user(page: Page, form: Form) -> Response:
    """Make a user and go to its page."""
    name = form.text("name")
    details = CreateUser(
        name=name,
        password=form.raw("password") or None,
        display_name=form.text("display_name"),
        email=form.text("email"),
        is_administrator="is_administrator" in form,
    )
    await page.call(create_user, details)
    return page.go_to(link("users", name), f"The user {name} was created.")


@view("/me")
async def me(page: Page) -> Response:
    """The caller's own page; where nobody has to log in, what to do about that."""
    name = page.caller.name
    try:
        await page.call(get_user, UserName(name))
    except ApiError as error:
        if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.NOT_AUTHORIZED):
            raise
        return page.render("people/nobody.html", place="me", create=create_user)
    return RedirectResponse(link("users", name), 303)
