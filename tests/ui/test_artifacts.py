"""Artifacts in a tree, and previews that never run as a page of this server."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.files import parquet, pdf, png
from tests.support.server import RunningServer
from tests.ui.tracked import CURIOUS_PAGE, HOSTILE, expect_nothing_reached, keep_file, make_run


@pytest.fixture
def run(oracle_api: Api) -> str:
    return make_run(oracle_api, "bright-owl")


@pytest.fixture
def files(workspace_pages: str, run: str) -> str:
    return f"{workspace_pages}/runs/{run}/artifacts"


def test_a_run_without_files_says_how_to_keep_some(visitor: Visitor, files: str) -> None:
    page = visitor.open(files)
    expect(page.get_by_role("heading", name="No artifacts yet")).to_be_visible()


def test_folders_open_down_to_the_file(visitor: Visitor, files: str, run: str, oracle_api: Api) -> None:
    keep_file(oracle_api, run, "plots/deep/roc.png", png())
    keep_file(oracle_api, run, "log.txt", b"done")
    page = visitor.open(files)
    page.get_by_role("link", name="plots").click()
    page.get_by_role("link", name="deep").click()
    page.get_by_role("link", name="roc.png").click()
    picture = page.get_by_role("img", name="roc.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 40
    visitor.check_accessibility()
    page.get_by_role("link", name="log.txt").click()
    expect(page.locator("pre.shown")).to_have_text("done")
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.check_width()
    visitor.open(f"{files}?path=absent.txt", status=404)


def test_a_file_is_downloaded_whole(visitor: Visitor, files: str, run: str, oracle_api: Api) -> None:
    keep_file(oracle_api, run, "model.bin", b"\0\1" * 50_000)
    page = visitor.open(f"{files}?path=model.bin")
    expect(page.get_by_text("there is no preview")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download").click()
    with open(downloading.value.path(), "rb") as file:
        assert file.read() == b"\0\1" * 50_000


def test_tables_json_and_markdown_are_shown_as_such(visitor: Visitor, files: str, run: str, oracle_api: Api) -> None:
    keep_file(oracle_api, run, "t.csv", f'id,"na,me"\n1,"{HOSTILE}"\n'.encode() + b"2,x\n" * 200)
    keep_file(oracle_api, run, "t.parquet", parquet(300))
    keep_file(oracle_api, run, "c.json", b'{"a":[1,NaN]}')
    keep_file(oracle_api, run, "r.md", f"# Report\n\n{HOSTILE}\n".encode())
    page = visitor.open(f"{files}?path=t.csv")
    expect(page.get_by_role("columnheader")).to_have_text(["id", "na,me"])
    expect(page.get_by_role("cell").nth(1)).to_have_text(HOSTILE)
    expect(page.get_by_text("The first 100 rows.")).to_be_visible()
    page = visitor.open(f"{files}?path=t.parquet")
    expect(page.get_by_role("cell").nth(1)).to_have_text("<b>pro</b>")
    expect(page.get_by_text("100 of 300 rows")).to_be_visible()
    page = visitor.open(f"{files}?path=c.json")
    expect(page.locator("pre.shown")).to_have_text('{\n  "a": [\n    1,\n    NaN\n  ]\n}')
    page = visitor.open(f"{files}?path=r.md")
    expect(page.locator(".prose h1")).to_have_text("Report")
    expect(page.locator(".prose")).to_contain_text("<script>")


def test_a_long_text_is_cut(visitor: Visitor, files: str, run: str, oracle_api: Api) -> None:
    keep_file(oracle_api, run, "long.log", b"line\n" * 100_000)
    page = visitor.open(f"{files}?path=long.log")
    expect(page.get_by_text("The first 64 KB of it.")).to_be_visible()
    assert len(page.locator("pre.shown").inner_text()) <= 65_536


def test_a_pdf_is_shown_by_the_browser(visitor: Visitor, files: str, run: str, oracle_api: Api) -> None:
    keep_file(oracle_api, run, "report.pdf", pdf("Report"))
    page = visitor.open(f"{files}?path=report.pdf")
    expect(page.locator("iframe[title='report.pdf']")).to_be_visible()
    with page.expect_response(lambda answer: "/shown?" in answer.url) as answered:
        page.reload()
    assert answered.value.headers["content-type"] == "application/pdf"


def test_a_page_among_artifacts_runs_without_origin_and_reaches_nothing(
    visitor: Visitor, files: str, run: str, oracle_api: Api
) -> None:
    keep_file(oracle_api, run, "report.html", CURIOUS_PAGE)
    visitor.open(f"{files}?path=report.html")
    expect_nothing_reached(visitor)


@pytest.mark.parametrize("name", ["x.svg", "x.html", "x.png"])
def test_a_preview_that_is_opened_by_itself_is_sandboxed(
    server: RunningServer, files: str, run: str, oracle_api: Api, name: str
) -> None:
    keep_file(oracle_api, run, name, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    answer = httpx.get(f"{server.url}{files.removesuffix('artifacts')}shown?path={name}")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_only_known_kinds_are_shown(server: RunningServer, files: str, run: str, oracle_api: Api) -> None:
    keep_file(oracle_api, run, "x.js", b"alert(1)")
    answer = httpx.get(f"{server.url}{files.removesuffix('artifacts')}shown?path=x.js")
    assert answer.status_code == 404
