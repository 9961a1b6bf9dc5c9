"""What of a resource can be searched, and how its clauses become SQL.

Values stay out of the SQL: filters that differ in their values alone are one statement, made once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from modelkeep.core.errors import ApiError, invalid_parameter
from modelkeep.search.syntax import Comparison, entity_named, parse_filter
from modelkeep.storage.expressions import ilike, json_array, like, one_of

Condition = Callable[[Any], sa.ColumnElement[bool]]
"""From a column to what must hold of it."""

_INTEGERS = range(-(2**63), 2**63)
# Databases bound the depth of an expression, SQLite at 1,000; each clause adds to it.
_MOST_CLAUSES = 100

_EQUAL = ("=", "!=")
_ALIKE = (*_EQUAL, "LIKE", "ILIKE")
_COMPARED = (*_EQUAL, ">", ">=", "<", "<=")
_LISTED = ("IN", "NOT IN")
_IS_THERE = ("IS NULL", "IS NOT NULL")


class Kind(Enum):
    """What an attribute holds: what it is compared with, and how."""

    TEXT = ("a quoted string", _ALIKE)
    LISTED = ("a quoted string", (*_ALIKE, *_LISTED))
    OPTIONAL = ("a quoted string", (*_ALIKE, *_IS_THERE))
    NUMBER = ("a whole number", _COMPARED)
    REAL = ("a number", _COMPARED)
    ID = ("a quoted number", (*_EQUAL, *_LISTED))


class Clause(NamedTuple):
    """A comparison without its value. `parameter` stands for that; it is "" where there is none or it is ''.

    The empty string stays in the SQL, since an index may leave out the rows that have it.
    """

    entity: str
    key: str
    operator: str
    parameter: str


class Filter(NamedTuple):
    """A filter that was read: its clauses, and the value of each parameter."""

    clauses: tuple[Clause, ...]
    values: Mapping[str, Any]


Where = Callable[[Condition, Clause], sa.ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What can be compared, and where a condition on it is put.

    `owners` selects the ids of the rows that may meet a condition, by an index; it is absent or None where none helps.
    """

    kind: Kind
    where: Where
    owners: Callable[[Condition, Clause], "sa.Select[Any] | None"] | None = None


Entity = Attribute | Mapping[str, Attribute]
"""The attributes of an entity by their keys, or one attribute that stands for every key."""


@dataclass(frozen=True, eq=False, slots=True)
class Space:
    """The entities of one resource. `own_name` is one more name of its attributes."""

    entities: Mapping[str, Entity]
    own_name: str = "attributes"

    def read(self, text: str, limit: int) -> Filter:
        """The clauses of a filter, each checked against what it compares."""
        if len(text) > limit:
            raise invalid_parameter("filter", f"it has {len(text)} characters, at most {limit} are allowed.")
        return _read(self, text)

    def attribute(self, entity: str, key: str) -> Attribute | None:
        """What this key names, None where it names nothing."""
        known = self.entities.get(entity, {})
        return known if isinstance(known, Attribute) else known.get(key)

    def entity(self, name: str) -> str:
        return "attributes" if name == self.own_name else entity_named(name)

    def conditions(self, clauses: Sequence[Clause]) -> list[sa.ColumnElement[bool]]:
        """What must hold of a row, clause by clause."""
        return [self._known(clause).where(self.compared(clause), clause) for clause in clauses]

    def owners(self, clause: Clause) -> "sa.Select[Any] | None":
        """The ids of the rows that may meet a clause, where an index finds them."""
        find = self._known(clause).owners
        return find(self.compared(clause), clause) if find else None

    def compared(self, clause: Clause) -> Condition:
        """What a clause asks of the value that it is about."""
        if clause.operator in _IS_THERE:
            return lambda target: sa.true()
        kind = self._known(clause).kind
        if clause.operator in _LISTED:
            listed = one_of(clause.parameter, numbers=kind is Kind.ID)
            return lambda target: target.in_(listed) if clause.operator == "IN" else target.not_in(listed)
        build = _OPERATORS[clause.operator]
        type_ = _TYPES.get(kind, sa.Text())
        value: Any = sa.bindparam(clause.parameter, type_=type_) if clause.parameter else sa.literal("")
        return lambda target: build(target, value)

    def described(self) -> str:
        """All that can be compared, for an error."""
        words: list[str] = []
        for name, entity in self.entities.items():
            if isinstance(entity, Attribute):
                words.append(f"{name}.<key>")
            else:
                words += (key if name == "attributes" else f"{name}.{key}" for key in sorted(entity))
        return f"{', '.join(words[:-1])} and {words[-1]}"

    def _known(self, clause: Clause) -> Attribute:
        attribute = self.attribute(clause.entity, clause.key)
        if attribute is None:
            raise LookupError(f"{clause} was not read by this space")
        return attribute


_TYPES: Mapping[Kind, "sa.types.TypeEngine[Any]"] = {
    Kind.NUMBER: sa.BigInteger(),
    Kind.REAL: sa.Double(),
    Kind.ID: sa.BigInteger(),
}
_OPERATORS: Mapping[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    "LIKE": like,
    "ILIKE": ilike,
}


def column(target: Any, kind: Kind = Kind.TEXT) -> Attribute:
    """An attribute that is a column of the searched table."""
    return Attribute(kind, lambda condition, clause: condition(target))


@lru_cache(1024)
def _read(space: Space, text: str) -> Filter:
    comparisons = parse_filter(text)
    if len(comparisons) > _MOST_CLAUSES:
        raise invalid_parameter("filter", f"it has {len(comparisons)} clauses, at most {_MOST_CLAUSES} are allowed.")
    clauses: list[Clause] = []
    values: dict[str, Any] = {}
    for place, comparison in enumerate(comparisons):
        entity = space.entity(comparison.entity)
        value = _checked(space, entity, comparison)
        # No column is called "given": SQLAlchemy names its own parameters by columns.
        parameter = "" if value in (None, "") else f"given_{place}"
        if parameter:
            values[parameter] = value
        clauses.append(Clause(entity, comparison.key, comparison.operator, parameter))
    return Filter(tuple(clauses), values)


def _checked(space: Space, entity: str, comparison: Comparison) -> Any:
    """The value of a comparison as a parameter takes it."""
    if entity not in space.entities:
        allowed = ", ".join(space.entities)
        raise _refused(comparison, f"'{comparison.entity}' is no entity; {allowed} can be searched.")
    attribute = space.attribute(entity, comparison.key)
    if attribute is None:
        raise _refused(comparison, f"'{comparison.key}' cannot be searched; {space.described()} can.")
    word, operators = attribute.kind.value
    if comparison.operator not in operators:
        raise _refused(
            comparison,
            f"'{comparison.key}' cannot be compared by {comparison.operator}; {', '.join(operators)} can be used.",
        )
    given = comparison.value
    if given is None:
        return None
    values = given if isinstance(given, tuple) else (given,)
    taken = [_taken(attribute.kind, value) for value in values]
    for value, usable in zip(values, taken, strict=True):
        if usable is None:
            raise _refused(comparison, f"'{comparison.key}' is compared with {word}, not with {value!r}.")
    return json_array(taken) if isinstance(given, tuple) else taken[0]


def _taken(kind: Kind, value: str | int | float) -> Any:
    """A literal as this kind takes it, None where it does not."""
    if kind is Kind.REAL:
        return None if isinstance(value, str) else _as_float(value)
    if kind is Kind.NUMBER:
        return value if isinstance(value, int) and value in _INTEGERS else None
    if kind is Kind.ID:
        return (
            int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19 else None
        )
    return value if isinstance(value, str) else None


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _refused(comparison: Comparison, problem: str) -> ApiError:
    return invalid_parameter("filter", f"at character {comparison.at}: {problem}")
