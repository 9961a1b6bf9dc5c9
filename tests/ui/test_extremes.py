"""Long names, many tags, long values: nothing sticks out, pages stay small, lists stay quick."""

from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from tests.support.browser import Visitor
from tests.support.screenshots import fill_extremes
from tests.support.server import RunningServer

_LARGEST = 100_000


@pytest.mark.parametrize("width", [1280, 360])
def test_long_names_and_many_tags_stay_inside(
    visitor: Visitor, server: RunningServer, pages: str, oracle_api: Api, width: int
) -> None:
    name = quote(fill_extremes(oracle_api))
    visitor.page.set_viewport_size({"width": width, "height": 800})
    for path in ("", f"/{name}", f"/{name}/versions/1", f"/{name}/compare?versions=1,2", f"/{name}/delete"):
        visitor.open(f"{pages}/models{path}")
        visitor.check_width()
        assert len(httpx.get(f"{server.url}{pages}/models{path}").content) < _LARGEST, path


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
