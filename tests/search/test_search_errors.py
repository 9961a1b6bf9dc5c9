"""Searches that cannot be: each is refused by the field and, in a filter, by the place."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.codes import INVALID

_BOTH = pytest.mark.parametrize("resource", ["registered-models", "model-versions"])


def _message(api: Api, resource: str, **search: Any) -> str:
    answer = api.call("GET", f"{resource}/search", search)
    assert answer.error == INVALID
    message: str = answer.body["message"]
    return message


@_BOTH
@pytest.mark.parametrize(
    ("text", "at", "word"),
    [
        ("colour = 'red'", 1, "colour"),
        ("name = 'a' AND colour = 'red'", 16, "colour"),
        ("params.depth = '5'", 1, "params"),
        ("metrics.auc > 0.9", 1, "metrics"),
        ("attribute.colour = 'red'", 1, "colour"),
        ("name > 'a'", 1, ">"),
        ("name >= 'a'", 1, ">="),
        ("name = 5", 1, "5"),
        ("name LIKE 5", 1, "5"),
        ("name IN ('a', 5)", 1, "5"),
        ("creation_timestamp LIKE '5%'", 1, "LIKE"),
        ("creation_timestamp = '5'", 1, "5"),
        ("creation_timestamp = 1.5", 1, "1.5"),
        ("creation_timestamp > 1e3", 1, "1000.0"),
        ("creation_timestamp > 9223372036854775808", 1, "9223372036854775808"),
        ("creation_timestamp IN (5)", 1, "IN"),
        ("tags.team > 'a'", 1, ">"),
        ("tags.team IN ('a')", 1, "IN"),
        ("tags.team NOT IN ('a')", 1, "NOT IN"),
        ("tags.team = 5", 1, "5"),
    ],
)
def test_a_clause_that_cannot_be_is_pointed_to(oracle_api: Api, resource: str, text: str, at: int, word: str) -> None:
    message = _message(oracle_api, resource, filter=text)
    assert message.startswith(f"Invalid value for parameter 'filter': at character {at}: ")
    assert word in message


@_BOTH
@pytest.mark.parametrize("text", ["name", "name = 'a' OR name = 'b'", "name = 'a", "'", "=", "\\", "🚀", "name = 'a';"])
def test_what_is_no_filter_is_pointed_to(any_api: Api, resource: str, text: str) -> None:
    message = _message(any_api, resource, filter=text)
    assert message.startswith("Invalid value for parameter 'filter': ")
    assert "cannot be read at" in message


@_BOTH
def test_a_filter_has_at_most_20000_characters(oracle_api: Api, resource: str) -> None:
    longest = "name = '" + "x" * 19_991 + "'"
    assert oracle_api.call("GET", f"{resource}/search", {"filter": longest}).status == 200
    assert _message(oracle_api, resource, filter=longest + " ") == (
        "Invalid value for parameter 'filter': it has 20001 characters, at most 20000 are allowed."
    )


@_BOTH
@pytest.mark.parametrize("clause", ["name = 'a'", "tags.a = 'b'", "tags.a != 'b'", "aliases LIKE 'a'"])
def test_a_filter_has_at_most_100_clauses(oracle_api: Api, resource: str, clause: str) -> None:
    assert oracle_api.call("GET", f"{resource}/search", {"filter": " AND ".join([clause] * 100)}).status == 200
    for count in (101, 900):
        assert _message(oracle_api, resource, filter=" AND ".join([clause] * count)) == (
            f"Invalid value for parameter 'filter': it has {count} clauses, at most 100 are allowed."
        )


def test_a_list_of_very_many_values_is_answered(oracle_api: Api) -> None:
    many = ",".join(["'a'"] * 4_900)
    assert oracle_api.ok("GET", "model-versions/search", {"filter": f"name IN ({many})"}) == {"model_versions": []}


@_BOTH
@pytest.mark.parametrize("limit", [0, -1, 2**31, 2**63 - 1])
def test_a_page_out_of_range_is_refused(oracle_api: Api, resource: str, limit: int) -> None:
    assert _message(oracle_api, resource, max_results=limit).startswith("Invalid value for parameter 'max_results': ")


@pytest.mark.parametrize(("resource", "largest"), [("registered-models", 1_000), ("model-versions", 200_000)])
def test_a_page_has_the_limit_that_mlflow_sets(oracle_api: Api, resource: str, largest: int) -> None:
    assert oracle_api.call("GET", f"{resource}/search", {"max_results": largest}).status == 200
    assert f"1 to {largest}" in _message(oracle_api, resource, max_results=largest + 1)


@_BOTH
@pytest.mark.parametrize(
    ("order", "word"),
    [
        ("colour", "colour"),
        ("name UP", "name UP"),
        ("name ASC DESC", "name ASC DESC"),
        ("", "''"),
        ("name,", "at its end"),
        ("name; DROP TABLE platforms", "DROP"),
        ("name, name DESC", "'name' is named twice"),
        ("tags.team", "tags.team"),
        ("(name)", "(name)"),
        ("1", "1"),
    ],
)
def test_an_order_that_cannot_be_is_refused(oracle_api: Api, resource: str, order: str, word: str) -> None:
    message = _message(oracle_api, resource, order_by=[order])
    assert message.startswith("Invalid value for parameter 'order_by': ")
    assert word in message


@_BOTH
@pytest.mark.parametrize("token", ["x", "forged", "=", "%%%", "QUJD" * 20, "ü", "a" * 10_000])
def test_a_forged_token_is_refused(any_api: Api, resource: str, token: str) -> None:
    assert "'page_token'" in _message(any_api, resource, page_token=token)


@_BOTH
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"filter": 5}, "filter"),
        ({"filter": ["name = 'a'"]}, "filter"),
        ({"order_by": "name"}, "order_by"),
        ({"order_by": [5]}, "order_by"),
        ({"max_results": "many"}, "max_results"),
        ({"max_results": 1.5}, "max_results"),
        ({"page_token": 5}, "page_token"),
        ({"filter": "name = '\x00'"}, "filter"),
        ({"order_by": ["\x00"]}, "order_by"),
    ],
)
def test_a_field_of_another_type_is_refused_by_name(
    oracle_api: Api, resource: str, fields: dict[str, Any], field: str
) -> None:
    assert f"'{field}'" in _message(oracle_api, resource, **fields)
