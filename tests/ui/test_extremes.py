"""Long names, many tags, long values: nothing sticks out, pages stay small, lists stay quick."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from playwright.sync_api import expect

from tests.identity.conftest import guard
from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.server import RunningServer
from tests.ui.world import DRAWN_LATER, LONG_TEXTS, VIEWS, fill

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

_LARGEST = 100_000
_WIDE: "ViewportSize" = {"width": 1280, "height": 800}
_NARROW: "ViewportSize" = {"width": 390, "height": 800}
_CUT = Path(__file__).with_name("cut_texts.js").read_text()


class World(NamedTuple):
    """One browser on a server where all is long, and of each view's path the addresses to look at."""

    visitor: Visitor
    addresses: dict[str, list[str]]


@pytest.fixture(scope="module")
def long_world(tmp_path_factory: pytest.TempPathFactory, browser: "Browser") -> Iterator[World]:
    with RunningServer(tmp_path_factory.mktemp("long"), "--failed-log-ins-per-minute", "1000") as server:
        guarded = guard(server)
        addresses = fill(guarded, LONG_TEXTS)
        visitor = Visitor(browser, server.url, extra_http_headers=guarded.administrator.headers)
        yield World(visitor, addresses)
        visitor.close()


def _check(visitor: Visitor, address: str, status: int = 200) -> None:
    """Whatever is on this page is inside of it, and can be read whole, on a wide screen and on a narrow one."""
    visitor.page.set_viewport_size(_WIDE)
    page = visitor.open(address, status)
    if page.locator(DRAWN_LATER).count():
        page.wait_for_load_state("networkidle")
    else:
        assert len(page.content()) < _LARGEST, address
    for size in (_WIDE, _NARROW):
        page.set_viewport_size(size)
        visitor.check_width()
        visitor.check_height()
        assert page.evaluate(_CUT) == [], (address, size)


@pytest.mark.parametrize("view", VIEWS)
def test_long_texts_stay_inside_and_can_be_read_whole(long_world: World, view: str) -> None:
    for address in long_world.addresses[view]:
        _check(long_world.visitor, address)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nowhere" * 30, 404),
        (f"/p/default/models/{'absent' * 40}", 404),
        (f"/p/default/w/default/runs/{'absent' * 40}", 404),
        (f"/p/default/models?q=tags.{'k' * 250} = = '{'v' * 300}'", 400),
        (f"/p/default/w/default/experiments/1?q=metrics.{'k' * 250} > '{'v' * 300}'", 400),
        (f"/login?next=/{'nowhere' * 40}", 200),
    ],
)
def test_what_is_said_of_long_texts_stays_inside(long_world: World, address: str, status: int) -> None:
    _check(long_world.visitor, address, status)


def test_full_lists_are_less_than_100_kilobytes(server: RunningServer, pages: str, oracle_api: Api) -> None:
    tags = [{"key": f"tag-{number}", "value": "a value of some length " * 12} for number in range(5)]
    for number in range(50):
        oracle_api.post("registered-models/create", name=f"main.fraud.scorer_of_payments_{number:03}", tags=tags)
        oracle_api.post("model-versions/create", name="main.fraud.scorer_of_payments_000", source="s3://a/b", tags=tags)
        oracle_api.post(
            "registered-models/alias",
            name="main.fraud.scorer_of_payments_000",
            alias=f"alias-{number}",
            version=str(number + 1),
        )
    for path in ("", "/main.fraud.scorer_of_payments_000"):
        assert len(httpx.get(f"{server.url}{pages}/models{path}").content) < _LARGEST, path


def test_a_long_list_is_shown_a_page_at_a_time(visitor: Visitor, pages: str, oracle_api: Api, model: str) -> None:
    for number in range(52):
        oracle_api.post("model-versions/create", name=model, source=f"s3://m/{number}")
    page = visitor.open(f"{pages}/models/{model}")
    expect(page.get_by_label("Compare version")).to_have_count(50)
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("table").get_by_role("rowheader")).to_have_text(["v2", "v1"])
