"""Pages: over ties, in every order, each row once; tokens that only their own search takes."""

import base64
from typing import Any, NamedTuple

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID
from tests.support.server import RunningServer

_MODELS, _VERSIONS = 9, 3


class Search(NamedTuple):
    """One of the searches, and what tells its rows apart."""

    api: Api
    path: str

    def page(self, **search: Any) -> tuple[list[str], str]:
        body = self.api.ok("GET", self.path, search)
        (rows,) = (value for key, value in body.items() if key != "next_page_token")
        return [f"{row['name']}/{row.get('version', '')}" for row in rows], body.get("next_page_token", "")

    def pages(self, size: int, **search: Any) -> list[str]:
        rows: list[str] = []
        token = ""
        while True:
            page, token = self.page(max_results=size, page_token=token, **search)
            rows += page
            if not token:
                return rows
            assert len(page) == size


@pytest.fixture(scope="module")
def api(server: RunningServer) -> Api:
    """A platform with models and versions, many of them changed in one millisecond."""
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": "paging"}, status=201)
    api = Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": "paging"})
    for number in range(_MODELS):
        name = f"{'ab'[number % 2]}{number}"
        api.post("registered-models/create", name=name, tags=[{"key": "third", "value": str(number % 3)}])
        for version in range(_VERSIONS):
            tags = [{"key": "third", "value": str(version)}]
            api.post("model-versions/create", name=name, source="s3://b/k", tags=tags)
    return api


@pytest.fixture(params=["registered-models", "model-versions"])
def search(request: pytest.FixtureRequest, api: Api) -> Search:
    return Search(api, f"{request.param}/search")


_ORDERS = [
    [],
    ["name"],
    ["name ASC"],
    ["name DESC"],
    ["creation_timestamp"],
    ["creation_timestamp desc"],
    ["last_updated_timestamp ASC"],
    ["last_updated_timestamp DESC", "name DESC"],
    ["last_updated_timestamp DESC, name ASC"],
    ["attribute.name DESC"],
    ["`name` DESC"],
]


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("order", _ORDERS, ids=str)
def test_pages_give_every_row_once_in_the_order_of_the_whole(search: Search, size: int, order: list[str]) -> None:
    whole, token = search.page(order_by=order, max_results=1_000)
    assert (len(set(whole)), token) == (len(whole), "")
    assert len(whole) == (_MODELS if "models" in search.path else _MODELS * _VERSIONS)
    assert search.pages(size, order_by=order) == whole


@pytest.mark.parametrize("size", [1, 2, 7])
def test_pages_of_a_filter_give_what_it_finds(search: Search, size: int) -> None:
    found, _ = search.page(filter="tags.third != '1'")
    assert 0 < len(found) < _MODELS * _VERSIONS
    assert search.pages(size, filter="tags.third != '1'") == found


def test_the_last_page_has_no_token_even_when_it_is_full(search: Search) -> None:
    whole, _ = search.page()
    assert search.page(max_results=len(whole)) == (whole, "")
    assert search.page(max_results=len(whole) - 1)[1] != ""


def test_the_order_is_what_it_says(api: Api) -> None:
    models, versions = Search(api, "registered-models/search"), Search(api, "model-versions/search")
    names = sorted(models.page()[0])
    assert models.page()[0] == names
    assert models.page(order_by=["name DESC"])[0] == names[::-1]
    assert models.page(order_by=["timestamp"])[0] == models.page(order_by=["last_updated_timestamp"])[0]
    by_number = versions.page(order_by=["version_number DESC", "name ASC"])[0]
    assert by_number == [f"{name}{number}" for number in range(_VERSIONS, 0, -1) for name in names]
    by_name = versions.page(order_by=["name"])[0]
    assert by_name == [f"{name}{number}" for name in names for number in range(_VERSIONS, 0, -1)]
    created = [
        (-version["last_updated_timestamp"], version["name"], -int(version["version"]))
        for version in api.get("model-versions/search")["model_versions"]
    ]
    assert created == sorted(created)


def test_a_page_can_have_another_size_than_the_last(search: Search) -> None:
    whole, _ = search.page()
    first, token = search.page(max_results=2)
    rest, _ = search.page(max_results=1_000, page_token=token)
    assert first + rest == whole


def test_a_token_goes_on_behind_a_row_that_has_been_deleted(oracle_api: Api) -> None:
    search = Search(oracle_api, "registered-models/search")
    for name in "abcd":
        oracle_api.post("registered-models/create", name=name)
    first, token = search.page(max_results=2)
    oracle_api.post("registered-models/delete", name="b")
    oracle_api.post("registered-models/create", name="aa")
    assert (first, search.page(page_token=token)[0]) == (["a/", "b/"], ["c/", "d/"])


def test_a_token_is_of_its_own_search(search: Search, api: Api, oracle_api: Api) -> None:
    search_body = {"filter": "name LIKE '%'", "order_by": ["name DESC"]}
    _, token = search.page(max_results=2, **search_body)
    other = "registered-models" if "versions" in search.path else "model-versions"
    changed: list[tuple[Api, str, dict[str, Any]]] = [
        (api, search.path, {**search_body, "filter": "name LIKE 'a%'"}),
        (api, search.path, {**search_body, "filter": ""}),
        (api, search.path, {**search_body, "order_by": ["name ASC"]}),
        (api, search.path, {"filter": search_body["filter"]}),
        (api, f"{other}/search", search_body),
        (oracle_api, search.path, search_body),
    ]
    for where, path, body in changed:
        answer = where.call("GET", path, {**body, "page_token": token})
        assert answer.error == INVALID
        assert "'page_token'" in answer.body["message"]
    assert search.page(page_token=token, **search_body)[0]


def test_a_token_with_any_bit_changed_is_refused(search: Search, api: Api) -> None:
    _, token = search.page(max_results=2)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw)):
        bent = bytes((*raw[:place], raw[place] ^ 1, *raw[place + 1 :]))
        forged = base64.urlsafe_b64encode(bent).decode().rstrip("=")
        assert api.call("GET", search.path, {"page_token": forged}).error == INVALID
    for forged in (token[:-4], token + "AAAA", token[4:], token + token):
        assert api.call("GET", search.path, {"page_token": forged}).error == INVALID
