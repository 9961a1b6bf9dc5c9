"""Searching experiments."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.server import RunningServer


@pytest.fixture(scope="module")
def found(server: RunningServer) -> Api:
    """A workspace with experiments 0 to 4; the last is deleted."""
    Api(server.url).ok("POST", "/api/3.0/mlflow/workspaces", {"name": "experiment-filters"}, status=201)
    api = Api(server.url, "/api/2.0/mlflow", {"X-MLFLOW-WORKSPACE": "experiment-filters"})
    for name, tags in [
        ("alpha", {"team": "growth"}),
        ("Beta", {"team": "Risk", "a b": "1"}),
        ("it's", {}),
        ("gone", {}),
    ]:
        api.post("experiments/create", name=name, tags=[{"key": key, "value": value} for key, value in tags.items()])
    api.post("experiments/delete", experiment_id="4")
    return api


def _search(api: Api, **search: Any) -> list[str]:
    return [experiment["name"] for experiment in api.ok("POST", "experiments/search", search)["experiments"]]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["Beta", "Default", "alpha", "it's"]),
        ("name = 'alpha'", ["alpha"]),
        ("attribute.name != 'alpha'", ["Beta", "Default", "it's"]),
        ("name LIKE 'B%'", ["Beta"]),
        ("name ILIKE 'b%'", ["Beta"]),
        ("name = 'it''s'", ["it's"]),
        ("experiment_id = '1'", ["alpha"]),
        ("experiment_id != '1'", ["Beta", "Default", "it's"]),
        ("experiment_id IN ('0', '2', '99')", ["Beta", "Default"]),
        ("experiment_id NOT IN ('0', '2')", ["alpha", "it's"]),
        ("creation_time > 0", ["Beta", "Default", "alpha", "it's"]),
        ("last_update_time <= 0", []),
        ("tags.team = 'growth'", ["alpha"]),
        ("tag.team != 'growth'", ["Beta"]),
        ("tags.team ILIKE 'r%'", ["Beta"]),
        ("tags.`a b` = '1'", ["Beta"]),
        ("tags.team IS NULL", ["Default", "it's"]),
        ("tags.team IS NOT NULL AND name LIKE 'a%'", ["alpha"]),
    ],
)
def test_a_filter_finds_what_it_says(found: Api, text: str, names: list[str]) -> None:
    assert sorted(_search(found, filter=text)) == names


def test_a_view_answers_active_or_deleted_experiments_or_both(found: Api) -> None:
    assert _search(found, view_type="DELETED_ONLY") == ["gone"]
    assert len(_search(found, view_type="ALL")) == 5


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (["name"], ["Beta", "Default", "alpha", "it's"]),
        (["experiment_id"], ["Default", "alpha", "Beta", "it's"]),
        (["experiment_id DESC"], ["it's", "Beta", "alpha", "Default"]),
    ],
)
def test_the_order_is_what_it_says(found: Api, order: list[str], names: list[str]) -> None:
    assert _search(found, order_by=order) == names


def test_the_newest_stand_first_by_default(found: Api) -> None:
    listed = found.ok("POST", "experiments/search", {"view_type": "ALL"})["experiments"]
    keys = [(-experiment["creation_time"], int(experiment["experiment_id"])) for experiment in listed]
    assert keys == sorted(keys)


def test_get_and_post_answer_alike(found: Api) -> None:
    asked = found.get("experiments/search", filter="tags.team IS NOT NULL", order_by="name DESC", max_results=1)
    posted = {"filter": "tags.team IS NOT NULL", "order_by": ["name DESC"], "max_results": 1}
    assert asked == found.ok("POST", "experiments/search", posted)


def test_an_experiment_found_is_answered_as_get_answers_it(found: Api) -> None:
    for experiment in found.ok("POST", "experiments/search", {"view_type": "ALL"})["experiments"]:
        named = {"experiment_id": experiment["experiment_id"]}
        assert found.get("experiments/get", **named)["experiment"] == experiment
