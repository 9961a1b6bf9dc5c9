"""From the text of a filter to its syntax tree. The grammar is `grammar.lark`."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from modelkeep.core.errors import ApiError, invalid_parameter

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

_GRAMMAR = Path(__file__).with_name("grammar.lark")

Value = str | int | float | tuple[str | int | float, ...]


class Comparison(NamedTuple):
    """One clause. `entity` is "" where the filter names none; `at` is the clause's place, counted from 1."""

    entity: str
    key: str
    operator: str
    value: Value
    at: int


def parse_filter(text: str) -> list[Comparison]:
    """The clauses that AND joins. An error names the place and what could stand there."""
    if not text.strip():
        return []
    from lark import UnexpectedInput

    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None
    return [_comparison(node) for node in tree.children if not isinstance(node, str)]


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(_GRAMMAR.read_text(), start="filter", parser="lalr", propagate_positions=True)


def _syntax_error(text: str, error: Any) -> ApiError:
    token = getattr(error, "token", None)
    position = error.pos_in_stream
    if position is None or (token is not None and token.type == "$END"):
        place = "at its end"
    else:
        rest = text[position : position + 20]
        place = f"at character {position + 1}, before {rest!r}"
    return invalid_parameter(
        "filter",
        f"{text!r} cannot be read {place}. "
        "A filter is a list of clauses such as name = 'a', tags.key LIKE '%b%' or run_id IN ('c'), "
        "joined by AND.",
    )


def _comparison(node: "Tree[Token]") -> Comparison:
    identifier, operator, operand = node.children
    entity, key = _identifier(identifier)
    at = node.meta.start_pos + 1
    if hasattr(operator, "data"):
        values = tuple(_literal(item) for item in operand.children)  # type: ignore[union-attr]
        return Comparison(entity, key, "IN" if operator.data == "in_list" else "NOT IN", values, at)
    word = str(operator).upper()
    return Comparison(entity, key, "!=" if word == "<>" else word, _literal(operand), at)


def _identifier(node: Any) -> tuple[str, str]:
    first, *rest = (_unquoted(str(word)) for word in node.children)
    return (first, ".".join(rest)) if rest else ("", first)


def _literal(node: Any) -> str | int | float:
    token = node.children[0]
    text = str(token)
    if token.type != "NUMBER":
        return _unquoted(text)
    return float(text) if any(mark in text for mark in ".eE") else int(text)


def _unquoted(text: str) -> str:
    quote = text[0]
    if quote not in "'\"`":
        return text
    return text[1:-1].replace(quote * 2, quote)
