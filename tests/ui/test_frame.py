"""What all pages have: colours, keys, errors, headers, and forms that only a page of this server can send."""

import re
import subprocess
import sys

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.server import RunningServer


def test_the_root_leads_to_the_models_of_the_default_platform(visitor: Visitor) -> None:
    page = visitor.open("/")
    expect(page).to_have_url(re.compile("/p/default/models$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")


def test_colours_are_chosen_and_remembered(visitor: Visitor, pages: str) -> None:
    page = visitor.open(f"{pages}/models?q=a")
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(re.compile(r"/models\?q=a$"))
    page = visitor.open(f"{pages}/workspaces")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    visitor.check_accessibility()
    page.get_by_role("button", name="As the system").click()
    assert page.locator("html").get_attribute("data-theme") is None


def test_the_keys_are_shown(visitor: Visitor, pages: str) -> None:
    page = visitor.open(f"{pages}/models")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


@pytest.mark.parametrize("path", ["/p/absent/models", "/nowhere", "/p/default/w/absent/x"])
def test_what_is_not_there_is_a_page_that_says_so(visitor: Visitor, path: str) -> None:
    page = visitor.open(path, status=404)
    expect(page.get_by_role("link", name="Models").first).to_be_visible()
    visitor.check_accessibility()


@pytest.mark.parametrize("path", ["models", "workspaces", "new-model"])
def test_a_narrow_screen_shows_all_of_it(visitor: Visitor, pages: str, path: str) -> None:
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.open(f"{pages}/{path}")
    visitor.check_width()
    visitor.check_accessibility()


def test_pages_have_strict_headers(server: RunningServer) -> None:
    answer = httpx.get(f"{server.url}/p/default/models")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon[a-z]+=|<style", answer.text)


def test_static_files_are_kept_for_good_under_their_digest(server: RunningServer) -> None:
    page = httpx.get(f"{server.url}/p/default/models").text
    for address in re.findall(r'"(/static/[^"#]+)', page):
        answer = httpx.get(server.url + address, headers={"accept-encoding": "gzip"})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    stale = httpx.get(f"{server.url}/static/0123456789abcdef/modelkeep.css")
    assert stale.headers["cache-control"] == "no-cache"
    assert httpx.get(f"{server.url}/static/x/../application.py").status_code == 404
    assert httpx.get(f"{server.url}/static/x/%2e%2e%2fapplication.py").status_code == 404


def test_plotly_is_served_from_the_installed_package(server: RunningServer) -> None:
    page = httpx.get(f"{server.url}/p/default/models").text
    match = re.search(r"/static/(\w+)/", page)
    assert match
    answer = httpx.get(f"{server.url}/static/{match[1]}/plotly.min.js", headers={"accept-encoding": "gzip"})
    assert "plotly.js v" in answer.text[:200]
    assert answer.headers["content-encoding"] == "gzip"


def _form(server: RunningServer, headers: dict[str, str], *, token: bool = True, cookie: bool = True) -> httpx.Response:
    with httpx.Client(base_url=server.url) as client:
        page = client.get("/platforms").text
        found = re.search(r'name="form_token" value="(\w+)"', page)
        assert found
        if not cookie:
            client.cookies.clear()
        fields = {"theme": "dark", **({"form_token": found[1]} if token else {})}
        return client.post("/theme", data=fields, headers=headers)


def test_a_form_of_this_server_is_taken(server: RunningServer) -> None:
    assert _form(server, {"sec-fetch-site": "same-origin", "origin": server.url}).status_code == 303
    assert _form(server, {}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_form_from_elsewhere_is_refused(server: RunningServer, headers: dict[str, str]) -> None:
    assert _form(server, headers).status_code == 403


def test_a_form_without_its_token_or_cookie_is_refused(server: RunningServer) -> None:
    assert _form(server, {}, token=False).status_code == 403
    assert _form(server, {}, cookie=False).status_code == 403


def test_a_client_of_the_api_still_gets_json_where_nothing_is(server: RunningServer) -> None:
    answer = httpx.get(f"{server.url}/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")


def test_a_server_starts_without_what_pages_are_made_of() -> None:
    code = (
        "import sys, modelkeep.cli.main, modelkeep.server.serve; "
        "print([name for name in ('starlette', 'jinja2', 'nh3', 'markdown_it') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
