"""A real browser on the pages of a server. Whatever goes wrong in it, a test is told of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.support.needs import need, need_program

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response

CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_MILLISECONDS = 20_000
_SERIOUS = ("serious", "critical")


@contextmanager
def open_browser() -> Iterator["Browser"]:
    """Debian's Chromium with an empty profile."""
    program = need_program(CHROMIUM, "chromium")
    playwright = need("playwright.sync_api", "playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield browser
        browser.close()


class Visitor:
    """Somebody who looks at pages. `problems` are errors of scripts, of the console, and requests to elsewhere."""

    def __init__(self, browser: "Browser", url: str, **options: Any) -> None:
        options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **options}
        self._context = browser.new_context(base_url=url, **options)
        self._context.set_default_timeout(_MILLISECONDS)
        self.page: Page = self._context.new_page()
        self.url = url
        self.problems: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(f"error of a script: {error}"))
        self._context.on("request", self._asked)
        self._context.on("weberror", lambda error: self.problems.append(f"error: {error.error}"))

    def open(self, path: str, status: int = 200) -> "Page":
        """Go to a page, which must answer with this status."""
        answer: Response | None = self.page.goto(path, wait_until="load")
        assert answer is not None
        assert answer.status == status, (path, answer.status, self.page.inner_text("body")[:500])
        return self.page

    def main(self) -> "Locator":
        return self.page.locator("main")

    def close(self) -> None:
        """Leave. Raises where anything went wrong meanwhile."""
        self._context.close()
        assert self.problems == [], self.problems

    def check_accessibility(self, *rules: str) -> None:
        """axe-core finds nothing serious or critical on the page as it is now, by these of its rules or by all."""
        axe = need("axe_playwright_python.sync_playwright", "axe-playwright-python").Axe()
        options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        found = axe.run(self.page, options=options).response["violations"]
        serious = [
            (violation["id"], [node["html"][:200] for node in violation["nodes"][:3]])
            for violation in found
            if violation["impact"] in _SERIOUS
        ]
        assert serious == []

    def check_width(self) -> None:
        """Nothing sticks out of the page sideways."""
        overflow = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, overflow

    def check_height(self) -> None:
        """The page ends where what is on it ends."""
        below = self.page.evaluate(
            "document.documentElement.scrollHeight - document.body.getBoundingClientRect().height"
        )
        assert below <= 1, below

    def _heard(self, message: "ConsoleMessage") -> None:
        # Chromium says so of every page that is answered 4xx, which a test may have asked for.
        of_page = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
        if message.type in ("error", "warning") and not of_page:
            self.problems.append(f"console: {message.text} ({message.location})")

    def _asked(self, request: "Request") -> None:
        parts = urlsplit(request.url)
        # Chromium's own viewer of PDF is made of pages of its own.
        if parts.scheme not in ("data", "chrome-extension", "chrome") and parts.hostname != "127.0.0.1":
            self.problems.append(f"request to elsewhere: {request.url}")
