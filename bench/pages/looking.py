"""A browser that looks at a view for the first time: what the reader sees when, and what it costs to load."""

import statistics
from typing import TYPE_CHECKING, Any

import msgspec

from bench.pages.views import View

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_MILLISECONDS = 30_000
# What a page still loads so long after its content counts too. MLflow's pages never come to rest: they ask again.
_LATER = 1_000
_FIRST_PAINT = """() => new Promise((found) => {
  const paint = () => performance.getEntriesByName("first-contentful-paint")[0];
  if (paint()) return found(paint().startTime);
  new PerformanceObserver(() => { if (paint()) found(paint().startTime); }).observe({ type: "paint", buffered: true });
})"""
_CONTENT = "(text) => document.body?.innerText.includes(text) && performance.now()"


class Look(msgspec.Struct):
    """Medians of several visits with an empty cache, in milliseconds and bytes as they came over the wire."""

    view: str
    server: str
    first_paint: float
    content: float | None
    """When the view's own content was there; None where it did not come within half a minute."""
    transferred: int
    requests: int


def launch(driver: Any) -> "Browser":
    """Debian's Chromium."""
    browser: Browser = driver.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
    return browser


def look(browser: "Browser", server: str, url: str, view: View, path: str, visits: int) -> Look:
    """Visit a view several times, each time as somebody who was never there. One visit before them is not counted.

    Where that one waits for the content in vain, it is the only one: to wait so long each time would tell no more.
    """
    first = _visit(browser, url + path, view.content)
    in_vain = first[1] is None
    seen = [first] if in_vain else [_visit(browser, url + path, view.content) for _ in range(visits)]
    contents = [content for _, content, _, _ in seen if content is not None]
    return Look(
        view.name,
        server,
        statistics.median(paint for paint, *_ in seen),
        statistics.median(contents) if len(contents) == len(seen) else None,
        int(statistics.median(count for _, _, count, _ in seen)),
        int(statistics.median(count for *_, count in seen)),
    )


def _visit(browser: "Browser", url: str, content: str) -> tuple[float, float | None, int, int]:
    from playwright.sync_api import TimeoutError as TimedOut

    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(_MILLISECONDS)
    page = context.new_page()
    session = context.new_cdp_session(page)
    loaded: list[float] = []
    session.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    session.send("Network.enable")
    try:
        page.goto(url, wait_until="commit")
        paint: float = page.evaluate(_FIRST_PAINT)
        try:
            there: float | None = page.wait_for_function(_CONTENT, arg=content, polling="raf").json_value()
        except TimedOut:
            there = None
        page.wait_for_timeout(_LATER)
        return paint, there, int(sum(loaded)), len(loaded)
    finally:
        context.close()
