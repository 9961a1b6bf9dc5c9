"""Folders with more artifacts than a page: shown a part at a time."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from modelkeep.tracking.artifact_places import FileInfo
from modelkeep.ui.tracking_pages.artifact_source import Source
from modelkeep.ui.tracking_pages.artifact_tree import BEGINNING, MOST_LINES, Place, Tree
from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.server import RunningServer
from tests.ui.tracked import keep_file, make_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def listing_few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that lists five artifacts at once."""
    with RunningServer(tmp_path_factory.mktemp("few"), "--max-artifacts-page", "5") as server:
        yield server


def test_a_folder_goes_on_part_by_part(listing_few: RunningServer, browser: "Browser") -> None:
    api = Api(listing_few.url, "/api/2.0/mlflow")
    run = make_run(api, "many")
    for number in range(12):
        keep_file(api, run, f"plots/{number:02}.txt", f"the text of {number}".encode())
    visitor = Visitor(browser, listing_few.url)
    page = visitor.open(f"/p/default/w/default/runs/{run}/artifacts?path=plots")
    lines = page.locator("li.depth-1 a")
    expect(lines).to_have_text([f"{number:02}.txt" for number in range(5)])
    for first in (5, 10):
        page.get_by_role("link", name="Next page").click()
        expect(lines).to_have_text([f"{number:02}.txt" for number in range(first, min(first + 5, 12))])
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)
    lines.last.click()
    expect(page.locator(".preview pre")).to_have_text("the text of 11")
    expect(lines).to_have_text(["10.txt", "11.txt"])
    visitor.check_accessibility()
    page.get_by_role("link", name="First page").click()
    expect(lines.first).to_have_text("00.txt")
    visitor.open(f"/p/default/w/default/runs/{run}/artifacts?path=plots/absent", status=404)
    visitor.open(f"/p/default/w/default/runs/{run}/artifacts?path=absent", status=404)
    visitor.close()


def test_a_folder_on_a_later_page_of_its_own_can_be_opened(listing_few: RunningServer, browser: "Browser") -> None:
    api = Api(listing_few.url, "/api/2.0/mlflow")
    run = make_run(api, "folders")
    for number in range(7):
        keep_file(api, run, f"fold-{number}/a.txt", b"a")
    visitor = Visitor(browser, listing_few.url)
    page = visitor.open(f"/p/default/w/default/runs/{run}/artifacts")
    page.get_by_role("link", name="Next page").click()
    page.get_by_role("link", name="fold-6").click()
    expect(page.locator("li.depth-1 a")).to_have_text(["a.txt"])
    expect(page.get_by_text("A folder on the way has more")).to_be_visible()
    page.get_by_role("link", name="a.txt").click()
    expect(page.locator(".preview pre")).to_have_text("a")
    visitor.open(f"/p/default/w/default/runs/{run}/artifacts?path=fold-9", status=404)
    visitor.close()


def _tree(path: str, place: Place, count: int) -> tuple[list[str], Place | None]:
    async def list_(folder: str, token: str) -> Any:
        files = [FileInfo(f"{number:04}", False, 1) for number in range(count)]
        return SimpleNamespace(files=files, next_page_token="")

    async def read(path: str, most: int) -> bytes:
        return b""

    tree = Tree(Source(("runs", "r"), list_, read, str), path, place)
    # The browser of other tests keeps a loop in this thread.
    with ThreadPoolExecutor() as aside:
        entries = aside.submit(lambda: asyncio.run(tree.lines("", 0))).result()
    return [entry.name for entry in entries], tree.further


def test_no_more_lines_are_made_than_a_browser_shows_well() -> None:
    names, further = _tree("", BEGINNING, MOST_LINES + 3)
    assert (len(names), further) == (MOST_LINES, Place("", MOST_LINES))
    assert _tree("", Place("", MOST_LINES), MOST_LINES + 3) == (["0500", "0501", "0502"], None)


def test_the_file_that_is_asked_for_is_among_the_lines_wherever_it_is() -> None:
    names, _ = _tree("0502", BEGINNING, MOST_LINES + 3)
    assert names[:2] == ["0502", "0000"]
