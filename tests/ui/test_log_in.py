"""The way in and out in a browser: by password and over an identity provider."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.identity.conftest import Guarded, guard
from tests.identity.people import PASSWORD
from tests.identity.test_identity_provider import RunningProvider
from tests.support.browser import Visitor
from tests.support.server import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    """The identity provider."""
    running = RunningProvider()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def guarded(provider: RunningProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server where one has to log in, and that trusts the provider."""
    data = tmp_path_factory.mktemp("log-in")
    with RunningServer(data) as server:
        made = guard(server)
    flags = ("--oidc-issuer", provider.issuer, "--oidc-client-id", "modelkeep", "--oidc-client-secret", "secret")
    with RunningServer(data, *flags, "--oidc-create-users") as server:
        made.administrator.url = server.url
        yield Guarded(server, made.administrator)


@pytest.fixture
def somebody(guarded: Guarded, browser: "Browser") -> Iterator[Visitor]:
    """A browser that nobody is logged in by."""
    visitor = Visitor(browser, guarded.url)
    yield visitor
    visitor.close()


def test_a_browser_logs_in_by_password_to_where_it_was_going_and_out(somebody: Visitor) -> None:
    page = somebody.open("/p/default/models?q=churn")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    assert page.get_by_role("link", name="My account").count() == 0
    somebody.check_accessibility()
    page.get_by_label("User name").fill("root")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("That was not right")
    somebody.check_accessibility()
    page.get_by_label("User name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    assert page.url.endswith("/p/default/models?q=churn")
    expect(page.locator(".who")).to_contain_text("root")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    somebody.open("/p/default/models")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_a_browser_logs_in_over_the_identity_provider(somebody: Visitor, provider: RunningProvider) -> None:
    page = somebody.open("/platforms")
    page.get_by_role("link", name="Log in with the identity provider").click()
    assert page.url.startswith(provider.issuer)
    page.locator("[name=sub]").first.fill("s-alma")
    page.locator("[name=sub]").first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Platforms")
    assert page.url.endswith("/platforms")
    expect(page.locator(".who")).to_contain_text("alma")
    somebody.open("/me")
    expect(page.locator(".facts")).to_contain_text("alma@example.com")
    expect(page.get_by_text("There is none: tokens, keys or the identity provider")).to_be_visible()
    # The provider's own page loads a style from elsewhere, and has no icon.
    of_provider = ("https://cdn.jsdelivr.net/npm/@picocss/", f"{provider.issuer}/favicon.ico")
    somebody.problems[:] = [
        problem for problem in somebody.problems if not any(address in problem for address in of_provider)
    ]


@pytest.mark.parametrize("onward", ["https://example.com/", "//example.com", "/\\example.com", "javascript:alert(1)"])
def test_a_log_in_leads_to_no_other_site(somebody: Visitor, onward: str) -> None:
    page = somebody.open(f"/login?next={onward}")
    page.get_by_label("User name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    assert page.url.startswith(somebody.url)
