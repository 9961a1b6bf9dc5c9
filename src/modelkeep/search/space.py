"""What of a resource can be searched, and how its clauses become SQL."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, invalid_parameter
from modelkeep.search.syntax import Comparison, Value, parse_filter
from modelkeep.storage.expressions import ilike, like

Condition = Callable[[Any], sa.ColumnElement[bool]]
"""From a column to what must hold of it."""

_INTEGERS = range(-(2**63), 2**63)
# Databases bound the depth of an expression, SQLite at 1,000; each clause adds to it.
_MOST_CLAUSES = 100


class Kind(Enum):
    """What an attribute holds, and so how it can be compared."""

    TEXT = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")
    NUMBER = ("=", "!=", ">", ">=", "<", "<=")
    TAG = ("=", "!=", "LIKE", "ILIKE")


@dataclass(frozen=True, slots=True)
class Attribute:
    """A searchable attribute: where a condition on it is put. `lists` allows IN."""

    kind: Kind
    where: Callable[[Condition, Comparison], sa.ColumnElement[bool]]
    lists: bool = True


@dataclass(frozen=True, slots=True)
class Space:
    """The attributes and tags of one resource."""

    attributes: Mapping[str, Attribute]
    tags: Callable[[str, Condition, Comparison], sa.ColumnElement[bool]]

    def conditions(self, text: str, limit: int) -> tuple[list[sa.ColumnElement[bool]], list[Comparison]]:
        """The SQL conditions of a filter and the clauses that they come from."""
        if len(text) > limit:
            raise invalid_parameter("filter", f"it has {len(text)} characters, at most {limit} are allowed.")
        clauses = parse_filter(text)
        if len(clauses) > _MOST_CLAUSES:
            raise invalid_parameter("filter", f"it has {len(clauses)} clauses, at most {_MOST_CLAUSES} are allowed.")
        return [self._condition(clause) for clause in clauses], clauses

    def _condition(self, clause: Comparison) -> sa.ColumnElement[bool]:
        if clause.entity in ("tag", "tags"):
            _check(clause, Kind.TAG, lists=False)
            return self.tags(clause.key, _compare(clause), clause)
        if clause.entity not in ("", "attribute", "attributes", "attr"):
            raise _refused(clause, f"'{clause.entity}' is no entity; attribute and tags are.")
        attribute = self.attributes.get(clause.key)
        if attribute is None:
            allowed = ", ".join(sorted(self.attributes))
            raise _refused(clause, f"'{clause.key}' cannot be searched; {allowed} and tags.<key> can.")
        _check(clause, attribute.kind, lists=attribute.lists)
        return attribute.where(_compare(clause), clause)


def column(target: Any, kind: Kind = Kind.TEXT, *, lists: bool = True) -> Attribute:
    """An attribute that is a column of the searched table."""
    return Attribute(kind, lambda condition, clause: condition(target), lists)


def _refused(clause: Comparison, problem: str) -> ApiError:
    return invalid_parameter("filter", f"at character {clause.at}: {problem}")


def _check(clause: Comparison, kind: Kind, *, lists: bool) -> None:
    allowed = [word for word in kind.value if lists or not word.endswith("IN")]
    if clause.operator not in allowed:
        raise _refused(
            clause,
            f"'{clause.key}' cannot be compared by {clause.operator}; {', '.join(allowed)} can be used.",
        )
    values = clause.value if isinstance(clause.value, tuple) else (clause.value,)
    for value in values:
        if kind is Kind.NUMBER and (not isinstance(value, int) or value not in _INTEGERS):
            raise _refused(clause, f"'{clause.key}' is compared with a whole number, not with {value!r}.")
        if kind is not Kind.NUMBER and not isinstance(value, str):
            raise _refused(clause, f"'{clause.key}' is compared with a quoted string, not with {value!r}.")


def _literals(values: Iterable[str | int | float]) -> list[sa.BindParameter[Any]]:
    """Parameters that are there when the statement is compiled, not put in for each execution."""
    return [sa.literal(value) for value in values]


_OPERATORS: Mapping[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    "LIKE": lambda column, value: like(column, sa.literal(value)),
    "ILIKE": lambda column, value: ilike(column, sa.literal(value)),
    "IN": lambda column, value: column.in_(_literals(value)),
    "NOT IN": lambda column, value: column.not_in(_literals(value)),
}


def _compare(clause: Comparison) -> Condition:
    build = _OPERATORS[clause.operator]
    value: Value = clause.value
    return lambda target: build(target, value)
