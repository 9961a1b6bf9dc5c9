"""Pages: over ties, in every order, each row once; tokens that only their own search takes."""

import base64
from typing import Any

import pytest

from tests.search.searched import SEARCHES, VERSIONS, Search, fill
from tests.support.api import Api
from tests.support.codes import INVALID
from tests.support.server import RunningServer


@pytest.fixture(scope="module")
def api(server: RunningServer) -> Api:
    """A platform with rows for every search."""
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": "paging"}, status=201)
    api = Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": "paging"})
    fill(api)
    return api


@pytest.fixture(params=list(SEARCHES))
def search(request: pytest.FixtureRequest, api: Api) -> Search:
    return Search(api, SEARCHES[request.param])


_ORDERS = [(name, order) for name, searched in SEARCHES.items() for order in searched.orders]


@pytest.mark.parametrize(("name", "order"), _ORDERS, ids=str)
def test_pages_give_every_row_once_in_the_order_of_the_whole(api: Api, name: str, order: list[Any]) -> None:
    search = Search(api, SEARCHES[name])
    whole, token = search.page(order_by=order, max_results=1_000)
    assert (len(set(whole)), token) == (len(whole), "")
    assert len(whole) == search.of.rows
    for size in (1, 2, 7):
        assert search.pages(size, order_by=order) == whole


@pytest.mark.parametrize(("name", "order"), _ORDERS, ids=str)
def test_pages_of_a_filter_give_what_it_finds(api: Api, name: str, order: list[Any]) -> None:
    search = Search(api, SEARCHES[name])
    found, _ = search.page(filter=search.of.filter, order_by=order)
    assert 0 < len(found) < search.of.rows
    for size in (1, 2, 7):
        assert search.pages(size, filter=search.of.filter, order_by=order) == found


def test_the_last_page_has_no_token_even_when_it_is_full(search: Search) -> None:
    whole, _ = search.page()
    assert search.page(max_results=len(whole)) == (whole, "")
    assert search.page(max_results=len(whole) - 1)[1] != ""


def test_the_order_is_what_it_says(api: Api) -> None:
    models, versions = Search(api, SEARCHES["registered-models"]), Search(api, SEARCHES["model-versions"])
    names = sorted(models.page()[0])
    assert models.page()[0] == names
    assert models.page(order_by=["name DESC"])[0] == names[::-1]
    assert models.page(order_by=["timestamp"])[0] == models.page(order_by=["last_updated_timestamp"])[0]
    by_number = versions.page(order_by=["version_number DESC", "name ASC"])[0]
    assert by_number == [f"{name}{number}" for number in range(VERSIONS, 0, -1) for name in names]
    by_name = versions.page(order_by=["name"])[0]
    assert by_name == [f"{name}{number}" for name in names for number in range(VERSIONS, 0, -1)]
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
    search = Search(oracle_api, SEARCHES["registered-models"])
    for name in "abcd":
        oracle_api.post("registered-models/create", name=name)
    first, token = search.page(max_results=2)
    oracle_api.post("registered-models/delete", name="b")
    oracle_api.post("registered-models/create", name="aa")
    assert (first, search.page(page_token=token)[0]) == (["a/", "b/"], ["c/", "d/"])


def test_a_token_is_of_its_own_search(search: Search, api: Api, oracle_api: Api) -> None:
    of = search.of
    asked = {**of.always, "filter": of.filter, "order_by": of.orders[-1]}
    _, token = search.page(max_results=2, **asked)
    other = SEARCHES["registered-models" if "versions" in of.path else "model-versions"]
    changed: list[tuple[Api, str, str, dict[str, Any]]] = [
        (api, of.verb, of.path, {**asked, "filter": f"{of.filter} "}),
        (api, of.verb, of.path, {**asked, "filter": ""}),
        (api, of.verb, of.path, {**asked, "order_by": of.orders[1]}),
        (api, of.verb, of.path, {**asked, "order_by": []}),
        (api, other.verb, other.path, {"filter": "", "order_by": []}),
        (oracle_api, of.verb, of.path, asked),
    ]
    for where, verb, path, body in changed:
        answer = where.call(verb, path, {**body, "page_token": token})
        assert answer.error == INVALID
        assert "'page_token'" in answer.body["message"]
    assert search.page(page_token=token, **asked)[0]


def test_a_token_of_runs_is_of_its_view_and_its_experiments(api: Api) -> None:
    _, token = Search(api, SEARCHES["runs"]).page(max_results=2)
    for changed in ({"run_view_type": "ALL"}, {"experiment_ids": ["1"]}, {"experiment_ids": ["0", "1"]}):
        answer = api.call("POST", "runs/search", {"experiment_ids": ["0"], "page_token": token, **changed})
        assert answer.error == INVALID
    again = {"experiment_ids": ["0", "0"], "page_token": token}
    assert api.ok("POST", "runs/search", again)["runs"]


def test_a_token_of_experiments_is_of_its_view(api: Api) -> None:
    _, token = Search(api, SEARCHES["experiments"]).page(max_results=2)
    assert api.call("POST", "experiments/search", {"view_type": "ALL", "page_token": token}).error == INVALID


def test_a_token_of_logged_models_is_of_its_datasets(api: Api) -> None:
    _, token = Search(api, SEARCHES["logged-models"]).page(max_results=2)
    asked = {"experiment_ids": ["0"], "datasets": [{"dataset_name": "wine"}], "page_token": token}
    assert api.call("POST", "logged-models/search", asked).error == INVALID


def test_a_token_with_any_bit_changed_is_refused(search: Search, api: Api) -> None:
    def refused(forged: str) -> bool:
        asked = {**search.of.always, "page_token": forged}
        return api.call(search.of.verb, search.of.path, asked).error == INVALID

    _, token = search.page(max_results=2)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw)):
        bent = bytes((*raw[:place], raw[place] ^ 1, *raw[place + 1 :]))
        assert refused(base64.urlsafe_b64encode(bent).decode().rstrip("="))
    for forged in (token[:-4], token + "AAAA", token[4:], token + token):
        assert refused(forged)
