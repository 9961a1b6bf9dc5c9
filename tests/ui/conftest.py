"""One server and one browser for all tests of the pages in a process; a platform of its own for each test."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import Visitor, open_browser
from tests.support.server import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on SQLite alone: pages do not know which database there is."""
    with RunningServer(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Chromium."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def visitor(server: RunningServer, browser: "Browser") -> Iterator[Visitor]:
    """Somebody with a browser; the test fails where the browser complains of anything."""
    came = Visitor(browser, server.url)
    yield came
    came.close()


@pytest.fixture
def workspace_pages(platform: str) -> str:
    """The address below which the pages of the test's default workspace are."""
    return f"/p/{platform}/w/default"


@pytest.fixture
def pages(platform: str) -> str:
    """The address below which the pages of the test's platform are."""
    return f"/p/{platform}"
