"""Groups and roles, and who is in them: what both have in common, as their operations do."""

from collections.abc import Callable
from typing import Any, NamedTuple

from starlette.responses import Response

from modelkeep.core.operation import Empty
from modelkeep.identity import groups as group_operations
from modelkeep.identity import roles as role_operations
from modelkeep.identity.collections import (
    Collection,
    CollectionName,
    CreateCollection,
    ListCollections,
    MemberOf,
    UpdateCollection,
)
from modelkeep.registry.platforms import list_platforms
from modelkeep.ui.forms import Form
from modelkeep.ui.links import link
from modelkeep.ui.listing import ROWS, pages_of
from modelkeep.ui.page import Page
from modelkeep.ui.registry_pages.texts import confirm
from modelkeep.ui.view import action, view


class Sort(NamedTuple):
    """Groups or roles: their operations and words."""

    key: str
    one: str
    members: tuple[str, ...]
    create: Callable[..., Any]
    list_: Callable[..., Any]
    get: Callable[..., Any]
    update: Callable[..., Any]
    delete: Callable[..., Any]
    add: Callable[..., Any]
    remove: Callable[..., Any]

    def address(self, name: str, platform: str, *further: str) -> str:
        """The page of one of them. A role may belong to a platform, which its address names then."""
        return link(self.key, name, *further, platform=platform)


GROUPS = Sort(
    "groups",
    "group",
    ("user",),
    group_operations.create_group,
    group_operations.list_groups,
    group_operations.get_group,
    group_operations.update_group,
    group_operations.delete_group,
    group_operations.add_group_member,
    group_operations.remove_group_member,
)
ROLES = Sort(
    "roles",
    "role",
    ("user", "group"),
    role_operations.create_role,
    role_operations.list_roles,
    role_operations.get_role,
    role_operations.update_role,
    role_operations.delete_role,
    role_operations.add_role_member,
    role_operations.remove_role_member,
)


def sort_of(page: Page) -> Sort:
    """Whether groups or roles are meant: the first segment of the address says."""
    return ROLES if page.request.url.path.startswith("/roles") else GROUPS


@view("/groups")
@view("/roles")
async def collections(page: Page) -> Response:
    """All of them by name, or those found by words."""
    sort, words = sort_of(page), page.asked("q").strip()
    request = ListCollections(max_results=ROWS, page_token=page.asked("page"), containing=words)
    answer = await page.call(sort.list_, request)
    platforms = await page.call(list_platforms, Empty()) if sort is ROLES else None
    return page.render(
        "people/collections.html",
        place="people",
        sort=sort,
        found=getattr(answer, sort.key),
        query=words,
        platforms=[platform.id for platform in platforms.items] if platforms else [],
        pages=pages_of(page, answer.next_page_token),
    )


@action("/groups", shows=collections)
@action("/roles", shows=collections)
async def add_collection(page: Page, form: Form) -> Response:
    """Make one and go to its page."""
    sort, name, platform = sort_of(page), form.text("name"), form.text("platform")
    details = CreateCollection(name=name, description=form.text("description"), platform=platform)
    await page.call(sort.create, details, retry_token=form.raw("retry_token"))
    return page.go_to(sort.address(name, platform), f"The {sort.one} {name} was created.")


@view("/groups/{name}")
@view("/roles/{name}")
async def collection(page: Page) -> Response:
    """One of them, and who is in it."""
    sort = sort_of(page)
    return page.render("people/collection.html", place="people", sort=sort, shown=await _load(page, sort))


def _named(page: Page) -> dict[str, str]:
    return {"name": page.parameter("name"), "platform": page.asked("platform")}


def _here(page: Page, sort: Sort) -> str:
    return sort.address(page.parameter("name"), page.asked("platform"))


async def _load(page: Page, sort: Sort) -> Collection:
    found: Collection = getattr(await page.call(sort.get, CollectionName(**_named(page))), sort.one)
    return found


@action("/groups/{name}/description", shows=collection)
@action("/roles/{name}/description", shows=collection)
async def describe_collection(page: Page, form: Form) -> Response:
    sort = sort_of(page)
    await page.call(sort.update, UpdateCollection(**_named(page), description=form.text("description")))
    return page.go_to(_here(page, sort), "The description was saved.")


@action("/groups/{name}/members", shows=collection)
@action("/roles/{name}/members", shows=collection)
async def change_members(page: Page, form: Form) -> Response:
    """Add a member, or remove the one whose button was pressed."""
    sort = sort_of(page)
    if "remove" in form:
        kind, _, member = form.raw("remove").partition(":")
        await page.call(sort.remove, MemberOf(**_named(page), kind=kind, member=member))
        return page.go_to(_here(page, sort), f"{member} is no member any more.")
    member = form.text("member")
    details = MemberOf(**_named(page), kind=form.text("kind") or "user", member=member)
    await page.call(sort.add, details)
    return page.go_to(_here(page, sort), f"{member} is a member now.")


@view("/groups/{name}/delete")
@view("/roles/{name}/delete")
async def delete_form(page: Page) -> Response:
    sort = sort_of(page)
    shown = await _load(page, sort)
    page.demand(sort.delete)
    return page.render("people/delete_collection.html", place="people", sort=sort, shown=shown)


@action("/groups/{name}/delete", shows=delete_form)
@action("/roles/{name}/delete", shows=delete_form)
async def remove_collection(page: Page, form: Form) -> Response:
    sort, name = sort_of(page), page.parameter("name")
    confirm(form.text("confirmed"), name)
    await page.call(sort.delete, CollectionName(**_named(page)))
    return page.go_to(link(sort.key), f"The {sort.one} {name} was deleted.")
