"""From the text of a filter or an order to its syntax tree. The grammar is `grammar.lark`."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from modelkeep.core.errors import ApiError, invalid_parameter

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

_GRAMMAR = Path(__file__).with_name("grammar.lark")

Value = str | int | float | tuple[str | int | float, ...] | None

_ENTITIES = {
    "": "attributes",
    "attribute": "attributes",
    "attr": "attributes",
    "tag": "tags",
    "param": "params",
    "parameter": "params",
    "parameters": "params",
    "metric": "metrics",
    "dataset": "datasets",
}
_MOST_DIGITS = 40
_WORDS = {
    "in_list": "IN",
    "not_in_list": "NOT IN",
    "is_null": "IS NULL",
    "is_not_null": "IS NOT NULL",
}


class Comparison(NamedTuple):
    """One clause. `entity` is "" where the filter names none; `at` is the clause's place, counted from 1."""

    entity: str
    key: str
    operator: str
    value: Value
    at: int


class Ordering(NamedTuple):
    """One clause of an order."""

    entity: str
    key: str
    descending: bool


def entity_named(name: str) -> str:
    """The entity that goes by this name or by a shorter or longer form of it."""
    return _ENTITIES.get(name, name)


def parse_filter(text: str) -> list[Comparison]:
    """The clauses that AND joins. An error names the place and what could stand there."""
    if not text.strip():
        return []
    tree = _parse(
        text,
        "filter",
        "A filter is a list of clauses such as name = 'a', tags.key LIKE '%b%' or run_id IN ('c'), joined by AND.",
    )
    return [_comparison(node) for node in tree.children if not isinstance(node, str)]


def parse_ordering(text: str, field: str, allowed: str) -> list[Ordering]:
    """The clauses that commas join. `allowed` tells in an error what can be ordered by."""
    tree = _parse(text, "order", f"{allowed} can be ordered by, each with ASC or DESC behind it.", field)
    return [_ordering(node) for node in tree.children if not isinstance(node, str)]


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(_GRAMMAR.read_text(), start=["filter", "order"], parser="lalr", propagate_positions=True)


def _parse(text: str, start: str, advice: str, field: str = "filter") -> "Tree[Token]":
    from lark import UnexpectedInput

    try:
        return _parser().parse(text, start=start)
    except UnexpectedInput as error:
        raise _syntax_error(text, error, advice, field) from None


def _syntax_error(text: str, error: Any, advice: str, field: str) -> ApiError:
    token = getattr(error, "token", None)
    position = error.pos_in_stream
    if position is None or (token is not None and token.type == "$END"):
        place = "at its end"
    else:
        rest = text[position : position + 20]
        place = f"at character {position + 1}, before {rest!r}"
    return invalid_parameter(field, f"{text!r} cannot be read {place}. {advice}")


def _comparison(node: "Tree[Token]") -> Comparison:
    identifier, operator, *operands = node.children
    entity, key = _identifier(identifier)
    at = node.meta.start_pos + 1
    if not hasattr(operator, "data"):
        word = str(operator).upper()
        return Comparison(entity, key, "!=" if word == "<>" else word, _literal(operands[0]), at)
    values = tuple(_literal(item) for item in operands[0].children) if operands else None  # type: ignore[union-attr]
    return Comparison(entity, key, _WORDS[operator.data], values, at)


def _ordering(node: "Tree[Token]") -> Ordering:
    identifier, *direction = node.children
    return Ordering(*_identifier(identifier), bool(direction) and str(direction[0]).upper() == "DESC")


def _identifier(node: Any) -> tuple[str, str]:
    first, *rest = (_unquoted(str(word)) for word in node.children)
    return (first, ".".join(rest)) if rest else ("", first)


def _literal(node: Any) -> str | int | float:
    token = node.children[0]
    text = str(token)
    if token.type != "NUMBER":
        return _unquoted(text)
    # Python reads no integer of thousands of digits.
    return float(text) if any(mark in text for mark in ".eE") or len(text) > _MOST_DIGITS else int(text)


def _unquoted(text: str) -> str:
    quote = text[0]
    if quote not in "'\"`":
        return text
    return text[1:-1].replace(quote * 2, quote)
