"""What holds for every view: everybody can use it, it runs nothing that somebody wrote, and offers no refusal."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from modelkeep.ui.application import MODULES
from modelkeep.ui.view import views_of
from tests.identity.conftest import Guarded, guard
from tests.identity.people import PASSWORD
from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.server import RunningServer
from tests.ui.hostile_world import NO_PAGES, fill

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_VIEWS = sorted({declared.path for declared in views_of(MODULES) if declared.act is None} - NO_PAGES)
_TAKEN_FOR_MARKUP = "img[src='x'], main script:not([type='application/json']), main iframe, [onerror]"
_DRAWN_LATER = "script[src*='plotly']"
_REFUSED_TO_READERS = {
    "/p/{platform}/new-model",
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
        yield World(guarded, fill(guarded))


@pytest.fixture
def root(world: World, browser: "Browser") -> Iterator[Visitor]:
    """The administrator's browser. It fails where a script of somebody's ran, or the policy had to stop one."""
    visitor = Visitor(browser, world.guarded.url, extra_http_headers=world.guarded.administrator.headers)
    yield visitor
    visitor.close()


def test_no_view_is_left_out(world: World) -> None:
    assert sorted(world.addresses) == _VIEWS


@pytest.mark.parametrize("view", _VIEWS)
def test_a_view_shows_texts_as_texts_to_everybody_at_every_width(root: Visitor, world: World, view: str) -> None:
    for address in reversed(world.addresses[view]):
        page = root.open(address)
        if page.locator(_DRAWN_LATER).count():
            page.wait_for_load_state("networkidle")
        assert page.locator(_TAKEN_FOR_MARKUP).count() == 0, address
        root.check_width()
        page.set_viewport_size({"width": 390, "height": 800})
        root.check_width()
        page.set_viewport_size({"width": 1280, "height": 800})
    root.check_accessibility()


class _Main(HTMLParser):
    """The links of a page's main part, and where its forms send what changes something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.changes: list[str] = []
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._inside = self._inside or tag == "main"
        if not self._inside:
            return
        if tag == "a" and (given.get("href") or "").startswith("/"):
            self.links.add(given["href"] or "")
        if tag == "form" and (given.get("method") or "").lower() == "post":
            self.changes.append(given.get("action") or "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "main"


def test_a_reader_is_offered_nothing_that_would_be_refused(world: World) -> None:
    api, offered = world.guarded.administrator, set()
    api.ok("POST", "users", {"name": "rita", "password": PASSWORD}, status=201)
    details = {"assignees": {"type": "USER", "targets": ["rita"]}, "permissions": ["READ"]}
    platform = Api(world.guarded.url, "/20260430/aiDataPlatforms/default", api.headers)
    platform.ok("POST", "actions/managePermission", {"assignPermissionDetails": details}, status=204)
    token = api.ok("POST", "users/rita/tokens", {"name": "pages"}, status=201)["token"]
    headers = {"authorization": f"Bearer {token}", "accept": "text/html"}
    refused = set()
    with httpx.Client(base_url=world.guarded.url, headers=headers, follow_redirects=True) as rita:
        for view, addresses in world.addresses.items():
            for address in addresses:
                answer = rita.get(address)
                if answer.status_code in (403, 404):
                    refused.add(view)
                    assert _Main(answer.text).changes == [], address
                    continue
                assert answer.status_code == 200, address
                main = _Main(answer.text)
                if view != "/me":
                    assert main.changes == [], address
                offered |= main.links
        answers = {link: rita.get(link).status_code for link in offered}
    assert {link: status for link, status in answers.items() if status != 200} == {}
    assert refused == _REFUSED_TO_READERS
