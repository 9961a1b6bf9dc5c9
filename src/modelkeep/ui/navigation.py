"""The places that the side bar leads to."""

from typing import TYPE_CHECKING, NamedTuple

from modelkeep.identity.users import list_users
from modelkeep.registry.counts import count_server
from modelkeep.registry.permissions import list_platform_permissions
from modelkeep.ui.links import link, platform_link, workspace_link

if TYPE_CHECKING:
    from modelkeep.ui.page import Page


REGISTRY: tuple[tuple[str, str, str], ...] = (("models", "Models", "box"), ("prompts", "Prompts", "quote"))
"""Key, label and icon of the pages of a platform's registry; the key is the first segment of their addresses too."""

TRACKING: tuple[tuple[str, str, str], ...] = (("experiments", "Experiments", "flask"),)
"""Key, label and icon of the pages of a workspace; the key is the first segment of their addresses too."""


class Place(NamedTuple):
    """One entry. `key` is what a view calls itself by, so that its entry is marked."""

    key: str
    label: str
    icon: str
    href: str


class Group(NamedTuple):
    """Entries below one heading."""

    label: str
    places: list[Place]


def navigation(page: "Page") -> list[Group]:
    """What this caller can go to from here."""
    platform, workspace = page.platform, page.workspace or page.home_workspace
    groups = []
    if platform:
        registry = [(key, label, sign, platform_link(platform, key)) for key, label, sign in REGISTRY]
        groups.append(Group("Registry", [Place(*entry) for entry in registry]))
        tracking = [Place(key, label, icon, workspace_link(platform, workspace, key)) for key, label, icon in TRACKING]
        tracking.append(Place("overview", "Overview", "chart", workspace_link(platform, workspace, "overview")))
        groups.append(Group("Tracking", tracking))
        of_platform = [Place("workspaces", "Workspaces", "grid", platform_link(platform, "workspaces"))]
        if page.may(list_platform_permissions):
            of_platform.append(Place("permissions", "Permissions", "shield", platform_link(platform, "permissions")))
        if page.caller.administers:
            of_platform.append(Place("audit", "Audit", "list", platform_link(platform, "audit")))
        groups.append(Group("Platform", of_platform))
    of_server = [Place("platforms", "Platforms", "layers", link("platforms"))] if page.caller.name else []
    if page.may(list_users):
        of_server.append(Place("people", "People", "people", link("users")))
    if page.may(count_server):
        of_server.append(Place("server", "Server", "pulse", link("server")))
    of_server.append(Place("api", "API", "code", link("docs")))
    if page.caller.name:
        of_server.append(Place("me", "My account", "person", link("me")))
    groups.append(Group("Server", of_server))
    return groups
