"""What holds for every view: everybody can use it, it runs nothing that somebody wrote, and offers no refusal."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import httpx
import pytest

from tests.identity.conftest import Guarded, guard
from tests.identity.people import PASSWORD
from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.server import RunningServer
from tests.ui.world import DRAWN_LATER, HOSTILE_TEXTS, VIEWS, fill

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_TAKEN_FOR_MARKUP = "img[src='x'], main script:not([type='application/json']), main iframe, [onerror]"
_REFUSED_TO_READERS = {
    "/p/{platform}/new-model",
    "/p/{platform}/new-prompt",
    "/p/{platform}/models/{name}/write",
    "/p/{platform}/register",
    "/p/{platform}/models/{name}/rename",
    "/p/{platform}/models/{name}/delete",
    "/p/{platform}/models/{name}/versions/{version}/delete",
    "/p/{platform}/audit",
    "/p/{platform}/w/{workspace}/overview/delete",
    "/p/{platform}/w/{workspace}/new-experiment",
    "/p/{platform}/w/{workspace}/experiments/{experiment_id}/delete",
    "/p/{platform}/w/{workspace}/logged-models/{model_id}/delete",
    "/server",
    "/users",
    "/new-user",
    "/users/{name}",
    "/users/{name}/delete",
    "/users/{name}/tokens/{token}/revoke",
    "/users/{name}/keys/{fingerprint}/revoke",
    "/users/{name}/session-tokens/{id}/revoke",
    *(f"/{kind}{more}" for kind in ("groups", "roles") for more in ("", "/{name}", "/{name}/delete")),
}


class World(NamedTuple):
    """The server, and of each view's path the addresses to look at."""

    guarded: Guarded
    addresses: dict[str, list[str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with RunningServer(tmp_path_factory.mktemp("hostile"), "--failed-log-ins-per-minute", "1000") as server:
        guarded = guard(server)
        yield World(guarded, fill(guarded, HOSTILE_TEXTS))


@pytest.fixture
def root(world: World, browser: "Browser") -> Iterator[Visitor]:
    """The administrator's browser. It fails where a script of somebody's ran, or the policy had to stop one."""
    visitor = Visitor(browser, world.guarded.url, extra_http_headers=world.guarded.administrator.headers)
    yield visitor
    visitor.close()


def test_no_view_is_left_out(world: World) -> None:
    assert sorted(world.addresses) == VIEWS


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_texts_as_texts_to_everybody_at_every_width(root: Visitor, world: World, view: str) -> None:
    for address in reversed(world.addresses[view]):
        page = root.open(address)
        if page.locator(DRAWN_LATER).count():
            page.wait_for_load_state("networkidle")
        assert page.locator(_TAKEN_FOR_MARKUP).count() == 0, address
        root.check_width()
        page.set_viewport_size({"width": 390, "height": 800})
        root.check_width()
        page.set_viewport_size({"width": 1280, "height": 800})
    root.check_accessibility()
    root.page.emulate_media(color_scheme="dark")
    root.check_accessibility("color-contrast")


class _Offered(HTMLParser):
    """The links of a page, and where the forms of its main part send what changes something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.changes: list[str] = []
        self._in_main = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self._in_main = self._in_main or tag == "main"
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.add(given["href"])
        if tag == "form" and self._in_main and given.get("method", "").lower() == "post":
            self.changes.append(given.get("action", ""))

    def handle_endtag(self, tag: str) -> None:
        self._in_main = self._in_main and tag != "main"


def _refused(world: World, name: str, grants: dict[str, str]) -> set[str]:
    """The views that somebody new with these grants may not see. What the others offer is not refused."""
    api, offered, refused = world.guarded.administrator, set[str](), set[str]()
    api.ok("POST", "users", {"name": name, "password": PASSWORD}, status=201)
    platform = Api(world.guarded.url, "/20260430/aiDataPlatforms/default", api.headers)
    for path, field in grants.items():
        details = {"assignees": {"type": "USER", "targets": [name]}, "permissions": ["READ"]}
        platform.ok("POST", f"{path}actions/managePermission", {field: details}, status=204)
    token = api.ok("POST", f"users/{name}/tokens", {"name": "pages"}, status=201)["token"]
    headers = {"authorization": f"Bearer {token}", "accept": "text/html"}
    with httpx.Client(base_url=world.guarded.url, headers=headers, follow_redirects=True, timeout=60) as browser:
        for view, address in ((view, one) for view, addresses in world.addresses.items() for one in addresses):
            answer = browser.get(address)
            shown = _Offered(answer.text)
            assert shown.changes == [] or view == "/me", address
            if answer.status_code in (403, 404):
                refused.add(view)
                continue
            assert answer.status_code == 200, address
            offered |= shown.links
        answers = {link: browser.get(link).status_code for link in offered}
    assert {link: status for link, status in answers.items() if status != 200} == {}
    return refused


def test_a_reader_is_offered_nothing_that_would_be_refused(world: World) -> None:
    assert _refused(world, "rita", {"": "assignPermissionDetails"}) == _REFUSED_TO_READERS


def test_a_reader_of_one_model_and_one_experiment_is_offered_nothing_else(world: World) -> None:
    below = "mlops/api/2.0/mlflow"
    grants = {
        f"workspaces/default/{below}/experiments/1/": "assignPermissionDetails",
        f"{below}/registered-models/{quote(HOSTILE_TEXTS.name)}/": "assignRegisteredModelPermissionDetails",
    }
    refused = _refused(world, "otto", grants)
    assert "/p/{platform}/permissions" in refused
    assert refused.isdisjoint({"/p/{platform}/models", "/p/{platform}/w/{workspace}/runs/{run_id}", "/me"})
