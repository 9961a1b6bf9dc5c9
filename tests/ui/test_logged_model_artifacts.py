"""The artifacts of a logged model: the same tree and previews as a run's, from the model's own place."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.files import parquet, pdf, png
from tests.support.server import RunningServer
from tests.ui.tracked import CURIOUS_PAGE, HOSTILE, expect_nothing_reached, keep_file, keep_model_file, make_run


@pytest.fixture
def run(oracle_api: Api) -> str:
    return make_run(oracle_api, "bright-owl")


@pytest.fixture
def model(oracle_api: Api, run: str) -> dict[str, Any]:
    made: dict[str, Any] = oracle_api.post("logged-models", experiment_id="0", name="tree", source_run_id=run)["model"]
    info: dict[str, Any] = made["info"]
    return info


@pytest.fixture
def files(workspace_pages: str, model: dict[str, Any]) -> str:
    return f"{workspace_pages}/logged-models/{model['model_id']}/artifacts"


def test_a_model_without_files_says_how_to_keep_some(visitor: Visitor, files: str, model: dict[str, Any]) -> None:
    page = visitor.open(files)
    expect(page.get_by_role("heading", name="No artifacts yet")).to_be_visible()
    expect(page.locator("pre")).to_contain_text(f'log_model_artifacts("{model["model_id"]}"')
    visitor.check_accessibility()


def test_folders_open_down_to_the_file_and_the_file_is_downloaded(
    visitor: Visitor, files: str, model: dict[str, Any], oracle_api: Api
) -> None:
    keep_model_file(oracle_api, model, "plots/deep/roc.png", png())
    keep_model_file(oracle_api, model, "model.bin", b"\0\1" * 50_000)
    page = visitor.open(files)
    page.get_by_role("link", name="plots").click()
    page.get_by_role("link", name="deep").click()
    page.get_by_role("link", name="roc.png").click()
    picture = page.get_by_role("img", name="roc.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 40
    visitor.check_accessibility()
    page.get_by_role("link", name="model.bin").click()
    expect(page.get_by_text("there is no preview")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download").click()
    with open(downloading.value.path(), "rb") as file:
        assert file.read() == b"\0\1" * 50_000


def test_each_kind_is_shown_as_what_it_is(visitor: Visitor, files: str, model: dict[str, Any], oracle_api: Api) -> None:
    keep_model_file(oracle_api, model, "MLmodel", b"flavors:\n  sklearn: {}\n")
    keep_model_file(oracle_api, model, "input_example.json", b'{"columns":["<b>"]}')
    keep_model_file(oracle_api, model, "scores.csv", f"id,plan\n1,{HOSTILE}\n".encode())
    keep_model_file(oracle_api, model, "scores.parquet", parquet(300))
    keep_model_file(oracle_api, model, "README.md", f"# Tree\n\n{HOSTILE}\n".encode())
    page = visitor.open(f"{files}?path=MLmodel")
    expect(page.locator("pre.shown")).to_have_text("flavors:\n  sklearn: {}")
    page.get_by_role("link", name="input_example.json").click()
    expect(page.locator("pre.shown")).to_have_text('{\n  "columns": [\n    "<b>"\n  ]\n}')
    page.get_by_role("link", name="scores.csv").click()
    expect(page.get_by_role("columnheader")).to_have_text(["id", "plan"])
    expect(page.get_by_role("cell").nth(1)).to_have_text(HOSTILE)
    page.get_by_role("link", name="scores.parquet").click()
    expect(page.get_by_text("100 of 300 rows")).to_be_visible()
    page.get_by_role("link", name="README.md").click()
    expect(page.locator(".prose h1")).to_have_text("Tree")
    expect(page.locator(".prose")).to_contain_text("<script>")


def test_a_page_and_a_pdf_are_shown_in_frames_that_reach_nothing(
    visitor: Visitor, files: str, model: dict[str, Any], oracle_api: Api
) -> None:
    keep_model_file(oracle_api, model, "card.html", CURIOUS_PAGE)
    keep_model_file(oracle_api, model, "card.pdf", pdf("Card"))
    visitor.open(f"{files}?path=card.html")
    expect_nothing_reached(visitor)
    with visitor.page.expect_response(lambda answer: "/shown?" in answer.url) as answered:
        visitor.open(f"{files}?path=card.pdf")
    assert answered.value.headers["content-type"] == "application/pdf"
    expect(visitor.page.locator("iframe[title='card.pdf']")).to_be_visible()


def test_a_preview_that_is_opened_by_itself_is_sandboxed(
    server: RunningServer, files: str, model: dict[str, Any], oracle_api: Api
) -> None:
    keep_model_file(oracle_api, model, "x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    keep_model_file(oracle_api, model, "x.js", b"alert(1)")
    shown = f"{server.url}{files.removesuffix('artifacts')}shown?path="
    answer = httpx.get(f"{shown}x.svg")
    assert answer.content == b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(f"{shown}x.js").status_code == 404
    assert httpx.get(f"{shown}absent.svg").status_code == 404


def test_files_of_the_run_are_not_the_models(
    server: RunningServer, files: str, model: dict[str, Any], run: str, oracle_api: Api
) -> None:
    keep_file(oracle_api, run, "secret.txt", b"of the run")
    keep_model_file(oracle_api, model, "MLmodel", b"flavors: {}")
    page = httpx.get(f"{server.url}{files}")
    assert page.status_code == 200
    assert "secret.txt" not in page.text
    for path in ("secret.txt", f"../../{run}/artifacts/secret.txt", "..%2F..%2Fsecret.txt", "%2Fetc%2Fpasswd"):
        answer = httpx.get(f"{server.url}{files}?path={path}")
        assert answer.status_code in (400, 404), path
        assert "of the run" not in answer.text


def test_a_deleted_model_has_no_page_of_files(
    server: RunningServer, files: str, model: dict[str, Any], oracle_api: Api
) -> None:
    keep_model_file(oracle_api, model, "x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    oracle_api.ok("DELETE", f"logged-models/{model['model_id']}")
    assert httpx.get(f"{server.url}{files}").status_code == 404
    assert httpx.get(f"{server.url}{files}?path=x.svg").status_code == 404
