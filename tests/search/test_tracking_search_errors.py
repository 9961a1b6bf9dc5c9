"""Searches of runs, experiments and logged models that cannot be: refused by the field and, in a filter, the place."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID


def _message(api: Api, what: str, **search: Any) -> str:
    always = {} if what == "experiments" else {"experiment_ids": ["0"]}
    answer = api.call("POST", f"{what}/search", {**always, **search})
    assert answer.error == INVALID
    message: str = answer.body["message"]
    return message


@pytest.mark.parametrize(
    ("what", "text", "at", "words"),
    [
        ("runs", "colour = 'red'", 1, ["colour", "start_time", "metrics.<key>", "datasets.name"]),
        ("runs", "status = 'a' AND traces.x = 'b'", 18, ["traces", "metrics", "datasets"]),
        ("runs", "metrics.auc = 'high'", 1, ["a number", "'high'"]),
        ("runs", "metrics.auc LIKE '1'", 1, ["LIKE", ">="]),
        ("runs", "metrics.auc IS NULL", 1, ["IS NULL"]),
        ("runs", "metrics.auc IN (1, 2)", 1, ["IN"]),
        ("runs", "params.lr > '1'", 1, [">", "IS NOT NULL"]),
        ("runs", "params.lr = 1", 1, ["a quoted string", "1"]),
        ("runs", "tags.team IN ('a')", 1, ["IN", "LIKE"]),
        ("runs", "status IS NULL", 1, ["IS NULL"]),
        ("runs", "status > 'a'", 1, [">"]),
        ("runs", "start_time = '5'", 1, ["a number"]),
        ("runs", "datasets.colour = 'red'", 1, ["colour", "datasets.digest"]),
        ("runs", "run_id IN ('a', 5)", 1, ["5"]),
        ("experiments", "colour = 'red'", 1, ["colour", "last_update_time", "tags.<key>"]),
        ("experiments", "metrics.auc > 1", 1, ["metrics"]),
        ("experiments", "experiment_id = 'x'", 1, ["a quoted number"]),
        ("experiments", "experiment_id LIKE '1'", 1, ["LIKE", "NOT IN"]),
        ("experiments", "name IN ('a')", 1, ["IN"]),
        ("experiments", "creation_time > 1.5", 1, ["a whole number"]),
        ("logged-models", "colour = 'red'", 1, ["colour", "model_type", "params.<key>"]),
        ("logged-models", "datasets.name = 'wine'", 1, ["datasets"]),
        ("logged-models", "metrics.auc = 'high'", 1, ["a number"]),
        ("logged-models", "params.lr IS NULL", 1, ["IS NULL"]),
        ("logged-models", "run.name = 'a'", 1, ["run"]),
    ],
)
def test_a_clause_that_cannot_be_is_pointed_to(
    oracle_api: Api, what: str, text: str, at: int, words: list[str]
) -> None:
    message = _message(oracle_api, what, filter=text)
    assert message.startswith(f"Invalid value for parameter 'filter': at character {at}: ")
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize("what", ["runs", "experiments", "logged-models"])
@pytest.mark.parametrize("text", ["name", "name = 'a' OR name = 'b'", "name = 'a", "tags.a IS", "🚀"])
def test_what_is_no_filter_is_pointed_to(oracle_api: Api, what: str, text: str) -> None:
    assert "cannot be read at" in _message(oracle_api, what, filter=text)


@pytest.mark.parametrize("clause", ["metrics.a > 1", "params.a = 'b'", "tags.a != 'b'", "datasets.name LIKE 'a'"])
def test_a_filter_of_runs_has_at_most_100_clauses(oracle_api: Api, clause: str) -> None:
    most = {"experiment_ids": ["0"], "filter": " AND ".join([clause] * 100), "order_by": ["metrics.a"]}
    assert oracle_api.ok("POST", "runs/search", most) == {"runs": []}
    assert "101 clauses" in _message(oracle_api, "runs", filter=" AND ".join([clause] * 101))


def test_an_order_has_at_most_20_clauses(oracle_api: Api) -> None:
    most = {"experiment_ids": ["0"], "order_by": [f"metrics.m{number}" for number in range(20)]}
    assert oracle_api.ok("POST", "runs/search", most) == {"runs": []}
    assert "at most 20" in _message(oracle_api, "runs", order_by=[*most["order_by"], "start_time"])


@pytest.mark.parametrize(
    ("what", "order", "word"),
    [
        ("runs", "colour", "metrics.<key>"),
        ("runs", "datasets.name", "'datasets.name' cannot be ordered by"),
        ("runs", "metrics.auc UP", "cannot be read at character 13"),
        ("runs", "metrics.auc, metric.auc DESC", "'auc' is named twice"),
        ("runs", "start_time, Created", "'Created' is named twice"),
        ("runs", "", "cannot be read at its end"),
        ("experiments", "tags.team", "'tags.team' cannot be ordered by"),
        ("experiments", "name, name DESC", "'name' is named twice"),
    ],
)
def test_an_order_that_cannot_be_is_refused(oracle_api: Api, what: str, order: str, word: str) -> None:
    message = _message(oracle_api, what, order_by=[order])
    assert message.startswith("Invalid value for parameter 'order_by': ")
    assert word in message


@pytest.mark.parametrize("field", ["colour", "params.lr", "metrics.", "tags.team"])
def test_an_order_of_logged_models_that_cannot_be_is_refused(oracle_api: Api, field: str) -> None:
    message = _message(oracle_api, "logged-models", order_by=[{"field_name": "name"}, {"field_name": field}])
    assert message.startswith("Invalid value for parameter 'order_by[1].field_name': ")


def test_a_dataset_without_a_name_is_refused(oracle_api: Api) -> None:
    asked = {"experiment_ids": ["0"], "datasets": [{"dataset_digest": "d1"}]}
    answer = oracle_api.call("POST", "logged-models/search", asked)
    assert (answer.status, "datasets[0].dataset_name" in answer.body["message"]) == (400, True)


@pytest.mark.parametrize("what", ["runs", "logged-models"])
@pytest.mark.parametrize("experiment", ["x", "-1", "1.5", "1' OR '1'='1", "9" * 30])
def test_what_is_no_experiment_id_is_refused(oracle_api: Api, what: str, experiment: str) -> None:
    assert "'experiment_ids'" in _message(oracle_api, what, experiment_ids=["0", experiment])


@pytest.mark.parametrize("what", ["runs", "experiments", "logged-models"])
@pytest.mark.parametrize("size", [0, -1, 50_001, 2**31])
def test_a_page_out_of_range_is_refused(oracle_api: Api, what: str, size: int) -> None:
    assert "1 to 50000 are allowed" in _message(oracle_api, what, max_results=size)


@pytest.mark.parametrize(("what", "field"), [("runs", "run_view_type"), ("experiments", "view_type")])
def test_a_view_that_is_none_is_refused(oracle_api: Api, what: str, field: str) -> None:
    assert f"'{field}'" in _message(oracle_api, what, **{field: "SOME"})


@pytest.mark.parametrize("what", ["runs", "experiments", "logged-models"])
@pytest.mark.parametrize("token", ["x", "forged", "=", "%%%", "QUJD" * 20])
def test_a_forged_token_is_refused(oracle_api: Api, what: str, token: str) -> None:
    assert "'page_token'" in _message(oracle_api, what, page_token=token)


def test_the_platforms_own_path_has_no_runs(platform_api: Api) -> None:
    assert platform_api.call("POST", "runs/search", {"experiment_ids": ["0"]}).status == 404
