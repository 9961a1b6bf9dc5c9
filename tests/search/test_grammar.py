"""The filter language by itself: from text to clauses, and errors that point to the place."""

import pytest

from modelkeep.core.errors import ApiError, ErrorKind
from modelkeep.search.syntax import Comparison, Value, parse_filter, parse_ordering


def _clause(text: str) -> Comparison:
    (clause,) = parse_filter(text)
    return clause


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_nothing_filters_nothing(text: str) -> None:
    assert parse_filter(text) == []


@pytest.mark.parametrize(
    ("identifier", "entity", "key"),
    [
        ("name", "", "name"),
        ("attribute.name", "attribute", "name"),
        ("tags.team", "tags", "team"),
        ("tag.team", "tag", "team"),
        ("tags.a-b_c", "tags", "a-b_c"),
        ("tags.mlflow.source.name", "tags", "mlflow.source.name"),
        ("tags.`data set`", "tags", "data set"),
        ("tags.`a.b/c:d`", "tags", "a.b/c:d"),
        ('tags."data set"', "tags", "data set"),
        ('tags."a""b"', "tags", 'a"b'),
        ("tags.1", "tags", "1"),
        ("tags.AND", "tags", "AND"),
        ("tags.in", "tags", "in"),
        ("tags.ключ", "tags", "ключ"),
        ("`name`", "", "name"),
        ('"name"', "", "name"),
        ("`tags`.team", "tags", "team"),
        ('"tags"."team"', "tags", "team"),
        ("ANDroid", "", "ANDroid"),
        ("index", "", "index"),
    ],
)
def test_an_identifier_is_a_key_or_an_entity_and_a_key(identifier: str, entity: str, key: str) -> None:
    clause = _clause(f"{identifier} = 'x'")
    assert (clause.entity, clause.key) == (entity, key)


@pytest.mark.parametrize(
    ("written", "operator"),
    [
        ("=", "="),
        ("!=", "!="),
        ("<>", "!="),
        (">", ">"),
        (">=", ">="),
        ("<", "<"),
        ("<=", "<="),
        ("LIKE", "LIKE"),
        ("like", "LIKE"),
        ("ILIKE", "ILIKE"),
        ("iLike", "ILIKE"),
    ],
)
def test_operators_are_read_in_any_case(written: str, operator: str) -> None:
    assert _clause(f"name {written} 'x'").operator == operator


@pytest.mark.parametrize("text", ["name='x'", "name= 'x'", " name ='x' ", "name\n=\t'x'"])
def test_space_is_free(text: str) -> None:
    assert _clause(text)[:4] == ("", "name", "=", "x")


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'x'", "x"),
        ("''", ""),
        ("'it''s'", "it's"),
        ("'say \"hi\"'", 'say "hi"'),
        ('"x"', "x"),
        ('"it\'s"', "it's"),
        ('"say ""hi"""', 'say "hi"'),
        ("'a AND b'", "a AND b"),
        ("' x '", " x "),
        ("'%_\\'", "%_\\"),
        ("'模型🚀'", "模型🚀"),
        ("'a\nb'", "a\nb"),
        ("5", 5),
        ("-5", -5),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'5'", "5"),
        ("9" * 5_000, float("inf")),
    ],
)
def test_a_literal_is_quoted_text_or_a_number(literal: str, value: Value) -> None:
    assert _clause(f"name = {literal}").value == value


@pytest.mark.parametrize(
    ("text", "operator", "value"),
    [
        ("run_id IN ('a')", "IN", ("a",)),
        ("run_id IN ('a', \"b\",'c')", "IN", ("a", "b", "c")),
        ("run_id in ('a',)", "IN", ("a",)),
        ("run_id NOT IN ('a', 'b')", "NOT IN", ("a", "b")),
        ("run_id not  in ('a')", "NOT IN", ("a",)),
        ("version_number IN (1, 2)", "IN", (1, 2)),
    ],
)
def test_membership_is_a_list_of_literals(text: str, operator: str, value: Value) -> None:
    clause = _clause(text)
    assert (clause.operator, clause.value) == (operator, value)


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ("tags.a IS NULL", "IS NULL"),
        ("tags.a is  null", "IS NULL"),
        ("tags.a IS NOT NULL", "IS NOT NULL"),
        ("tags.a is\nnot null", "IS NOT NULL"),
    ],
)
def test_what_is_absent_or_present_is_asked_for_without_a_value(text: str, operator: str) -> None:
    assert _clause(text) == Comparison("tags", "a", operator, None, 1)


@pytest.mark.parametrize(
    ("text", "orderings"),
    [
        ("name", [("", "name", False)]),
        ("name ASC", [("", "name", False)]),
        ("name desc", [("", "name", True)]),
        ("metrics.auc DESC", [("metrics", "auc", True)]),
        ("metrics.`val, auc` DESC, name", [("metrics", "val, auc", True), ("", "name", False)]),
        ('`params`."a b"', [("params", "a b", False)]),
        ("desc desc", [("", "desc", True)]),
    ],
)
def test_an_order_is_a_list_of_identifiers_each_with_its_direction(
    text: str, orderings: list[tuple[str, str, bool]]
) -> None:
    assert parse_ordering(text, "order_by", "name") == orderings


def test_clauses_are_joined_by_and_in_any_case_and_know_their_places() -> None:
    clauses = parse_filter("name = 'a' AND tags.b LIKE 'c%' and version_number >= 3")
    assert clauses == [
        Comparison("", "name", "=", "a", 1),
        Comparison("tags", "b", "LIKE", "c%", 16),
        Comparison("", "version_number", ">=", 3, 37),
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name", "at its end"),
        ("name =", "at its end"),
        ("name = 'a' AND", "at its end"),
        ("name IN (", "at its end"),
        ("= 'a'", "at character 1"),
        ("name 'a'", "at character 6"),
        ("name == 'a'", "at character 7"),
        ("name = a", "at character 8"),
        ("name = 'a", "at character 8"),
        ("name = 'it's'", "at character 12"),
        ("name = 'a' OR name = 'b'", "at character 12"),
        ("name = 'a', name = 'b'", "at character 11"),
        ("name = 'a' name = 'b'", "at character 12"),
        ("(name = 'a')", "at character 1"),
        ("name = 'a';", "at character 11"),
        ("name = 'a' -- all", "at character 12"),
        ("name IN ()", "at character 10"),
        ("name IN 'a'", "at character 9"),
        ("name NOT LIKE 'a'", "at character 10"),
        ("NOT name = 'a'", "at character 1"),
        ("AND name = 'a'", "at character 1"),
        ("tags. = 'a'", "at character 7"),
        ("tags.`` = 'a'", "at character 6"),
        ("name IS", "at its end"),
        ("name IS 'a'", "at character 9"),
        ("name IS NOT 'a'", "at character 13"),
        ("name NULL", "at character 6"),
        ("5 = 5", "at character 1"),
    ],
)
def test_what_cannot_be_read_is_pointed_to(text: str, place: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_filter(text)
    assert caught.value.kind is ErrorKind.INVALID_PARAMETER
    assert caught.value.message.startswith(f"Invalid value for parameter 'filter': {text!r} cannot be read {place}")
